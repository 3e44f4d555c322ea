/** The trace debugger: which page the address names, and what all of its pages need. */
import { Access } from "./access.js";
import { Api } from "./api.js";
import { Diff } from "./debug_diff.js";
import { Fork } from "./debug_fork.js";
import { showKeys, isWriting } from "./debug_keys.js";
import { List } from "./debug_list.js";
import { Trace } from "./debug_trace.js";
import { action, sign } from "./debug_words.js";
import { element, icon, iconButton } from "./dom.js";
import { lookButton } from "./look.js";

const NAME = "[A-Za-z0-9_-]{1,64}";
const ADDRESS = new RegExp(`^#/(${NAME})(?:/(steps|fork|diff)/(${NAME})(?:/([a-z]+))?(?:/(\\d+))?)?$`);

const at = (id) => document.getElementById(id);
const main = at("main");
const name = at("name").textContent;
const api = new Api(new URL(".", location).href.slice(0, -1), new Access());
const app = { api, go, tell, title, forget: (run) => list?.forget(run) };
let list = null;
let page = null;

/** Reads an address: what to show of which run. */
function read(hash) {
  const found = ADDRESS.exec(hash);
  if (found === null) return { kind: "list", query: hash.startsWith("#?") ? hash.slice(2) : "" };
  const [, run, part, which, tab, call] = found;
  if (part === "diff") return { kind: "diff", run, other: which };
  const step = which === undefined || Number.isNaN(Number(which)) ? null : Number(which);
  return { kind: part === "fork" ? "fork" : "trace", run, step, tab: tab ?? null, call: call ? Number(call) : null };
}

const PAGES = {
  list: (place) => (list ??= new List(app, place)),
  trace: (place) => new Trace(app, place),
  fork: (place) => new Fork(app, place),
  diff: (place) => new Diff(app, place),
};

/** Shows what the address names; a page that can show it itself stays. */
async function follow() {
  const place = read(location.hash);
  if (page?.accepts(place)) {
    page.show(place);
    return;
  }
  const first = page === null;
  if (!first) page.scrolled = scrollY;
  const shown = (page = PAGES[place.kind](place));
  title(shown.title ?? "Traces");
  main.replaceChildren(shown.element);
  if (!first) main.focus({ preventScroll: true });
  scrollTo(0, shown.scrolled ?? 0);
  if (shown.loaded) shown.show(place);
  else await opened(shown);
}

/** Loads a page; when that fails, says why and offers to try again. */
async function opened(shown) {
  shown.element.setAttribute("aria-busy", "true");
  try {
    await shown.load();
  } catch (failure) {
    if (failure.name === "AbortError" || page !== shown) return;
    const missing = failure.status === 404;
    const words = missing ? "There is no such recording, or it belongs to somebody else." : failure.message;
    shown.element.replaceChildren(
      element(
        "div",
        { class: "lost", role: "alert" },
        element("p", {}, words),
        missing
          ? element("a", { href: "#", class: "tool" }, sign("back"), "All runs")
          : action("refresh", "Try again", () => again()),
      ),
    );
    if (failure.status === undefined) throw failure;
  } finally {
    shown.element.removeAttribute("aria-busy");
  }
}

function again() {
  if (page === list) list = null;
  page = null;
  follow();
}

/** Goes to an address; with `instead`, so that going back does not come here. */
function go(hash, { instead = false } = {}) {
  if (location.hash === hash) return;
  if (!instead) location.hash = hash;
  else {
    history.replaceState(null, "", hash === "" ? location.pathname : hash);
    follow();
  }
}

/** Says something to those who cannot see it. */
function tell(text) {
  at("said").textContent = text;
}

function title(text) {
  document.title = `${text} · ${name}`;
}

at("bar-start").append(icon("plumb"));
at("bar-end").append(
  element("a", { href: "./", class: "icon-button", "aria-label": "Chat", title: "Chat" }, sign("chat")),
  iconButton("menu", "Keys", showKeys),
  lookButton(),
);
at("bar-end").children[1].replaceChildren(sign("keys"));
at("skip").addEventListener("click", (event) => {
  event.preventDefault();
  main.focus();
});
addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event.target) || document.querySelector("dialog[open]")) return;
  if (event.key === "?") showKeys();
  else if (!page?.key?.(event.key)) return;
  event.preventDefault();
});
addEventListener("hashchange", follow);
follow();
