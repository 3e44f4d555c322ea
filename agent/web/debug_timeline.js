/** When everything happened: one line a step, which opens to the calls that it made. */
import { count, sign, spell } from "./debug_words.js";
import { drawn, element, show, unique } from "./dom.js";

const TICKS = 3;

export class Timeline {
  #rows = new Map();
  #chosen = null;
  #zoomed = false;

  /** @param choose Chooses a step. @param address Returns the address of a step, or of something in it. */
  constructor({ steps, calls, summary }, { choose, address }) {
    this.steps = steps;
    this.choice = choose;
    this.address = address;
    this.total = Math.max(summary.duration_ms, ...steps.map((step) => step.ended_ms), 0.001);
    this.calls = Map.groupBy(calls, (call) => call.step);
    this.filter = element("input", { type: "search", placeholder: "Filter", "aria-label": "Filter the steps", autocomplete: "off", spellcheck: "false" });
    this.filter.addEventListener("input", () => this.#narrow());
    this.zooming = element("button", { type: "button", class: "tool", "aria-pressed": "false" }, sign("zoom"), "Zoom");
    this.zooming.addEventListener("click", () => this.zoom());
    this.ticks = element("span", { class: "ticks" });
    const lined = element("span", { class: "flow-link" }, element("span"), element("span"), this.ticks, element("span"));
    const axis = element("div", { class: "axis", "aria-hidden": "true" }, element("div", { class: "flow-row" }, element("span", { class: "fold" }), lined));
    this.list = element("ol", { class: "flow", "aria-label": "Steps" });
    this.list.addEventListener("keydown", (event) => this.#key(event));
    this.list.append(...steps.map((step, place) => this.#row(step, steps[place - 1], steps[place + 1])));
    const bar = element("div", { class: "flow-bar" }, element("h3", {}, count(steps.length, "step")), this.filter, this.zooming);
    this.element = element("section", { class: "panel flow-panel", "aria-label": "Timeline" }, bar, legend(), axis, this.list);
    this.#frame(0, this.total);
  }

  /** Marks a step as chosen. */
  choose(number) {
    const [before, now] = [this.#rows.get(this.#chosen), this.#rows.get(number)];
    before?.link.removeAttribute("aria-current");
    now.link.setAttribute("aria-current", "true");
    this.#chosen = number;
    if (this.#zoomed) this.#framed();
    this.#reveal(now.item);
  }

  /** Returns the number of the step that is so many lines further down, among those that are shown. */
  beside(number, by) {
    const shown = this.steps.filter((step) => !this.#rows.get(step.number).item.hidden).map((step) => step.number);
    const at = shown.indexOf(number);
    return shown[at < 0 ? 0 : Math.min(shown.length - 1, Math.max(0, at + by))] ?? null;
  }

  /** Shows the time of the chosen step alone, or that of the whole run again. */
  zoom() {
    this.#zoomed = !this.#zoomed;
    this.zooming.setAttribute("aria-pressed", String(this.#zoomed));
    this.#framed();
  }

  #framed() {
    const step = this.#rows.get(this.#chosen)?.step;
    if (!this.#zoomed || step === undefined) return this.#frame(0, this.total);
    const span = Math.max(step.ended_ms - step.started_ms, 0.01);
    return this.#frame(Math.max(0, step.started_ms - span * 0.04), span * 1.08);
  }

  #frame(from, span) {
    this.element.style.setProperty("--from", from);
    this.element.style.setProperty("--span", span);
    const marks = Array.from({ length: TICKS }, (_, place) => {
      const tick = element("span", {}, spell(from + (span * place) / (TICKS - 1)));
      tick.style.setProperty("--at", place / (TICKS - 1));
      return tick;
    });
    this.ticks.replaceChildren(...marks);
  }

  /** Brings a line into view within the list, and moves nothing else. */
  #reveal(item) {
    const [inner, outer] = [item.getBoundingClientRect(), this.list.getBoundingClientRect()];
    if (inner.top < outer.top) this.list.scrollTop -= outer.top - inner.top;
    else if (inner.top + 34 > outer.bottom) this.list.scrollTop += inner.top + 34 - outer.bottom;
  }

  #row(step, before, after) {
    const calls = this.calls.get(step.number) ?? [];
    const id = unique("calls");
    const nested = element("ol", { class: "nested", id, hidden: true });
    const link = element(
      "a",
      { class: "flow-link", href: this.address(step.number, "") },
      element("span", { class: "flow-number" }, String(step.number)),
      element("span", { class: "flow-name" }, element("b", {}, step.node), ...states(step), element("span", { class: "flow-title" }, step.title)),
      element("span", { class: "track" }, bar(step, calls)),
      element("span", { class: "flow-time" }, spell(step.ended_ms - step.started_ms)),
    );
    const label = `${count(calls.length, "call")} of step ${step.number}`;
    const fold = element("button", { type: "button", class: "fold", "aria-expanded": "false", "aria-controls": id, "aria-label": label, title: label }, sign("more"));
    fold.addEventListener("click", () => this.#fold(step.number, nested.hidden));
    if (calls.length === 0) fold.disabled = true;
    const item = element("li", { class: `flow-step ${kinds(step, before, after)}` }, element("div", { class: "flow-row" }, fold, link), nested);
    this.#rows.set(step.number, { step, item, link, fold, nested, calls });
    return item;
  }

  #fold(number, open) {
    const { nested, fold, calls, step } = this.#rows.get(number);
    if (open && !nested.hasChildNodes()) nested.append(...ordered(calls).map(([call, depth]) => this.#call(call, depth, step)));
    show(nested, open);
    fold.setAttribute("aria-expanded", String(open));
  }

  #call(call, depth, step) {
    const track = element("span", { class: "track" }, bar(call));
    const name = element("span", { class: "flow-name" }, element("b", {}, `${call.port}.${call.method}`), ...states(call), element("span", { class: "flow-title" }, call.title));
    name.style.setProperty("--depth", depth);
    const time = element("span", { class: "flow-time" }, spell(call.ended_ms - call.started_ms));
    const attributes = { class: "flow-link", href: this.address(step.number, `/calls/${call.number}`) };
    const link = element("a", attributes, element("span", { class: `flow-number port ${call.port}` }), name, track, time);
    return element("li", { class: call.critical ? "critical" : "" }, element("div", { class: "flow-row" }, element("span", { class: "fold" }), link));
  }

  #key(event) {
    const by = { ArrowDown: 1, ArrowUp: -1, Home: -Infinity, End: Infinity }[event.key];
    const open = { ArrowRight: true, ArrowLeft: false }[event.key];
    if (by === undefined && open === undefined) return;
    event.preventDefault();
    if (open !== undefined) return void (this.#rows.get(this.#chosen)?.fold.disabled || this.#fold(this.#chosen, open));
    const number = this.beside(this.#chosen, by);
    if (number === null) return;
    this.choice(number);
    this.#rows.get(number).link.focus({ preventScroll: true });
  }

  #narrow() {
    const wanted = this.filter.value.trim().toLowerCase();
    const fits = (text) => text.toLowerCase().includes(wanted);
    for (const { step, item, calls } of this.#rows.values()) {
      const found = wanted === "" || fits(`${step.node} ${step.title}`) || calls.some((call) => fits(`${call.port}.${call.method} ${call.title}`));
      show(item, found);
    }
  }
}

function kinds(step, before, after) {
  const first = before?.superstep !== step.superstep;
  const alone = first && after?.superstep !== step.superstep;
  const last = after?.superstep !== step.superstep;
  const words = [first && "first", !alone && "parallel", !alone && last && "last", step.critical && "critical", step.failure && "failed", step.paused !== null && "paused"];
  return words.filter(Boolean).join(" ");
}

/** Draws a span of time; a step's has its calls as stripes within. */
function bar(span, calls = []) {
  const length = span.ended_ms - span.started_ms;
  const made = element("span", { class: `bar ${span.port ?? ""}${span.failure ? " failed" : ""}` });
  made.style.setProperty("--start", span.started_ms);
  made.style.setProperty("--length", length);
  if (calls.length === 0 || length <= 0) return made;
  const stripes = calls.filter((call) => call.within === null).map((call) => {
    const wide = Math.max(call.ended_ms - call.started_ms, length / 400);
    return `M${(call.started_ms - span.started_ms).toFixed(3)} 0h${wide.toFixed(3)}v1h-${wide.toFixed(3)}z`;
  });
  made.append(drawn("svg", { viewBox: `0 0 ${length.toFixed(3)} 1`, preserveAspectRatio: "none", "aria-hidden": "true" }, drawn("path", { d: stripes.join("") })));
  return made;
}

function* states(one) {
  if (one.failure) yield element("em", { class: "state error" }, "failed");
  if (one.interrupted) yield element("em", { class: "state warning" }, "given up");
  if (one.paused !== null && one.paused !== undefined) yield element("em", { class: "state note" }, "asked back");
  if (one.attempt > 1) yield element("em", { class: "state warning" }, `attempt ${one.attempt}`);
  if (one.handles) yield element("em", { class: "state warning" }, "in place of it");
  if (one.source === "recorded") yield element("em", { class: "state" }, "recorded");
}

/** Puts calls behind the call that made them, with how deep they stand. */
function ordered(calls) {
  const inner = Map.groupBy(calls, (call) => call.within);
  const numbers = new Set(calls.map((call) => call.number));
  const walk = (call, depth) => [[call, depth], ...(inner.get(call.number) ?? []).flatMap((one) => walk(one, depth + 1))];
  return calls.filter((call) => !numbers.has(call.within)).flatMap((call) => walk(call, 0));
}

function legend() {
  const kinds = [["critical", "critical path"], ["", "beside it"], ["failed", "failed"]];
  return element("p", { class: "legend", "aria-hidden": "true" }, ...kinds.map(([kind, words]) => element("span", {}, element("i", { class: `swatch bar-${kind || "plain"}` }), words)));
}
