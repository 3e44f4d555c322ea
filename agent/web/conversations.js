/** The list of conversations, latest first. */
import { element, icon, iconButton, show } from "./dom.js";

const AT_ONCE = 30;

export class Conversations {
  #next = null;

  /** @param open Opens a conversation, null for a new one. @param deleted Told which one is gone. */
  constructor(api, { open, deleted }) {
    this.api = api;
    this.open = open;
    this.deleted = deleted;
    const fresh = element("button", { type: "button", class: "new" }, icon("add"), "New conversation");
    fresh.addEventListener("click", () => open(null));
    this.fresh = fresh;
    this.list = element("ul", { class: "conversations" });
    this.more = element("button", { type: "button", class: "text-button", hidden: true }, "Earlier ones");
    this.more.addEventListener("click", () => this.#page(this.#next));
    this.said = element("p", { class: "quiet", role: "status" });
    this.parts = [fresh, this.list, this.more, this.said];
  }

  /** Reads the list anew and marks the conversation that is open. */
  async refresh(current) {
    this.current = current;
    await this.#page(null);
  }

  /** Marks the conversation that is open. */
  mark(current) {
    this.current = current;
    for (const link of this.list.querySelectorAll("a")) {
      if (link.hash === `#${current}`) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
  }

  async #page(cursor) {
    const after = cursor === null ? "" : `&cursor=${encodeURIComponent(cursor)}`;
    try {
      const page = await this.api.json("GET", `/api/threads?limit=${AT_ONCE}${after}`);
      if (cursor === null) this.list.replaceChildren();
      this.list.append(...page.threads.map((thread) => this.#item(thread)));
      this.#next = page.next;
      this.said.textContent = this.list.children.length === 0 ? "No conversations yet." : "";
    } catch (failure) {
      this.said.textContent = `The conversations cannot be listed: ${failure.message}`;
    }
    show(this.more, this.#next !== null);
    this.mark(this.current);
  }

  #item({ thread_id: thread, title, updated_at: updated }) {
    const name = title || "Without a question";
    const time = element("time", { datetime: updated }, spell(new Date(updated)));
    const link = element("a", { href: `#${thread}` }, element("span", {}, name), time);
    const bin = iconButton("bin", `Delete “${name}”`, () => this.#ask(thread, name, item));
    const item = element("li", {}, link, bin);
    return item;
  }

  /** Asks before anything is gone for good. */
  #ask(thread, name, item) {
    const cancel = element("button", { type: "button", class: "small-button", autofocus: true }, "Keep it");
    const sure = element("button", { type: "button", class: "small-button danger" }, "Delete");
    const dialog = element(
      "dialog",
      { "aria-labelledby": "delete-title" },
      element("h2", { id: "delete-title" }, "Delete this conversation?"),
      element("p", {}, `“${name}” and everything kept of it will be gone for good.`),
      element("div", { class: "row" }, cancel, sure),
    );
    dialog.addEventListener("close", () => dialog.remove());
    cancel.addEventListener("click", () => dialog.close());
    sure.addEventListener("click", () => {
      dialog.close();
      this.#delete(thread, item);
    });
    document.body.append(dialog);
    dialog.showModal();
  }

  async #delete(thread, item) {
    try {
      await this.api.send("DELETE", `/api/threads/${thread}`);
    } catch (failure) {
      if (failure.status !== 404) {
        this.said.textContent = `It could not be deleted: ${failure.message}`;
        return;
      }
    }
    const neighbour = item.nextElementSibling ?? item.previousElementSibling;
    item.remove();
    (neighbour?.querySelector("a") ?? this.fresh).focus();
    this.said.textContent = "Deleted.";
    this.deleted(thread);
  }
}

function spell(date) {
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(undefined, today ? { timeStyle: "short" } : { dateStyle: "medium" });
}
