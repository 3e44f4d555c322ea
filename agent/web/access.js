/** The access key of the page: asked for when the server wants one, and forgotten with the tab. */
import { element } from "./dom.js";

const PLACE = "plumbline:key";

export class Access {
  #asking = null;

  async token() {
    return sessionStorage.getItem(PLACE);
  }

  /** Asks for a key, once for all requests that wait for it; true when another one was given. */
  refused() {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  #ask() {
    const wrong = sessionStorage.getItem(PLACE) !== null;
    sessionStorage.removeItem(PLACE);
    const field = element("input", {
      id: "key",
      type: "password",
      autocomplete: "off",
      spellcheck: "false",
      required: true,
      autofocus: true,
      "aria-describedby": "key-hint",
    });
    const hint = "It is kept in this tab alone and forgotten when you close it.";
    const form = element(
      "form",
      { method: "dialog" },
      element("h2", { id: "key-title" }, "An access key is needed"),
      element("p", { role: "alert" }, wrong ? "This key is not accepted." : "This server answers only to those who have a key."),
      element("label", { for: "key" }, "Access key"),
      field,
      element("p", { class: "quiet", id: "key-hint" }, hint),
      element("div", { class: "row" }, element("button", { type: "submit", class: "small-button primary" }, "Continue")),
    );
    const dialog = element("dialog", { "aria-labelledby": "key-title" }, form);
    document.body.append(dialog);
    dialog.showModal();
    return new Promise((resolve) => {
      dialog.addEventListener("close", () => {
        const key = field.value.trim();
        if (key !== "") sessionStorage.setItem(PLACE, key);
        dialog.remove();
        resolve(key !== "");
      });
    });
  }
}
