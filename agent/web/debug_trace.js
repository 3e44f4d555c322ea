/** One run: what was asked and answered, what stands out, the graph, the timeline, and the step that is chosen. */
import { Actions } from "./debug_actions.js";
import { graph } from "./debug_graph.js";
import { calls, marks, row, tokens } from "./debug_list.js";
import { StepPane } from "./debug_step.js";
import { Timeline } from "./debug_timeline.js";
import { bySeverity, bytes, count, facts, faithfulTag, here, moment, money, sign, spell, statusTag, tag } from "./debug_words.js";
import { element } from "./dom.js";
import { fill } from "./safe.js";
import { Source } from "./sources.js";

export class Trace {
  constructor(app, place) {
    this.app = app;
    this.place = place;
    this.run = place.run;
    this.element = element("article", { class: "trace", "aria-label": "Run" });
  }

  accepts(place) {
    return place.kind === "trace" && place.run === this.run;
  }

  show(place) {
    this.place = place;
    if (!this.loaded) return;
    const number = this.#numbered(place.step) ?? this.#first();
    if (number === null) return;
    this.timeline.choose(number);
    this.graph.choose(number);
    this.pane.show(number, place);
  }

  key(key) {
    if (!this.loaded) return false;
    const known = {
      "/": () => this.timeline.filter.focus(),
      j: () => this.#move(1),
      k: () => this.#move(-1),
      z: () => this.timeline.zoom(),
      r: () => this.actions.replay(),
      f: () => this.app.go(`#/${this.run}/fork/${this.pane.number}`),
      u: () => this.app.go(""),
    }[key];
    known?.();
    return known !== undefined;
  }

  async load() {
    this.trace = await this.app.api.json("GET", `/api/traces/${this.run}`);
    this.loaded = true;
    this.#build();
    this.show(this.place);
    if (this.place.step !== null) this.below.scrollIntoView({ block: "start" });
  }

