/** A field for a value that a fork changes: JSON, text, or a setting on one line. */
import { element, iconButton, show, unique } from "./dom.js";

export class Editor {
  /**
   * @param json Whether nothing but JSON is right. @param short Whether it is one line, JSON or text.
   * @param removed Told when it is taken away.
   */
  constructor(name, { json, short, text, removed }) {
    this.json = json;
    this.short = short;
    const id = unique("editor");
    const attributes = { id, spellcheck: "false", autocomplete: "off", "aria-describedby": `${id}-problem` };
    this.field = short ? element("input", attributes) : element("textarea", { ...attributes, rows: "8" });
    this.field.value = text;
    this.problem = element("p", { class: "problem", id: `${id}-problem`, hidden: true });
    this.field.addEventListener("input", () => this.check());
    const gone = iconButton("close", `Do not change ${name}`, () => {
      this.element.remove();
      removed();
    });
    const head = element("div", { class: "editor-head" }, element("label", { for: id }, element("code", {}, name)), gone);
    this.element = element("div", { class: "editor" }, head, this.field, this.problem);
  }

  set busy(busy) {
    this.field.readOnly = busy;
    this.field.placeholder = busy ? "Reading …" : "";
  }

  /** What is in it now, read. */
  get value() {
    const text = this.field.value;
    if (this.json) return JSON.parse(text);
    if (!this.short) return text;
    try {
      return JSON.parse(text);
    } catch {
      return text; // a setting that is no JSON is text
    }
  }

  /** Puts the value in that is to be changed, unless something was written meanwhile. */
  start(text) {
    if (this.field.value === "") this.field.value = text;
    this.check();
  }

  focus() {
    this.field.focus();
  }

  /** Tells whether it can be read, and shows what is wrong. */
  check() {
    const wrong = this.json ? problemOf(this.field.value) : null;
    this.problem.textContent = wrong ?? "";
    show(this.problem, wrong !== null);
    this.field.setAttribute("aria-invalid", String(wrong !== null));
    return wrong === null;
  }
}

/** Says what keeps a text from being JSON; null when nothing does. */
function problemOf(text) {
  try {
    JSON.parse(text);
    return null;
  } catch (error) {
    return text.trim() === "" ? "A value is needed; null stands for none." : error.message;
  }
}
