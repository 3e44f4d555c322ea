/** The chat page: the conversation, the list of all of them, and the looks. */
import { Access } from "./access.js";
import { Api } from "./api.js";
import { Chat } from "./chat.js";
import { Conversations } from "./conversations.js";
import { element, icon, iconButton } from "./dom.js";
import { lookButton } from "./look.js";

const THREAD = /^[A-Za-z0-9_-]{1,64}$/;

const at = (id) => document.getElementById(id);
const side = at("side");
const name = at("name").textContent;
const api = new Api(new URL(".", location).href.slice(0, -1), new Access());
const chat = new Chat(api, { welcome: welcome(), placeholder: `Ask ${name}`, tell, moved });
const conversations = new Conversations(api, { open, deleted });

function welcome() {
  return element(
    "div",
    { class: "welcome" },
    icon("plumb"),
    element("p", { class: "welcome-title" }, "What would you like to know?"),
    element("p", { class: "quiet" }, "Every answer is checked against its sources, and shows them."),
  );
}

/** Opens a conversation by way of the address, so that reloading comes back to it. */
function open(thread) {
  fold(true);
  if (thread === null) history.pushState(null, "", location.pathname);
  else location.hash = thread;
  follow();
  chat.composer.focus();
}

/** Opens what the address names, unless it is open. */
function follow() {
  const named = location.hash.slice(1);
  const thread = THREAD.test(named) ? named : null;
  if (thread !== chat.thread || thread === null) chat.open(thread);
}

function moved(thread) {
  const hash = thread === null ? "" : `#${thread}`;
  if (location.hash !== hash) history.replaceState(null, "", location.pathname + hash);
  conversations?.mark(thread);
}

function tell(event) {
  if (event === "question" || event === "answer") conversations.refresh(chat.thread);
}

function deleted(thread) {
  if (thread === chat.thread) open(null);
}

/** Folds the list of conversations, which lies over the rest on narrow screens. */
function fold(folded) {
  side.classList.toggle("open", !folded);
  menu.setAttribute("aria-expanded", String(!folded));
}

const menu = iconButton("menu", "Conversations", () => fold(side.classList.contains("open")), {
  "aria-expanded": "false",
  "aria-controls": "side",
});
menu.classList.add("menu");

at("bar-start").append(menu, icon("plumb"));
at("bar-end").append(lookButton());
side.append(...conversations.parts);
at("main").append(chat.element);
at("skip").addEventListener("click", (event) => {
  event.preventDefault();
  chat.composer.focus();
});
side.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  fold(true);
  menu.focus();
});
side.addEventListener("click", (event) => {
  if (event.target.closest("a")) fold(true);
});
addEventListener("hashchange", follow);
addEventListener("popstate", follow);

follow();
conversations.refresh(chat.thread);
chat.composer.focus();