  #build() {
    const { trace } = this;
    const open = (number, more = "") => this.#open(number, more);
    this.title = trace.summary.question || "Run";
    this.app.title(this.title);
    this.actions = new Actions(this.app, trace, { open, chosen: () => this.pane.number });
    this.pane = new StepPane(this.app, trace, (number) => this.#open(number, "", true));
    this.timeline = new Timeline(trace, { choose: (number) => this.#choose(number), address: (number, more) => this.#address(number, more) });
    this.graph = graph(trace, { address: (number) => this.#address(number), open, chosen: () => this.pane.number });
    const below = element("div", { class: "trace-below" }, this.timeline.element, this.pane.element);
    this.below = below;
    const above = element("div", { class: "trace-above" }, answer(trace), findings(trace, (number, more) => this.#address(number, more), open));
    this.element.replaceChildren(head(trace, this.actions.element), this.actions.said, above, this.graph.element, below, ...forks(trace.forks));
  }

  #address(number, more = "") {
    return `#/${this.run}/steps/${number}${more}`;
  }

  /** Opens a step from above the list of steps, and brings it into view. */
  #open(number, more, quiet = false) {
    this.app.go(this.#address(number, more));
    this.show({ ...this.place, step: number });
    if (!quiet) this.below.scrollIntoView({ block: "start" });
  }

  /** Goes to a step without a trace in the browser's history: there may be many of them. */
  #choose(number) {
    this.app.go(this.#address(number, this.place.tab ? `/${this.place.tab}` : ""), { instead: true });
  }

  #move(by) {
    const number = this.timeline.beside(this.pane.number, by);
    if (number !== null) this.#choose(number);
  }

  #numbered(number) {
    return this.trace.steps.some((step) => step.number === number) ? number : null;
  }

  /** The step to begin with: the first that stands out, or the first of all. */
  #first() {
    const found = bySeverity(this.trace.findings).find((finding) => this.#numbered(finding.step) !== null);
    return found?.step ?? this.trace.steps[0]?.number ?? null;
  }
}

function head({ summary, parent, software }, tools) {
  const versions = Object.entries(software).map(([name, version]) => `${name} ${version}`).join(", ");
  const of = parent && element("a", { href: `#/${parent.run_id}/diff/${summary.run_id}` }, `step ${parent.step} of ${parent.run_id.slice(0, 8)}`);
  const thread = element("a", { href: `#?thread_id=${encodeURIComponent(summary.thread_id)}`, title: summary.thread_id }, summary.thread_id.slice(0, 8));
  const labels = [statusTag(summary.status), summary.route && tag(summary.route, "note", "Route"), faithfulTag(summary.faithfulness), ...marks(summary)];
  return element(
    "header",
    { class: "trace-head" },
    element("div", { class: "trace-top" }, element("p", { class: "crumb" }, element("a", { href: "#" }, sign("back"), "All runs"), element("code", {}, summary.run_id)), tools),
    element(
      "div",
      { class: "trace-title" },
      element("h2", {}, summary.question || "Without a question"),
      element("div", { class: "tags" }, ...labels.filter(Boolean), tag(`${summary.mode} mode`)),
    ),
    facts([
      ["Duration", spell(summary.duration_ms)],
      ["Steps", element("span", { title: calls(summary) }, String(summary.steps))],
      ["Calls", summary.calls.toLocaleString()],
      ["Model calls", summary.model_calls.toLocaleString()],
      ["Tokens", element("span", { title: tokens(summary) }, (summary.input_tokens + summary.output_tokens).toLocaleString())],
      ["Cost", money(summary.cost_usd)],
      ["Started", moment(summary.started_at)],
      ["Owner", summary.owner],
      ["Thread", thread],
      ["Forked from", of],
      ["Kept", element("span", { title: versions }, bytes(summary.bytes))],
    ]),
  );
}

/** Shows the answer as its reader saw it, with its sources. */
function answer({ answer: given, failure, feedback }) {
  const parts = [];
  if (failure) parts.push(element("p", { class: "failure" }, element("b", {}, failure.type), ` ${failure.message}`));
  if (given) parts.push(...written(given));
  if (parts.length === 0) parts.push(element("p", { class: "quiet" }, "There is none."));
  if (feedback) parts.push(said(feedback));
  return element("section", { class: "panel trace-answer" }, element("h3", {}, "Answer"), ...parts);
}

function written(given) {
  const sources = new Map(given.citations.map((citation) => [citation.id, new Source(citation)]));
  const body = element("div", { class: "answer" });
  fill(body, given.html ?? "", (number) => sources.get(number)?.chip() ?? null);
  const parts = [body];
  if (given.choices?.length > 0) parts.push(element("p", { class: "quiet" }, `Choices: ${given.choices.join(" · ")}`));
  if (given.notes.length > 0) parts.push(element("ul", { class: "notes", "aria-label": "Notes" }, ...given.notes.map((note) => element("li", {}, note))));
  if (sources.size > 0) {
    parts.push(element("ol", { class: "sources", "aria-label": "Sources" }, ...[...sources.values()].map((source) => source.element)));
  }
  return parts;
}

function said({ thumb, reason, correction }) {
  const words = [reason, correction && `It should have been: ${correction}`].filter(Boolean).join(" ");
  return element("p", { class: "said" }, tag(thumb === "up" ? "Thumbs-up" : "Thumbs-down", thumb === "up" ? "good" : "error"), ` ${words}`);
}

/** Lists what stands out, worst first; each leads to its step. */
function findings({ findings: found, steps }, address, open) {
  const nodes = new Map(steps.map((step) => [step.number, step.node]));
  const items = bySeverity(found).map((finding) => {
    const where = nodes.has(finding.step) ? element("span", { class: "where" }, `${finding.step} ${nodes.get(finding.step)}`) : null;
    const inner = [sign(finding.severity), element("span", { class: "unseen" }, `${finding.severity}: `), element("span", {}, finding.text), where];
    if (where === null) return element("li", { class: `finding ${finding.severity}` }, element("div", {}, ...inner.filter(Boolean)));
    const more = finding.call === null ? "" : `/calls/${finding.call}`;
    const link = element("a", { href: address(finding.step, more) }, ...inner);
    link.addEventListener("click", (event) => {
      if (here(event)) open(finding.step, more);
    });
    return element("li", { class: `finding ${finding.severity}` }, link);
  });
  const heading = element("h3", {}, found.length === 0 ? "Findings" : count(found.length, "finding"));
  const calm = element("p", { class: "calm" }, sign("good"), "Nothing stands out.");
  return element("section", { class: "panel findings" }, heading, items.length === 0 ? calm : element("ul", {}, ...items));
}

function* forks(made) {
  if (made.length === 0) return;
  const list = element("ol", { class: "runs", "aria-label": "Forks" }, ...made.map(row));
  list.style.setProperty("--most", Math.max(...made.map((one) => one.duration_ms)));
  yield element("section", { class: "panel forks" }, element("h3", {}, count(made.length, "fork")), list);
}
