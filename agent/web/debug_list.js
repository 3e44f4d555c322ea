/** The list of runs: searched, filtered, and read on page by page. */
import { Filters } from "./debug_filters.js";
import { ask, choose } from "./debug_keys.js";
import { action, count, faithfulTag, moment, money, spell, statusTag, tag } from "./debug_words.js";
import { element, show } from "./dom.js";

const AT_ONCE = 50;
const COLUMNS = ["Status", "Question", "Route", "Holds", "Duration", "Calls", "Tokens", "Cost", "When"];

export class List {
  #next = null;
  #asked = 0;
  #most = 0;

  constructor(app, place) {
    this.app = app;
    this.query = place.query;
    this.filters = new Filters(place.query, () => app.go(this.filters.hash, { instead: true }));
    this.rows = element("ol", { class: "runs", "aria-label": "Runs" });
    this.rows.addEventListener("keydown", (event) => this.#arrow(event));
    this.more = action(null, "More", () => this.#page(this.#next));
    this.said = element("p", { class: "quiet list-said", role: "status" });
    const tools = element(
      "div",
      { class: "tools" },
      action("refresh", "Refresh", () => this.load()),
      action("import", "Import", () => this.#import()),
    );
    const names = COLUMNS.map((name) => element("span", {}, name));
    this.head = element("div", { class: "run run-head", "aria-hidden": "true" }, ...names);
    const bar = element("div", { class: "list-bar" }, this.filters.element, tools);
    this.element = element("section", { class: "list", "aria-label": "Runs" }, bar, this.head, this.rows, this.said, this.more);
    show(this.more, false);
  }

  accepts(place) {
    return place.kind === "list";
  }

  show(place) {
    if (place.query === this.query) return;
    this.query = place.query;
    this.filters.fill(place.query);
    this.load();
  }

  key(key) {
    if (key === "/") this.filters.text.focus();
    else if (key === "j" || key === "k") this.#move(key === "j" ? 1 : -1);
    else return false;
    return true;
  }

  async load() {
    this.query = this.filters.hash.slice(2);
    await this.#page(null);
    this.loaded = true;
  }

  /** Takes a run off the list that is gone. */
  forget(run) {
    this.rows.querySelector(`[href="#/${CSS.escape(run)}"]`)?.closest("li").remove();
  }

  async #page(cursor) {
    const asked = (this.#asked += 1);
    this.rows.setAttribute("aria-busy", "true");
    try {
      const page = await this.#read(cursor);
      if (asked === this.#asked) this.#fill(page, cursor);
    } catch (failure) {
      if (!this.loaded && cursor === null) throw failure;
      this.said.textContent = failure.message;
    } finally {
      this.rows.removeAttribute("aria-busy");
    }
  }

  /** Reads a page; who may see only their own runs gets these. */
  async #read(cursor) {
    try {
      return await this.app.api.json("GET", `/api/traces?${this.filters.request(cursor, AT_ONCE)}`);
    } catch (failure) {
      if (failure.status !== 403 || !this.filters.everybody) throw failure;
      this.filters.restrict();
      return this.app.api.json("GET", `/api/traces?${this.filters.request(cursor, AT_ONCE)}`);
    }
  }

  #fill({ traces, next, routes }, cursor) {
    if (cursor === null) {
      this.rows.replaceChildren();
      this.#most = 0;
    }
    this.filters.routes(routes);
    const before = this.rows.children.length;
    this.#most = Math.max(this.#most, ...traces.map((trace) => trace.duration_ms));
    this.rows.style.setProperty("--most", this.#most);
    this.rows.append(...traces.map(row));
    this.#next = next;
    show(this.more, next !== null);
    show(this.head, this.rows.children.length > 0);
    const shown = this.rows.children.length;
    const none = this.filters.any ? "No run is like this." : "Nothing was recorded yet. Ask something, then come back.";
    this.said.textContent = shown === 0 ? none : `${count(shown, "run")}${next === null ? "" : ", and more"}`;
    if (cursor !== null) this.rows.children[before]?.firstChild.focus();
  }

  #arrow(event) {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    this.#move(by);
  }

  #move(by) {
    const links = [...this.rows.querySelectorAll(".run")];
    const now = links.indexOf(document.activeElement);
    links[now < 0 ? 0 : Math.min(links.length - 1, Math.max(0, now + by))]?.focus();
  }

  async #import() {
    const file = await choose(".json,application/json");
    if (file === null) return;
    try {
      const taken = await this.app.api.json("POST", "/api/traces/import", { body: file });
      this.app.tell("Imported.");
      this.app.go(`#/${taken.run_id}`);
    } catch (failure) {
      await ask("It was not imported", { body: [element("p", { role: "alert" }, failure.message)], yes: null, no: "Close" });
    }
    this.loaded = false; // what is shown when one comes back is read anew
  }
}

/** Builds the line of a run; forks and comparisons show the same. */
export function row(trace) {
  const duration = element("span", { class: "run-duration" }, spell(trace.duration_ms), element("i", { class: "meter" }));
  duration.lastChild.style.setProperty("--ms", trace.duration_ms);
  const cells = [
    element("span", {}, statusTag(trace.status)),
    element("span", { class: "run-question" }, element("b", {}, trace.question || "Without a question"), ...marks(trace)),
    element("span", { class: "run-route" }, trace.route),
    element("span", {}, faithfulTag(trace.faithfulness, "")),
    duration,
    element("span", { class: "figure", title: calls(trace) }, String(trace.calls)),
    element("span", { class: "figure", title: tokens(trace) }, (trace.input_tokens + trace.output_tokens).toLocaleString()),
    element("span", { class: "figure" }, money(trace.cost_usd)),
    element("span", { class: "run-when" }, moment(trace.started_at)),
  ];
  return element("li", {}, element("a", { class: "run", href: `#/${trace.run_id}` }, ...cells));
}

/** Lists what is peculiar to a run. */
export function* marks(trace) {
  if (trace.kind === "fork") yield tag("Fork", "note");
  if (trace.degraded) yield tag("Degraded", "warning");
  if (trace.thumb === "down") yield tag("Thumbs-down", "error");
  if (trace.thumb === "up") yield tag("Thumbs-up", "good");
  if (trace.exit_reason && !["completed", "clarification"].includes(trace.exit_reason)) {
    yield tag(trace.exit_reason.replaceAll("_", " "), "warning", "Why the run ended");
  }
  if (trace.error) yield tag(trace.error, "error");
  if (trace.imported) yield tag("Imported");
  if (trace.scrubbed) yield tag("Scrubbed", "quiet", "Personal data was replaced");
}

export function calls(trace) {
  return `${count(trace.steps, "step")}, ${count(trace.calls, "call")}, ${count(trace.model_calls, "model call")}`;
}

export function tokens(trace) {
  return `${trace.input_tokens.toLocaleString()} in, ${trace.output_tokens.toLocaleString()} out`;
}
