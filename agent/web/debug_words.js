/** How figures, times and states are written in the debugger, and the signs that stand beside them. */
import { drawn, element } from "./dom.js";

const SIGNS = {
  replay: "M8 5l11 7-11 7z",
  fork: "M7 4v16M7 11a4 4 0 0 0 4 4h7M15 12l3 3-3 3",
  compare: "M4 6h7v12H4zM13 6h7v12h-7z",
  test: "M9 3h6M10 3v6l-5 9a2 2 0 0 0 1.8 3h10.4a2 2 0 0 0 1.8-3l-5-9V3M8 15h8",
  export: "M12 4v11M7 10l5 5 5-5M5 20h14",
  import: "M12 15V4M7 9l5-5 5 5M5 20h14",
  shield: "M12 3l7 3v6c0 4.5-3 7.5-7 9-4-1.5-7-4.5-7-9V6z",
  bin: "M4 7h16M9 7V4h6v3M6.5 7l1 13h9l1-13",
  error: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM9 9l6 6M15 9l-6 6",
  warning: "M12 4l9 16H3zM12 10v4M12 17v.4",
  note: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 11v6M12 7.5v.4",
  good: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM8 12.5l3 3 5-6",
  back: "M15 6l-6 6 6 6",
  more: "M9 6l6 6-6 6",
  up: "M12 19V6M6 12l6-6 6 6",
  keys: "M3 6h18v12H3zM7 10h.4M11 10h.4M15 10h.4M8 14h8",
  chat: "M4 5h16v11H10l-4.5 4v-4H4z",
  refresh: "M5 5v5h5M5.5 10a7.5 7.5 0 1 1-1 5",
  zoom: "M10.5 17a6.5 6.5 0 1 0 0-13 6.5 6.5 0 0 0 0 13zM15.5 15.5L20 20M8 10.5h5M10.5 8v5",
};

const STATUS = {
  answered: ["Answered", "good"],
  partial: ["Answered in part", "warning"],
  clarify: ["Asks back", "note"],
  unanswerable: ["No answer", "warning"],
  declined: ["Declined", "quiet"],
  failed: ["Failed", "error"],
  cancelled: ["Cancelled", "quiet"],
};
export const STATUSES = Object.entries(STATUS).map(([value, [name]]) => [value, name]);

const SEVERITY = { error: 0, warning: 1, note: 2 };

/** Draws a sign; the text beside it, or the button around it, says what it means. */
export function sign(name) {
  return drawn("svg", { class: `icon sign-${name}`, viewBox: "0 0 24 24", "aria-hidden": "true" }, drawn("path", { d: SIGNS[name] }));
}

/** Builds a button with a sign and a word. */
export function action(name, words, click, attributes = {}) {
  const made = element("button", { type: "button", class: "tool", ...attributes }, name && sign(name), element("span", {}, words));
  made.addEventListener("click", click);
  return made;
}

/** Builds a small label; its tone is good, warning, error, note or quiet. */
export function tag(words, tone = "quiet", title = null) {
  return element("span", { class: `tag ${tone}`, title }, words);
}

/** Builds the label of an answer's status. */
export function statusTag(status) {
  const [words, tone] = STATUS[status] ?? [status, "quiet"];
  return tag(words, tone);
}

/** Builds the label of how much of an answer holds; null without an answer. */
export function faithfulTag(faithfulness, words = " holds") {
  if (faithfulness === null) return null;
  const tone = faithfulness >= 1 ? "good" : faithfulness >= 0.8 ? "warning" : "error";
  return tag(percent(faithfulness) + words, tone, "Faithfulness: the share of the draft's claims that hold");
}

/** Lists how a call ended, where that is not as usual. */
export function* outcomes(call) {
  if (call.failure) yield tag(call.failure.type, "error");
  if (call.interrupted) yield tag("Given up", "warning", "Interrupted before its end");
  if (call.source === "recorded") yield tag("Recorded", "quiet", "Taken from the parent's recording");
}

