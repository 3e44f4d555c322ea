/** The widget: a launcher and a panel in a shadow root, and `window.plumbline` for the page around it. */
import { Api } from "./api.js";
import { Chat } from "./chat.js";
import { element, icon, iconButton, show, unique } from "./dom.js";
import { HandOff } from "./handoff.js";
import { Kept, Visitor } from "./visitor.js";

/** Puts the widget on the page, as the script tag with this address says. */
export function mount(address) {
  const script = [...document.querySelectorAll("script[data-site]")].find((one) => one.src === address);
  if (window.plumbline !== undefined || script === undefined) return;
  const widget = new Widget(new URL(".", address).href.slice(0, -1), script.dataset);
  window.plumbline = Object.freeze({
    open: () => widget.open(),
    close: () => widget.close(),
    ask: (question) => widget.ask(question),
    identify: (identity) => widget.identify(identity),
    on,
  });
  widget.show();
}

/** Calls a handler with the detail of every event of a name; returns what ends that. */
function on(name, handler) {
  const listener = (event) => handler(event.detail);
  window.addEventListener(`plumbline:${name}`, listener);
  return () => window.removeEventListener(`plumbline:${name}`, listener);
}

function tell(name, detail = {}) {
  window.dispatchEvent(new CustomEvent(`plumbline:${name}`, { detail }));
}

class Widget {
  #begun = false;

  constructor(base, { site, title, accent, position, open, identity }) {
    this.kept = new Kept(site);
    this.visitor = new Visitor(base, site, identity, this.kept);
    this.visitor.granted = (granted) => this.#welcome(granted);
    this.api = new Api(base, this.visitor);
    this.title = title;
    this.atOnce = open !== undefined && open !== "false";
    this.host = document.createElement("plumbline-widget");
    this.host.dataset.position = position === "left" ? "left" : "right";
    if (accent && CSS.supports("color", accent)) this.host.style.setProperty("--plumbline-accent", accent);
    this.root = this.host.attachShadow({ mode: "open" });
    this.#build();
  }

  /** Shows the launcher as soon as there are styles for it. */
  async show() {
    try {
      this.root.adoptedStyleSheets = await Promise.all(["chat.css", "widget.css"].map(sheet));
    } catch (failure) {
      tell("error", { message: "The widget's styles could not be loaded." });
      throw failure;
    }
    document.body.append(this.host);
    tell("ready");
    if (this.atOnce) this.open({ focus: false });
  }

  /** Opens the panel; the conversation of the last visit is there again. */
  open({ focus = true } = {}) {
    const closed = this.panel.hidden;
    show(this.panel, true);
    this.launcher.setAttribute("aria-expanded", "true");
    if (focus) this.chat.composer.focus();
    this.#begin();
    if (closed) tell("open");
  }

  close() {
    if (this.panel.hidden) return;
    show(this.panel, false);
    this.launcher.setAttribute("aria-expanded", "false");
    this.launcher.focus();
    tell("close");
  }

  /** Opens the panel and asks; returns the answer, or null when there is none. */
  async ask(question) {
    this.open({ focus: false });
    await this.#loaded;
    return this.chat.ask(String(question));
  }

  /** Says who the visitor is; what another person asked here before is not shown. */
  async identify(identity) {
    this.visitor.identify(identity);
    if (this.#begun) this.#loaded = this.chat.open(this.kept.thread);
    await this.#loaded;
  }

  #loaded = Promise.resolve();

  /** Nothing is asked of the server before the panel is opened. */
  #begin() {
    if (this.#begun) return;
    this.#begun = true;
    this.#loaded = this.visitor.token().then(
      () => this.chat.open(this.kept.thread),
      (failure) => {
        this.#begun = false;
        this.chat.say(failure.message);
      },
    );
  }

  #welcome({ title, handoff }) {
    this.heading.textContent = this.title || title;
    show(this.person, handoff !== false);
  }

  #build() {
    const name = unique("title");
    const panel = unique("panel");
    this.heading = element("h2", { id: name, part: "title" }, this.title || "Assistant");
    this.chat = new Chat(this.api, {
      welcome: element("div", { class: "welcome" }, icon("plumb"), element("p", { class: "welcome-title" }, "How can I help?")),
      placeholder: "Ask a question",
      forgiving: true,
      tell,
      moved: (thread) => {
        this.kept.thread = thread;
      },
    });
    this.handoff = new HandOff(this.api, this.chat, tell);
    this.person = iconButton("person", "Talk to a person", () => this.handoff.open(), { hidden: true, part: "person" });
    const fresh = iconButton("add", "New conversation", () => {
      this.chat.open(null);
      this.chat.composer.focus();
    });
    const close = iconButton("close", "Close", () => this.close(), { part: "close" });
    this.panel = element(
      "section",
      { id: panel, class: "panel", part: "panel", role: "dialog", "aria-labelledby": name, hidden: true },
      element("header", { class: "head", part: "header" }, this.heading, this.person, fresh, close),
      this.chat.element,
    );
    this.chat.element.insertBefore(this.handoff.element, this.chat.composer.element);
    this.panel.addEventListener("keydown", (event) => {
      event.stopPropagation(); // the page's own shortcuts are not meant by what is typed here
      if (event.key === "Escape") this.close();
    });
    this.launcher = element(
      "button",
      {
        type: "button",
        class: "launcher",
        part: "launcher",
        "aria-label": "Ask a question",
        "aria-expanded": "false",
        "aria-controls": panel,
        on: { click: () => (this.panel.hidden ? this.open() : this.close()) },
      },
      icon("chat"),
    );
    this.root.append(this.panel, this.launcher);
  }
}

/** Reads a style sheet as text: a constructed one is allowed on pages whose policy forbids inline styles. */
async function sheet(name) {
  const response = await fetch(new URL(name, import.meta.url), { credentials: "omit", referrerPolicy: "no-referrer" });
  if (!response.ok) throw new Error(`${name} could not be loaded`);
  const made = new CSSStyleSheet();
  made.replaceSync(await response.text());
  return made;
}
