/** Everything about one step: what it did and, behind tabs, whatever it has of evidence for that. */
import { callList, prompts } from "./debug_calls.js";
import { claims } from "./debug_claims.js";
import { inspector, searches } from "./debug_retrieval.js";
import { sql } from "./debug_sql.js";
import { state } from "./debug_state.js";
import { bySeverity, facts, sign, spell, tag } from "./debug_words.js";
import { tree } from "./debug_json.js";
import { element, unique } from "./dom.js";

/** What a step can show, the most telling first; each says whether it has something, and builds it. */
const TABS = [
  { name: "retrieval", words: "Retrieval", has: (step) => step.retrieval?.parts.length, build: (step) => inspector(step.retrieval) },
  { name: "searches", words: "Searches", has: (step) => step.searches?.length, build: (step) => searches(step.searches) },
  { name: "sql", words: "SQL", has: (step) => step.sql.length, build: (step) => sql(step.sql) },
  { name: "claims", words: "Claims", has: (step) => step.claims?.length, build: (step) => claims(step.claims) },
  { name: "prompts", words: "Prompts", has: (step) => step.calls.filter((call) => call.prompt).length, build: (step) => prompts(step.calls) },
  { name: "state", words: "State", has: (step) => step.changes.length || true, build: (step) => state(step) },
  { name: "calls", words: "Calls", has: (step) => step.calls.length, build: (step, place) => callList(step, place.call) },
];

export class StepPane {
  #given = new Map();
  #wanted = null;
  #said = null;

  /** @param open Goes to a step. */
  constructor(app, trace, open) {
    this.app = app;
    this.trace = trace;
    this.open = open;
    this.number = trace.steps[0]?.number ?? 0;
    this.element = element("section", { class: "panel step-panel", "aria-label": "Step" });
  }

  /** Shows a step: at once what is known of it, then the rest. */
  async show(number, place) {
    const call = place.step === number ? place.call : null;
    const tab = call === null ? place.tab : "calls";
    const step = this.trace.steps.find((one) => one.number === number);
    if (this.number === number && this.#wanted !== null && this.body.isConnected && tab === null && call === null) return;
    this.number = number;
    this.body = element("div", { class: "step-body" });
    this.element.replaceChildren(this.#head(step), this.body);
    const wanted = (this.#wanted = Symbol(number));
    this.element.setAttribute("aria-busy", "true");
    try {
      const given = await this.#read(number);
      if (this.#wanted === wanted) this.#fill(given, { tab, call });
    } catch (failure) {
      if (this.#wanted !== wanted) return;
      this.body.replaceChildren(element("p", { class: "failure", role: "alert" }, failure.message));
      if (failure.status === undefined) throw failure;
    } finally {
      if (this.#wanted === wanted) this.element.removeAttribute("aria-busy");
    }
  }

  async #read(number) {
    if (!this.#given.has(number)) {
      const path = `/api/traces/${this.trace.summary.run_id}/steps/${number}`;
      this.#given.set(number, await this.app.api.json("GET", path));
    }
    return this.#given.get(number);
  }

  #head(step) {
    const { steps, findings } = this.trace;
    const at = steps.indexOf(step);
    const beside = (by, words, name) => {
      const other = steps[at + by];
      const button = element("button", { type: "button", class: "icon-button", "aria-label": words, title: words, disabled: other === undefined }, sign(name));
      button.addEventListener("click", () => this.open(other.number));
      return button;
    };
    const found = bySeverity(findings.filter((finding) => finding.step === step.number));
    const fork = `#/${this.trace.summary.run_id}/fork/${step.number}`;
    return element(
      "header",
      { class: "step-top" },
      element(
        "div",
        { class: "step-name" },
        element("span", { class: "flow-number" }, String(step.number)),
        element("h3", {}, step.node),
        ...labels(step),
        element("span", { class: "gap" }),
        beside(-1, "Step before", "back"),
        beside(1, "Step after", "more"),
        element("a", { href: fork, class: "tool" }, sign("fork"), "Fork from here"),
      ),
      element("p", { class: "step-did" }, step.title),
      ...found.map((finding) => element("p", { class: `finding ${finding.severity}` }, sign(finding.severity), element("span", {}, finding.text))),
      ...outcome(step),
      facts([
        ["Took", spell(step.ended_ms - step.started_ms)],
        ["From", `${spell(step.started_ms)} to ${spell(step.ended_ms)}`],
        ["Superstep", `${step.superstep}, place ${step.place + 1}`],
        ["Wrote", step.wrote.join(", ") || "nothing"],
        ["State", element("code", { title: step.digest }, step.digest.slice(0, 10))],
      ]),
    );
  }

  #fill(step, { tab, call }) {
    const shown = TABS.filter((one) => one.has(step));
    const first = shown.find((one) => one.name === (tab ?? this.#said)) ?? shown[0];
    const panel = element("div", { role: "tabpanel", id: unique("panel"), class: "tab-panel" });
    const tabs = shown.map((one) => {
      const size = one.has(step);
      const words = [one.words, typeof size === "number" ? element("span", { class: "size" }, String(size)) : null].filter(Boolean);
      return element("button", { type: "button", role: "tab", id: unique("tab"), "aria-controls": panel.id, "data-tab": one.name }, ...words);
    });
    const choose = (place, given = {}) => {
      for (const [at, one] of tabs.entries()) {
        one.setAttribute("aria-selected", String(at === place));
        one.tabIndex = at === place ? 0 : -1;
      }
      panel.setAttribute("aria-labelledby", tabs[place].id);
      panel.replaceChildren(shown[place].build(step, given));
    };
    const turn = (place) => {
      this.#said = shown[place].name;
      choose(place);
      tabs[place].focus();
      history.replaceState(null, "", `#/${this.trace.summary.run_id}/steps/${step.number}/${this.#said}`);
    };
    for (const [place, one] of tabs.entries()) {
      one.addEventListener("click", () => turn(place));
      one.addEventListener("keydown", (event) => {
        const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (by === undefined) return;
        event.preventDefault();
        turn((place + by + tabs.length) % tabs.length);
      });
    }
    this.body.replaceChildren(element("div", { role: "tablist", class: "tabs", "aria-label": "What to show" }, ...tabs), panel);
    choose(shown.indexOf(first), { call });
    if (call !== null) panel.querySelector(`[data-call="${call}"]`)?.scrollIntoView({ block: "nearest" });
  }
}

function* labels(step) {
  if (step.critical) yield tag("Critical path", "note");
  if (step.attempt > 1) yield tag(`Attempt ${step.attempt}`, "warning", "It was tried again; the last attempt is kept");
  if (step.handles) yield tag("In place of it", "warning", "What takes note of a failure in place of the node");
  if (step.source === "recorded") yield tag("Recorded", "quiet", "Taken from the parent's recording; the node did not run");
}

function* outcome(step) {
  const { failure, paused } = step;
  if (failure) yield element("p", { class: "failure" }, element("b", {}, failure.type), ` ${failure.message}`);
  if (paused !== null) yield element("div", { class: "paused" }, element("b", {}, "Asked back"), tree(paused));
}