/** Puts what stands out most first. */
export function bySeverity(findings) {
  return findings.toSorted((one, other) => SEVERITY[one.severity] - SEVERITY[other.severity]);
}

export function spell(milliseconds) {
  if (milliseconds < 9.95) return `${milliseconds.toFixed(1)} ms`;
  if (milliseconds < 999.5) return `${Math.round(milliseconds)} ms`;
  if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(milliseconds < 9995 ? 2 : 1)} s`;
  return `${Math.floor(milliseconds / 60_000)} min ${Math.round((milliseconds % 60_000) / 1000)} s`;
}

export function count(number, one, many = `${one}s`) {
  return `${number.toLocaleString()} ${number === 1 ? one : many}`;
}

export function percent(share) {
  const figure = share * 100;
  return `${figure === Math.round(figure) ? figure : figure.toFixed(figure > 99 ? 2 : 0)} %`;
}

export function money(dollars) {
  return dollars === 0 ? "$0" : `$${dollars < 0.995 ? Number(dollars.toPrecision(2)) : dollars.toFixed(2)}`;
}

/** Writes what a call cost of tokens and money; null when it used none. */
export function spent({ input_tokens: asked, output_tokens: said, cost_usd: cost }) {
  return asked + said === 0 ? null : `${asked.toLocaleString()} → ${said.toLocaleString()} tokens · ${money(cost)}`;
}

/** Writes a score with as many digits as tell it from its neighbours; a dash where there is none. */
export function score(value) {
  if (typeof value !== "number") return "–";
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(3);
}

export function bytes(number) {
  if (number < 1000) return `${number} B`;
  return number < 1_000_000 ? `${(number / 1000).toFixed(1)} kB` : `${(number / 1_000_000).toFixed(1)} MB`;
}

/** Builds the time of something, short; the whole of it shows on hovering. */
export function moment(text) {
  const date = new Date(text);
  const today = date.toDateString() === new Date().toDateString();
  const short = today ? { timeStyle: "medium", hour12: false } : { month: "short", day: "numeric", hour: "2-digit", minute: "2-digit", hour12: false };
  return element("time", { datetime: text, title: date.toLocaleString() }, date.toLocaleString(undefined, short));
}

/** Writes a value of JSON on one line. */
export function brief(value, longest = 120) {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? "";
  return text.length > longest ? `${text.slice(0, longest - 1)}…` : text;
}

/** Builds a list of names with what they are. */
export function facts(pairs) {
  const shown = pairs.filter(([, value]) => value !== null && value !== undefined && value !== "");
  return element("dl", { class: "facts" }, ...shown.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value))));
}

/** Builds what unfolds; its inside is made when it is opened for the first time. */
export function folding(heading, build, { open = false, ...attributes } = {}) {
  const made = element("details", attributes, element("summary", {}, ...[heading].flat().filter((part) => part !== null)));
  const fill = () => made.childElementCount === 1 && made.append(...[build()].flat());
  made.addEventListener("toggle", () => made.open && fill());
  if (open) {
    fill();
    made.open = true;
  }
  return made;
}

/** Tells whether a click is to be followed here, and not in another tab; then the browser does not follow it. */
export function here(event) {
  if (event.ctrlKey || event.metaKey || event.shiftKey) return false;
  event.preventDefault();
  return true;
}

/** Builds a table that scrolls by itself. Cells are text or nodes; `figures` are the columns of numbers. */
export function table(label, columns, rows, figures = new Set()) {
  const kind = (place) => (figures.has(place) ? "figure" : null);
  const head = element("tr", {}, ...columns.map((name, place) => element("th", { scope: "col", class: kind(place) }, name)));
  const body = rows.map((row) => element("tr", {}, ...row.map((cell, place) => element("td", { class: kind(place) }, cell))));
  const made = element("table", {}, element("thead", {}, head), element("tbody", {}, ...body));
  return element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": label }, made);
}
