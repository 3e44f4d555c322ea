/** A conversation, on the page and in the widget alike. */
import { Failure } from "./api.js";
import { Composer } from "./composer.js";
import { element, show, unique } from "./dom.js";
import { ask, follow, resume } from "./follow.js";
import { Turn } from "./turn.js";

const NEAR = 120;
const MARGIN = 16;
const MESSAGES = 100;

export class Chat {
  #thread = null;
  #running = null;
  #known = new Set();

  /**
   * @param welcome Shown while there is nothing else.
   * @param tell Told what happens, by name and with detail, for the page around.
   * @param moved Told the thread that is open now, null when it is a new one.
   * @param forgiving Whether a conversation that is gone gives way to a new one without a word.
   */
  constructor(api, { welcome, placeholder, tell, moved, forgiving = false }) {
    this.forgiving = forgiving;
    this.api = api;
    this.welcome = welcome;
    this.tell = tell;
    this.moved = moved;
    this.announcer = element("p", { class: "unseen", role: "status" });
    this.turns = element("div", { class: "turns" });
    const name = unique("conversation");
    const heading = element("h2", { class: "unseen", id: name }, "Conversation");
    this.transcript = element(
      "section",
      { class: "transcript", part: "transcript", tabindex: "0", "aria-labelledby": name },
      heading,
      welcome,
      this.turns,
    );
    this.composer = new Composer({ placeholder, send: (question) => this.ask(question), stop: () => this.stop() });
    this.element = element("div", { class: "chat" }, this.transcript, this.composer.element, this.announcer);
  }

  get thread() {
    return this.#thread;
  }

  /** Opens a conversation, null for a new one; a question under way there is followed to its end. */
  async open(thread) {
    this.#running?.abort();
    this.#running = null;
    this.#thread = thread;
    this.#known.clear();
    this.turns.replaceChildren();
    this.composer.busy = false;
    show(this.welcome, thread === null);
    this.moved(thread);
    if (thread !== null) await this.#load(thread);
  }

  /** Asks a question in the conversation that is open; returns its answer, or null when none will come. */
  async ask(question) {
    if (this.#running !== null) return null;
    const turn = this.#add(question);
    this.#toTop(turn);
    if (matchMedia("(pointer: fine)").matches) this.composer.focus();
    return this.#run(turn, {
      open: async (signal) => {
        await this.ready();
        return ask(this.api, this.#thread, question, signal);
      },
      find: (signal) => this.#find(signal),
    });
  }

  /** Says something that belongs to no question. */
  say(text) {
    show(this.welcome, false);
    this.turns.append(element("p", { class: "notice", part: "notice" }, text));
    this.#announce(text);
    this.#toEnd();
  }

  /** Makes sure that there is a thread. */
  async ready() {
    if (this.#thread !== null) return this.#thread;
    const { thread_id: made } = await this.api.json("POST", "/api/threads", { body: {} });
    this.#thread = made;
    this.moved(made);
    return made;
  }

  /** Stops the answer under way, as soon as it has a name. */
  async stop() {
    const running = this.#running;
    if (running === null) return;
    running.stopping = true;
    if (running.run === undefined) return;
    try {
      await this.api.send("POST", `/api/runs/${running.run}/cancel`);
    } catch (failure) {
      running.turn.fail(`Stopped here, but the server was not told: ${failure.message}`);
      running.abort();
    }
  }

  /** Shows the messages of a thread, all of them, oldest first. */
  async #load(thread) {
    let open = null;
    let cursor = "";
    try {
      do {
        const page = await this.api.json("GET", `/api/threads/${thread}?limit=${MESSAGES}${cursor}`);
        if (this.#thread !== thread) return;
        for (const message of page.messages) open = this.#recall(message, open);
        cursor = page.next === null ? null : `&cursor=${encodeURIComponent(page.next)}`;
      } while (cursor !== null);
    } catch (failure) {
      if (this.#thread === thread) await this.#missing(thread, failure);
      return;
    }
    this.#toEnd();
    if (open === null) return;
    const { turn, run } = open;
    const events = (signal) => resume(this.api, run, 0, signal);
    await this.#run(turn, { open: events, find: () => run });
  }

  /** Shows one message; returns the question that has no answer yet. */
  #recall({ role, run_id: run, content, answer, html, feedback }, open) {
    this.#known.add(run);
    if (role === "user") {
      open?.turn.fail("This was not answered.");
      return { turn: this.#add(content), run };
    }
    open.turn.answer(answer, html, feedback);
    return null;
  }

  /** A conversation that is not there (any more) gives way to a new one. */
  async #missing(thread, failure) {
    if (failure.status === 404) await this.open(null);
    if (failure.status === 404 && this.forgiving) return;
    this.say(failure.status === 404 ? "This conversation does not exist any more. Here is a new one." : failure.message);
    if (failure.passing) addEventListener("online", () => this.open(thread), { once: true });
    this.tell("error", { message: failure.message });
  }

  #add(question) {
    const turn = new Turn(question, {
      tell: (text) => this.#announce(text),
      ask: (text) => this.ask(text),
      rate: (run, said) => this.#rate(run, said),
    });
    show(this.welcome, false);
    for (const choice of this.turns.querySelectorAll(".choice")) choice.disabled = true;
    this.turns.append(turn.element);
    return turn;
  }

