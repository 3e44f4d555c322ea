/** What the asker thinks of an answer: a thumb, then a reason and a correction if they like. */
import { element, icon, iconButton, unique } from "./dom.js";

export class Feedback {
  #thumb = null;
  #said = element("p", { class: "quiet", role: "status" });

  /** @param send Sends `{thumb, reason, correction}`; throws a failure when that does not work. */
  constructor(send) {
    this.send = send;
    this.up = iconButton("up", "Good answer", () => this.#rate("up"), { "aria-pressed": "false" });
    this.down = iconButton("down", "Bad answer", () => this.#rate("down"), { "aria-pressed": "false" });
    this.form = element("form", { class: "feedback" });
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#tell();
    });
    this.element = element("div", {}, this.#said);
  }

  /** Shows what was said earlier. */
  known({ thumb }) {
    this.#thumb = thumb;
    this.up.setAttribute("aria-pressed", String(thumb === "up"));
    this.down.setAttribute("aria-pressed", String(thumb === "down"));
  }

  async #rate(thumb) {
    if (!(await this.#sent({ thumb }))) return;
    this.known({ thumb });
    this.#said.textContent = "Thank you.";
    this.#ask(thumb);
  }

  #ask(thumb) {
    const id = unique("reason");
    this.reason = element("input", { id, type: "text", maxlength: "500", autocomplete: "off" });
    this.correction = element("textarea", { id: `${id}-correction`, rows: "2", maxlength: "4000" });
    this.form.replaceChildren(
      element("label", { for: id }, thumb === "up" ? "What was good? (optional)" : "What was wrong? (optional)"),
      this.reason,
    );
    if (thumb === "down") {
      const label = element("label", { for: this.correction.id }, "What would have been right? (optional)");
      this.form.append(label, this.correction);
    }
    const cancel = element("button", { type: "button", class: "text-button" }, "No more to say");
    cancel.addEventListener("click", () => this.#close());
    const send = element("button", { type: "submit", class: "small-button" }, icon("send"), "Send feedback");
    this.form.append(element("div", { class: "row" }, send, cancel));
    this.element.prepend(this.form);
    this.reason.focus();
  }

  async #tell() {
    const said = { thumb: this.#thumb, reason: this.reason.value.trim(), correction: this.correction.value.trim() };
    if (await this.#sent(said)) this.#close();
  }

  #close() {
    this.form.remove();
    this.#said.textContent = "Thank you.";
    (this.#thumb === "up" ? this.up : this.down).focus();
  }

  async #sent(said) {
    try {
      await this.send(said);
      return true;
    } catch (failure) {
      this.#said.textContent = `This could not be sent: ${failure.message}`;
      return false;
    }
  }
}
