/** Two runs side by side: what each step did, and how evidence, answer, time and cost differ. */
import { marks } from "./debug_list.js";
import { differing } from "./debug_json.js";
import { changed } from "./debug_state.js";
import { count, faithfulTag, folding, money, sign, spell, statusTag, tag } from "./debug_words.js";
import { element } from "./dom.js";

const FIGURES = [
  ["Duration", "duration_ms", spell],
  ["Steps", "steps", whole],
  ["Calls", "calls", whole],
  ["Model calls", "model_calls", whole],
  ["Input tokens", "input_tokens", whole],
  ["Output tokens", "output_tokens", whole],
  ["Cost", "cost_usd", money],
];

export class Diff {
  constructor(app, { run, other }) {
    this.app = app;
    this.run = run;
    this.other = other;
    this.title = "Comparison";
    this.element = element("article", { class: "diff", "aria-label": "Comparison" });
  }

  accepts(place) {
    return place.kind === "diff" && place.run === this.run && place.other === this.other;
  }

  show() {}

  key(key) {
    if (key === "u") this.app.go(`#/${this.run}`);
    return key === "u";
  }

  async load() {
    const compared = await this.app.api.json("GET", `/api/traces/${this.run}/diff/${this.other}`);
    this.loaded = true;
    const swap = element("a", { href: `#/${this.other}/diff/${this.run}`, class: "tool" }, sign("compare"), "Swap");
    this.element.replaceChildren(
      element("p", { class: "crumb" }, element("a", { href: "#" }, sign("back"), "All runs"), swap),
      element("h2", {}, verdict(compared)),
      element("div", { class: "sides runs-compared" }, side("A", compared.a), side("B", compared.b)),
      element("div", { class: "diff-top" }, usage(compared), element("div", {}, answers(compared), evidence(compared.evidence))),
      steps(compared, this),
    );
  }
}

function whole(number) {
  return number.toLocaleString();
}

function verdict({ steps: pairs, first_difference: first }) {
  if (first === null) return `Equal at all ${count(pairs.length, "step")}`;
  const pair = pairs[first];
  return `First difference at ${pair.a === null ? "B" : "A"}’s step ${pair.a ?? pair.b}, ${pair.node}`;
}

function side(name, summary) {
  const labels = [statusTag(summary.status), summary.route && tag(summary.route, "note"), faithfulTag(summary.faithfulness), ...marks(summary)];
  return element(
    "section",
    { class: "panel" },
    element("h3", {}, element("span", { class: "letter" }, name), " ", element("a", { href: `#/${summary.run_id}` }, summary.question || "Without a question")),
    element("div", { class: "tags" }, ...labels.filter(Boolean)),
    element("code", {}, summary.run_id),
  );
}

function usage({ a, b }) {
  const rows = FIGURES.map(([name, key, write]) => {
    const by = b[key] - a[key];
    const share = a[key] === 0 ? "" : ` (${by > 0 ? "+" : "−"}${Math.abs((by / a[key]) * 100).toFixed(0)} %)`;
    const words = by === 0 ? "same" : `${by > 0 ? "+" : "−"}${write(Math.abs(by))}${share}`;
    const cells = [write(a[key]), write(b[key])].map((text) => element("td", { class: "figure" }, text));
    return element("tr", {}, element("th", { scope: "row" }, name), ...cells, element("td", { class: `figure ${by > 0 ? "worse" : by < 0 ? "better" : "quiet"}` }, words));
  });
  const head = ["", "A", "B", "B against A"].map((name, place) => (place === 0 ? element("td", {}) : element("th", { scope: "col", class: "figure" }, name)));
  const made = element("table", { class: "usage" }, element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...rows));
  return element("section", { class: "panel" }, element("h3", {}, "Time and cost"), element("div", { class: "scroll" }, made));
}

function answers({ answer }) {
  const same = answer.lines.every((line) => line.kind === "same");
  const words = same ? element("p", { class: "quiet" }, answer.a === null ? "There is none." : "The same.") : null;
  return element("section", { class: "panel" }, element("h3", {}, "Answer"), words, answer.lines.length > 0 ? differing(answer.lines) : null);
}

/** Lists what came to the evidence, left it, and moved in it. */
function evidence({ added, removed, moved, rows }) {
  const list = (words, tone, items) =>
    items.length === 0 ? null : element("div", {}, element("h4", {}, `${words} `, tag(String(items.length), tone)), element("ul", {}, ...items.map((item) => element("li", {}, item))));
  const places = moved.map(({ passage, a, b }) => element("span", {}, passage, element("small", { class: b < a ? "rose" : "fell" }, ` ${a} → ${b}`)));
  const parts = [list("Only in B", "good", added), list("Only in A", "error", removed), list("Moved", "note", places)].filter(Boolean);
  const tables = rows.map(({ part, lines }) => element("div", {}, element("h4", {}, `Rows of part ${part + 1}`), differing(lines)));
  const none = parts.length + tables.length === 0 ? element("p", { class: "quiet" }, "The same, in the same order.") : null;
  const lists = parts.length === 0 ? null : element("div", { class: "sides" }, ...parts);
  return element("section", { class: "panel" }, element("h3", {}, "Evidence"), none, lists, ...tables);
}

function steps({ steps: pairs, first_difference: first, a, b }) {
  const items = pairs.map((pair, place) => {
    const numbers = element("span", { class: "pair-steps" }, numbered("A", a, pair.a), "·", numbered("B", b, pair.b));
    return element("li", { class: "pair" }, numbers, compared(pair, place === first));
  });
  return element("section", { class: "panel" }, element("h3", {}, "Steps"), element("ol", { class: "pairs" }, ...items));
}

/** Shows a step of both runs; what it changed differently is built when it is opened. */
function compared(pair, first) {
  const times = [pair.a_ms, pair.b_ms].map((time) => (time === null ? "–" : spell(time))).join(" · ");
  const head = [element("b", {}, pair.node), verdictOf(pair), first ? tag("First difference", "warning") : null, element("span", { class: "pair-times" }, times)];
  if (pair.changes.length === 0) return element("div", { class: "pair-head" }, ...head);
  return folding(head, () => pair.changes.map((change) => changed(change, ["A", "B"])), { open: first });
}

function verdictOf({ a, b, equal }) {
  if (a === null || b === null) return tag(a === null ? "Only in B" : "Only in A", "warning");
  return equal ? tag("Equal", "good") : tag("Differs", "error");
}

/** Links to a step of one of the runs. */
function numbered(name, { run_id: run }, number) {
  return number === null ? "–" : element("a", { href: `#/${run}/steps/${number}`, "aria-label": `${name}, step ${number}` }, String(number));
}
