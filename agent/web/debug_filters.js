/** What narrows the list of runs; it stands in the address, so that a filtered list can be passed on. */
import { STATUSES } from "./debug_words.js";
import { element, show, unique } from "./dom.js";

const KNOWN = ["text", "status", "route", "slower_than_ms", "degraded", "faithfulness_below", "thumb", "kind", "parent", "thread_id"];
const PAUSE = 200;
const HOLDS = [["1", "not all holds"], ["0.9", "under 90 % holds"], ["0.75", "under 75 % holds"], ["0.5", "under half holds"]];
const SLOW = [["500", "over 0.5 s"], ["1000", "over 1 s"], ["3000", "over 3 s"], ["10000", "over 10 s"], ["30000", "over 30 s"]];

export class Filters {
  #waiting = 0;
  #fields = new Map();
  #allowed = true;

  /** @param changed Told when something else is wanted. */
  constructor(query, changed) {
    this.changed = changed;
    const search = element("input", { type: "search", placeholder: "Question, or the id of a run or thread", autocomplete: "off", spellcheck: "false" });
    this.text = this.#add("text", "Search", search);
    this.text.addEventListener("input", () => this.#soon());
    this.#choice("status", "Status", "any status", STATUSES);
    this.#choice("route", "Route", "any route", []);
    this.#choice("slower_than_ms", "Duration", "any duration", SLOW);
    this.#choice("faithfulness_below", "Faithfulness", "any faithfulness", HOLDS);
    this.#flag("degraded", "Degraded", "true");
    this.#flag("thumb", "Thumbs-down", "down");
    this.#flag("kind", "Forks", "fork");
    this.#flag("own", "Only mine", "true");
    this.pinned = element("span", { class: "pinned" });
    const shown = [...this.#fields.values()].map((field) => field.closest("label"));
    this.element = element("form", { class: "filters", role: "search", "aria-label": "Runs" }, ...shown, this.pinned);
    this.element.addEventListener("submit", (event) => event.preventDefault());
    this.element.addEventListener("change", () => this.changed());
    this.fill(query);
  }

  get everybody() {
    return this.#allowed && !this.#fields.get("own").checked;
  }

  get any() {
    return [...this.#wanted().keys()].length > 0;
  }

  /** The address of the list as it is narrowed now. */
  get hash() {
    const wanted = this.#wanted();
    if (this.#allowed && !this.everybody) wanted.set("own", "true");
    return wanted.size === 0 ? "" : `#?${wanted}`;
  }

  /** Sets the fields from an address. */
  fill(query) {
    this.asked = new URLSearchParams(query);
    for (const [name, field] of this.#fields) {
      const value = this.asked.get(name) ?? "";
      if (field.type === "checkbox") field.checked = value !== "";
      else {
        if (field.localName === "select" && ![...field.options].some((one) => one.value === value)) this.#offer(field, value);
        if (field.value.trim() !== value) field.value = value;
      }
    }
    this.#pin();
  }

  /** Returns the query of a request. */
  request(cursor, limit) {
    const wanted = this.#wanted();
    if (this.everybody) wanted.set("everybody", "true");
    if (cursor !== null) wanted.set("cursor", cursor);
    wanted.set("limit", limit);
    return wanted;
  }

  /** Offers the routes that there are. */
  routes(names) {
    const field = this.#fields.get("route");
    const known = new Set([...field.options].map((one) => one.value));
    for (const name of names) if (!known.has(name)) this.#offer(field, name);
  }

  /** Takes note that others' runs may not be seen. */
  restrict() {
    this.#allowed = false;
    show(this.#fields.get("own").closest("label"), false);
  }

  #wanted() {
    const wanted = new URLSearchParams();
    for (const name of KNOWN) {
      const field = this.#fields.get(name);
      const value = field === undefined ? this.asked.get(name) : field.type === "checkbox" ? field.checked && field.value : field.value.trim();
      if (value) wanted.set(name, value);
    }
    return wanted;
  }

  /** Shows the conditions that have no field, each to be taken away. */
  #pin() {
    const names = { parent: "forks of", thread_id: "thread" };
    const given = Object.keys(names).filter((name) => this.asked.has(name));
    this.pinned.replaceChildren(
      ...given.map((name) => {
        const button = element("button", { type: "button", class: "pin" }, `${names[name]} ${this.asked.get(name).slice(0, 12)} ×`);
        button.addEventListener("click", () => {
          this.asked.delete(name);
          this.#pin();
          this.changed();
        });
        return button;
      }),
    );
  }

  #soon() {
    clearTimeout(this.#waiting);
    this.#waiting = setTimeout(() => this.changed(), PAUSE);
  }

  #add(name, words, field) {
    field.id = unique("filter");
    field.setAttribute("aria-label", words);
    this.#fields.set(name, field);
    element("label", { class: `filter filter-${name}` }, field);
    return field;
  }

  #choice(name, words, none, options) {
    const made = options.map(([value, text]) => element("option", { value }, text));
    this.#add(name, words, element("select", {}, element("option", { value: "" }, none), ...made));
  }

  #flag(name, words, value) {
    const field = this.#add(name, words, element("input", { type: "checkbox", value }));
    field.removeAttribute("aria-label");
    field.parentElement.append(element("span", {}, words));
  }

  #offer(field, value) {
    field.append(element("option", { value }, value));
  }
}
