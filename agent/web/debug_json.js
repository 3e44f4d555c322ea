/** A value of JSON as a tree whose branches are built when they are opened, and text as differing lines. */
import { element } from "./dom.js";

const AT_ONCE = 100;
const LONG = 600;
const AROUND = 2;
const MOST_LINES = 400;

/** Builds a tree; the outermost levels are open. */
export function tree(value, open = 1) {
  return element("div", { class: "json" }, node(value, open));
}

function node(value, open) {
  if (Array.isArray(value)) return branch(value.map((one, place) => [place, one]), "[", "]", open);
  if (value !== null && typeof value === "object") return branch(Object.entries(value), "{", "}", open);
  return leaf(value);
}

function leaf(value) {
  if (typeof value !== "string") return element("span", { class: `json-${value === null ? "null" : typeof value}` }, String(value));
  if (value.length <= LONG) return element("span", { class: "json-string" }, JSON.stringify(value));
  const shown = element("span", { class: "json-string" }, `${JSON.stringify(value.slice(0, LONG)).slice(0, -1)}…`);
  const all = element("button", { type: "button", class: "text-button" }, `all ${value.length.toLocaleString()} characters`);
  all.addEventListener("click", () => {
    shown.textContent = JSON.stringify(value);
    all.remove();
  });
  return element("span", {}, shown, " ", all);
}

function branch(entries, opening, closing, open) {
  if (entries.length === 0) return element("span", { class: "json-null" }, opening + closing);
  const inner = element("ul", {});
  const made = element("details", {}, element("summary", {}, preview(entries, opening, closing)), inner);
  const build = () => {
    if (!inner.hasChildNodes()) more(inner, entries, 0, open - 1);
  };
  made.addEventListener("toggle", () => made.open && build());
  if (open > 0) {
    build();
    made.open = true;
  }
  return made;
}

function more(inner, entries, from, open) {
  const to = from + AT_ONCE;
  inner.append(
    ...entries.slice(from, to).map(([name, value]) => element("li", {}, element("span", { class: "json-name" }, `${name}: `), node(value, open))),
  );
  if (entries.length <= to) return;
  const button = element("button", { type: "button", class: "text-button" }, `${(entries.length - to).toLocaleString()} more`);
  const item = element("li", {}, button);
  button.addEventListener("click", () => {
    item.remove();
    more(inner, entries, to, open);
    inner.children[to].querySelector("summary")?.focus();
  });
  inner.append(item);
}

/** Tells on one line what is inside. */
function preview(entries, opening, closing) {
  if (opening === "[") return `[${entries.length.toLocaleString()}]`;
  const names = entries.map(([name]) => name).join(", ");
  return opening + (names.length > 60 ? `${names.slice(0, 59)}…` : names) + closing;
}

/** Builds values side by side, each under its name. */
export function sides(named) {
  const parts = named.map(([name, value]) => element("div", {}, element("p", { class: "side-name" }, name), tree(value)));
  return element("div", { class: "sides" }, ...parts);
}

/** Builds differing lines; runs of equal ones fold together. */
export function differing(lines) {
  const made = element("div", { class: "lines", role: "group", "aria-label": "Changed lines", tabindex: "0" });
  made.append(...pieces(lines.slice(0, MOST_LINES)));
  if (lines.length > MOST_LINES) {
    const rest = element("button", { type: "button", class: "fold-lines" }, `${(lines.length - MOST_LINES).toLocaleString()} more lines`);
    rest.addEventListener("click", () => rest.replaceWith(...pieces(lines.slice(MOST_LINES))));
    made.append(rest);
  }
  return made;
}

function pieces(lines) {
  const found = [];
  for (let at = 0; at < lines.length; ) {
    let end = at;
    while (end < lines.length && lines[end].kind === "same") end += 1;
    const [first, last] = [at === 0 ? at : at + AROUND, end === lines.length ? end : end - AROUND];
    if (last - first > 1) {
      found.push(...lines.slice(at, first).map(line), folded(lines.slice(first, last)), ...lines.slice(last, end).map(line));
    } else found.push(...lines.slice(at, end).map(line));
    at = end;
    for (; at < lines.length && lines[at].kind !== "same"; at += 1) found.push(line(lines[at]));
  }
  return found;
}

function folded(lines) {
  const button = element("button", { type: "button", class: "fold-lines" }, `${lines.length.toLocaleString()} equal lines`);
  button.addEventListener("click", () => button.replaceWith(...lines.map(line)));
  return button;
}

const TAGS = { added: "ins", removed: "del", same: "span" };

function line({ kind, text }) {
  return element(TAGS[kind] ?? "span", { class: "line" }, text === "" ? " " : text);
}