  async #run(turn, { open, find }) {
    const control = new AbortController();
    const { signal } = control;
    const running = { turn, run: undefined, answer: null, stopping: false, abort: () => control.abort() };
    this.#running = running;
    this.composer.busy = true;
    const waiting = (milliseconds) => turn.waiting(milliseconds);
    try {
      for await (const event of follow(this.api, { open: () => open(signal), find: () => find(signal), waiting, signal })) {
        this.#take(running, event);
      }
    } catch (failure) {
      if (!signal.aborted) this.#failed(turn, failure);
    } finally {
      if (this.#running === running) {
        this.#running = null;
        this.composer.busy = false;
      }
    }
    return running.answer;
  }

  #take(running, event) {
    const { type, data } = event;
    const near = this.transcript.scrollHeight - this.transcript.scrollTop - this.transcript.clientHeight < NEAR;
    running.turn.take(event);
    if (near && type === "answer") this.#toTop(running.turn);
    else if (near) this.#toEnd();
    if (type === "run_started") {
      if (!this.#known.has(data.run_id)) this.tell("question", { content: running.turn.question, ...data });
      running.run = data.run_id;
      this.#known.add(data.run_id);
      if (running.stopping) this.stop();
    } else if (type === "answer") {
      running.answer = data;
      this.tell("answer", data);
    } else if (type === "error") this.tell("error", data);
  }

  #failed(turn, failure) {
    if (!(failure instanceof Failure)) {
      turn.fail("Something went wrong in this page.");
      throw failure;
    }
    turn.fail(failure.message, failure.wait);
    this.tell("error", { message: failure.message });
  }

  /** Finds the run of a question whose response never came: one of this thread that was not known before. */
  async #find(signal) {
    if (this.#thread === null) return null;
    let cursor = "";
    let last = null;
    do {
      const page = await this.api.json("GET", `/api/threads/${this.#thread}?limit=${MESSAGES}${cursor}`, { signal });
      last = page.messages.findLast((one) => one.role === "user") ?? last;
      cursor = page.next === null ? null : `&cursor=${encodeURIComponent(page.next)}`;
    } while (cursor !== null);
    return last !== null && !this.#known.has(last.run_id) ? last.run_id : null;
  }

  async #rate(run, said) {
    await this.api.json("POST", `/api/runs/${run}/feedback`, { body: said });
    this.tell("feedback", { run_id: run, ...said });
  }

  #announce(text) {
    this.announcer.textContent = text;
  }

  /** Scrolls a turn to the top, and nothing but the transcript. */
  #toTop(turn) {
    const [wanted, now] = [turn.element, this.transcript].map((one) => one.getBoundingClientRect().top);
    this.transcript.scrollTop += wanted - now - MARGIN;
  }

  #toEnd() {
    this.transcript.scrollTop = this.transcript.scrollHeight;
  }
}
