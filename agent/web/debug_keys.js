/** The keys that the debugger knows, the dialogs in which it asks, and files that come and go. */
import { element } from "./dom.js";

const KEYS = [
  ["/", "Search, or filter the steps"],
  ["j  k", "Next or previous run, next or previous step"],
  ["↓  ↑", "The same, in the list that has the focus"],
  ["→  ←", "Open or close the calls of a step"],
  ["z", "Zoom to the step, and back to the whole run"],
  ["r", "Replay"],
  ["f", "Fork from the step"],
  ["u", "Back to all runs"],
  ["?", "These keys"],
];

/** Tells whether keys belong to a field. */
export function isWriting(target) {
  return target.matches?.("input:not([type=checkbox]), textarea, select, [contenteditable]") ?? false;
}

/** Shows which keys there are. */
export function showKeys() {
  const rows = KEYS.map(([key, meaning]) => element("div", {}, element("dt", {}, element("kbd", {}, key)), element("dd", {}, meaning)));
  ask("Keys", { body: [element("dl", { class: "keys" }, ...rows)], yes: null, no: "Close" });
}

/**
 * Asks something in a dialog; returns the form when the answer is yes, else null.
 *
 * @param body What stands between title and buttons. @param yes Words of the button; null when there is
 *   nothing to decide.
 */
export function ask(title, { body = [], yes, no = "Cancel", danger = false }) {
  const heading = element("h2", { id: "dialog-title" }, title);
  const closing = element("button", { type: "button", class: "small-button", autofocus: danger }, no);
  const sure = yes === null ? null : element("button", { type: "submit", class: `small-button ${danger ? "danger" : "primary"}` }, yes);
  const form = element("form", { method: "dialog" }, heading, ...body, element("div", { class: "row" }, closing, sure));
  const dialog = element("dialog", { "aria-labelledby": "dialog-title" }, form);
  document.body.append(dialog);
  return new Promise((resolve) => {
    let agreed = null;
    form.addEventListener("submit", () => {
      agreed = form;
    });
    closing.addEventListener("click", () => dialog.close());
    const left = () => dialog.close();
    addEventListener("hashchange", left);
    dialog.addEventListener("close", () => {
      removeEventListener("hashchange", left);
      dialog.remove();
      resolve(agreed);
    });
    dialog.showModal();
  });
}

/** Builds a field with its label; returns both. */
export function labelled(label, field, hint = null) {
  return element("label", { class: "field" }, element("span", {}, label), field, hint && element("small", {}, hint));
}

/** Hands a response to the browser as a file. */
export async function save(response, name) {
  const address = URL.createObjectURL(await response.blob());
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

/** Lets a file be chosen; null when none was. */
export function choose(accept) {
  const field = element("input", { type: "file", accept });
  return new Promise((resolve) => {
    field.addEventListener("change", () => resolve(field.files[0] ?? null));
    field.addEventListener("cancel", () => resolve(null));
    field.click();
  });
}
