/** A visitor's credentials: a token of half an hour in memory, and what the browser keeps to be recognised by. */
import { failure, reach } from "./api.js";

const EARLY = 60;

export class Visitor {
  #token = null;
  #until = 0;
  #asking = null;

  /** @param kept Where `visitor` and `thread` are kept for the site. */
  constructor(base, site, identity, kept) {
    this.base = base;
    this.site = site;
    this.identity = identity;
    this.kept = kept;
    this.granted = () => {};
  }

  /** Says who the visitor is, signed by the site's own server; null when nobody is signed in any more. */
  identify(identity) {
    this.identity = identity;
    this.#token = null;
  }

  /** Returns a token that is good for a while yet. */
  async token() {
    if (this.#token !== null && Date.now() < this.#until) return this.#token;
    this.#asking ??= this.#exchange().finally(() => {
      this.#asking = null;
    });
    return this.#asking;
  }

  /** The token was refused: a new one is tried, once. */
  async refused(times) {
    this.#token = null;
    return times === 1;
  }

  async #exchange() {
    const body = { site: this.site };
    if (this.kept.visitor) body.visitor = this.kept.visitor;
    if (this.identity) body.identity = this.identity;
    const response = await reach(`${this.base}/api/widget/session`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw await failure(response);
    const granted = await response.json();
    this.#token = granted.token;
    this.#until = Date.now() + (granted.expires_in - EARLY) * 1000;
    this.kept.visitor = granted.visitor;
    this.granted(granted);
    return granted.token;
  }
}

/** Keeps the thread and the visitor of a site in the host page's storage, as far as that allows it. */
export class Kept {
  #place;
  #values;

  constructor(site) {
    this.#place = `plumbline:${site}`;
    this.#values = this.#read();
  }

  get thread() {
    return this.#values.thread ?? null;
  }

  set thread(thread) {
    this.#keep({ thread });
  }

  get visitor() {
    return this.#values.visitor ?? null;
  }

  set visitor(visitor) {
    this.#keep({ visitor });
  }

  #read() {
    try {
      const { thread, visitor } = JSON.parse(localStorage.getItem(this.#place)) ?? {};
      return { thread: text(thread), visitor: text(visitor) };
    } catch {
      return {}; // storage is forbidden here, or holds something that is not ours
    }
  }

  #keep(changed) {
    this.#values = { ...this.#values, ...changed };
    try {
      localStorage.setItem(this.#place, JSON.stringify(this.#values));
    } catch {
      // storage is forbidden or full: the conversation is remembered until the page is left
    }
  }
}

function text(value) {
  return typeof value === "string" && value.length < 4096 ? value : null;
}
