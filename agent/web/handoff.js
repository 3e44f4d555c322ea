/** Asking for a person, who gets everything that was said. */
import { element, show, unique } from "./dom.js";

export class HandOff {
  constructor(api, chat, tell) {
    this.api = api;
    this.chat = chat;
    this.tell = tell;
    const id = unique("contact");
    this.contact = element("input", { id, type: "text", maxlength: "300", autocomplete: "email" });
    this.note = element("textarea", { id: `${id}-note`, rows: "2", maxlength: "2000" });
    this.problem = element("p", { class: "quiet", role: "status" });
    const send = element("button", { type: "submit", class: "small-button primary" }, "Ask for a person");
    const cancel = element("button", { type: "button", class: "text-button" }, "Not now");
    cancel.addEventListener("click", () => this.#close());
    this.element = element(
      "form",
      { class: "feedback handoff", part: "handoff", hidden: true, "aria-label": "Talk to a person" },
      element("p", { class: "quiet" }, "A person reads this conversation and gets back to you."),
      element("label", { for: id }, "How can we reach you? E-mail or telephone"),
      this.contact,
      element("label", { for: this.note.id }, "Anything else we should know? (optional)"),
      this.note,
      element("div", { class: "row" }, send, cancel),
      this.problem,
    );
    this.element.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#send();
    });
  }

  open() {
    this.problem.textContent = "";
    show(this.element, true);
    this.contact.focus();
  }

  async #send() {
    const body = { contact: this.contact.value.trim(), note: this.note.value.trim() };
    try {
      const thread = await this.chat.ready();
      const action = await this.api.json("POST", `/api/threads/${thread}/handoff`, { body });
      this.#close();
      this.chat.say("Your conversation was passed on. A person will get back to you.");
      this.tell("handoff", action);
    } catch (failure) {
      this.problem.textContent = `This could not be sent: ${failure.message}`;
      this.tell("error", { message: failure.message });
    }
  }

  #close() {
    show(this.element, false);
    this.chat.composer.focus();
  }
}
