/** Where a question is written; while it is answered, the button stops that. */
import { element, icon, unique } from "./dom.js";

const LONGEST = 8000;

export class Composer {
  #busy = false;

  constructor({ placeholder, send, stop }) {
    this.send = send;
    this.stop = stop;
    const id = unique("question");
    this.field = element("textarea", { id, rows: "1", maxlength: LONGEST, placeholder, part: "input" });
    this.button = element("button", { type: "submit", class: "send", part: "send" });
    const label = element("label", { for: id, class: "unseen" }, "Your question");
    this.element = element("form", { class: "composer", part: "composer" }, label, this.field, this.button);
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    this.field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
      event.preventDefault();
      if (!this.#busy) this.#submit();
    });
    this.busy = false;
  }

  set busy(busy) {
    this.#busy = busy;
    const name = busy ? "Stop" : "Send";
    this.button.setAttribute("aria-label", name);
    this.button.title = name;
    this.button.replaceChildren(icon(busy ? "stop" : "send"));
  }

  focus() {
    this.field.focus({ preventScroll: true });
  }

  #submit() {
    const question = this.field.value.trim();
    if (this.#busy) this.stop();
    else if (question !== "") {
      this.field.value = "";
      this.send(question);
    }
  }
}
