/** The form that forks a run: from which step, and with what changed. */
import { Editor } from "./debug_editor.js";
import { labelled } from "./debug_keys.js";
import { brief, count, sign } from "./debug_words.js";
import { element, show, unique } from "./dom.js";

export class Fork {
  #steps = new Map();
  #editors = { state: new Map(), prompts: new Map(), configuration: new Map() };

  constructor(app, place) {
    this.app = app;
    this.run = place.run;
    this.from = place.step ?? 0;
    this.title = "Fork";
    this.element = element("article", { class: "fork", "aria-label": "Fork" });
  }

  accepts(place) {
    return place.kind === "fork" && place.run === this.run;
  }

  show(place) {
    if (this.step) this.step.value = String(place.step ?? 0);
  }

  key(key) {
    if (key === "u") this.app.go(`#/${this.run}`);
    return key === "u";
  }

  async load() {
    this.trace = await this.app.api.json("GET", `/api/traces/${this.run}`);
    this.loaded = true;
    this.#build();
  }

  #build() {
    const { trace } = this;
    const steps = trace.steps.map((step) => element("option", { value: step.number }, `After step ${step.number}, ${step.node}: ${brief(step.title, 80)}`));
    this.step = element("select", {}, element("option", { value: 0 }, "From the start: everything runs again"), ...steps);
    this.step.value = String(trace.steps.some((step) => step.number === this.from) ? this.from : 0);
    this.error = element("p", { class: "failure", role: "alert", hidden: true });
    this.send = element("button", { type: "submit", class: "small-button primary" }, sign("fork"), element("span", {}, "Run the fork"));
    const form = element(
      "form",
      { class: "fork-form", novalidate: true },
      labelled("Fork from", this.step, "Up to and with this step nothing runs again. Later calls that did not change come from the recording, the others run live."),
      this.#group("state", "State", "Add a channel", trace.channels, "Values after the step, as JSON."),
      this.#group("prompts", "Prompts", "Add a prompt", trace.prompts, "Text that takes the place of a prompt's own."),
      this.#group("configuration", "Configuration and model", "Add a setting", Object.keys(trace.configuration), "A value is JSON; what is none is taken as text. The language model is models.chat."),
      this.error,
      element("div", { class: "row" }, this.send, element("a", { href: `#/${this.run}/steps/${this.step.value}`, class: "tool" }, "Cancel")),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.element.replaceChildren(
      element("p", { class: "crumb" }, element("a", { href: `#/${this.run}` }, sign("back"), "The run"), element("code", {}, this.run)),
      element("h2", {}, "Fork: ", trace.summary.question || "Without a question"),
      form,
    );
  }

  /** Builds the editors of one kind of change, and what adds one. */
  #group(kind, words, adding, names, hint) {
    const list = element("div", { class: "editors" });
    const add = (name) => name !== "" && this.#add(kind, name, list);
    const field = kind === "configuration" ? typed(adding, names, add) : picked(adding, names, add);
    return element("fieldset", {}, element("legend", {}, words), element("p", { class: "quiet" }, hint), list, field);
  }

  async #add(kind, name, list) {
    const known = this.#editors[kind].get(name);
    if (known) return void known.focus();
    const editor = new Editor(name, {
      json: kind === "state",
      short: kind === "configuration",
      text: kind === "configuration" ? written(this.trace.configuration[name]) : "",
      removed: () => this.#editors[kind].delete(name),
    });
    this.#editors[kind].set(name, editor);
    list.append(editor.element);
    editor.focus();
    if (kind === "configuration") return;
    editor.busy = true;
    try {
      const text = kind === "state" ? await this.#value(name) : await this.#prompt(name);
      editor.start(text ?? "");
    } catch (failure) {
      this.#fail(failure.message);
      if (failure.status === undefined) throw failure;
    } finally {
      editor.busy = false;
    }
  }

  /** Returns what a channel holds after the chosen step. */
  async #value(channel) {
    const number = Number(this.step.value);
    const [first] = this.trace.steps;
    if (first === undefined) return "null";
    const states = await this.#read(number === 0 ? first.number : number);
    return JSON.stringify((number === 0 ? states.before : states.after)[channel] ?? null, null, 2);
  }

  /** Returns the text of a prompt as the run first rendered it; null when no call did. */
  async #prompt(name) {
    const asking = new Set(this.trace.calls.filter((call) => call.port === "chat").map((call) => call.step));
    for (const number of asking) {
      const call = (await this.#read(number)).calls.find((one) => one.prompt?.name === name);
      if (call) return (call.prompt.messages.find((message) => message.role === "system") ?? call.prompt.messages[0])?.text;
    }
    return null;
  }

  async #read(number) {
    if (!this.#steps.has(number)) this.#steps.set(number, await this.app.api.json("GET", `/api/traces/${this.run}/steps/${number}`));
    return this.#steps.get(number);
  }

  async #submit() {
    show(this.error, false);
    const all = Object.values(this.#editors).flatMap((editors) => [...editors.values()]);
    const wrong = all.filter((editor) => !editor.check());
    if (wrong.length > 0) {
      this.#fail(`${count(wrong.length, "value is", "values are")} not JSON yet.`);
      return void wrong[0].focus();
    }
    const values = (kind) => Object.fromEntries([...this.#editors[kind]].map(([name, editor]) => [name, editor.value]));
    const body = { step: Number(this.step.value), state: values("state"), prompts: values("prompts"), configuration: values("configuration") };
    this.#busy(true);
    try {
      const child = await this.app.api.json("POST", `/api/traces/${this.run}/fork`, { body });
      this.app.tell("The fork has run.");
      this.app.go(`#/${this.run}/diff/${child.run_id}`);
    } catch (failure) {
      this.#fail(failure.message);
      if (failure.status === undefined) throw failure;
    } finally {
      this.#busy(false);
    }
  }

  #busy(busy) {
    this.send.disabled = busy;
    this.send.lastChild.textContent = busy ? "Running …" : "Run the fork";
  }

  #fail(text) {
    this.error.textContent = text;
    show(this.error, true);
  }
}

/** Builds a choice of names that adds what is chosen. */
function picked(words, names, add) {
  const options = names.map((name) => element("option", { value: name }, name));
  const field = element("select", { "aria-label": words }, element("option", { value: "" }, `${words} …`), ...options);
  field.addEventListener("change", () => {
    add(field.value);
    field.value = "";
  });
  return element("div", { class: "adding" }, field);
}

/** Builds a field for a name, also one that is not offered. */
function typed(words, names, add) {
  const id = unique("names");
  const field = element("input", { list: id, placeholder: words, "aria-label": words, autocomplete: "off", spellcheck: "false" });
  const take = () => {
    add(field.value.trim());
    field.value = "";
  };
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    take();
  });
  const button = element("button", { type: "button", class: "tool" }, "Add");
  button.addEventListener("click", take);
  const options = names.map((name) => element("option", { value: name }));
  return element("div", { class: "adding" }, field, element("datalist", { id }, ...options), button);
}

/** Writes a setting as it is typed: text as it is, everything else as JSON. */
function written(value) {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
