/** One question and what came of it: the steps, the draft, the answer, or an honest word on why there is none. */
import { element, icon, iconButton, show } from "./dom.js";
import { Feedback } from "./feedback.js";
import { fill } from "./safe.js";
import { footnote, Source } from "./sources.js";
import { Steps } from "./steps.js";

const STATUS = {
  partial: "Answered in part",
  clarify: "Asks back",
  unanswerable: "No answer in the sources",
  declined: "Outside of what can be asked here",
};

export class Turn {
  #draft = element("p", { class: "draft-text" });
  #drafted = element("div", { class: "draft", part: "draft", hidden: true });
  #reply = element("div", { class: "reply" });
  #notice = element("div", { class: "notice", part: "notice", hidden: true });

  /**
   * @param actions `tell(text)` for who cannot see; `ask(text)` asks something else in the conversation;
   *   `rate(run, said)` sends feedback.
   */
  constructor(question, actions) {
    this.question = question;
    this.actions = actions;
    this.steps = new Steps(actions.tell);
    this.#drafted.append(element("p", { class: "badge" }, "Draft, not checked yet"), this.#draft);
    this.#reply.append(this.steps.element, this.#drafted, this.#notice);
    const heading = element("h3", { class: "question", part: "question" }, question);
    this.element = element("article", { class: "turn", "aria-busy": "true" }, heading, this.#reply);
  }

  /** Takes an event of the run. */
  take({ type, data }) {
    if (type === "token") this.#write(data);
    else if (type === "answer") this.answer(data, data.html);
    else if (type === "error") this.fail(data.message);
    else if (type === "done") this.#finish(data.status);
    else this.steps.take({ type, data });
  }

  /** Shows an answer that was checked. */
  answer(answer, html, feedback = null) {
    const sources = new Map(answer.citations.map((citation) => [citation.id, new Source(citation)]));
    const body = element("div", { class: "answer", part: "answer" });
    fill(body, html, (number) => sources.get(number)?.chip() ?? null);
    this.#reply.append(body, ...notes(answer));
    if (answer.choices.length > 0) this.#reply.append(this.#choices(answer.choices));
    if (sources.size > 0) {
      const list = [...sources.values()].map((source) => source.element);
      this.#reply.append(element("ol", { class: "sources", part: "sources", "aria-label": "Sources" }, ...list));
    }
    this.#act(answer, feedback);
    this.#settle(STATUS[answer.status] ?? checked(answer), answer.timings_ms.total);
    const cited = sources.size === 0 ? "" : ` ${sources.size === 1 ? "1 source." : `${sources.size} sources.`}`;
    this.actions.tell(`Answer: ${body.textContent}.${cited}`);
  }

  /** Says why there is no answer, and lets the asker try again, after so many seconds. */
  fail(message, wait = 0) {
    this.#settle("Not answered");
    this.#say(message, this.#retry(wait));
    this.#notice.classList.add("failed");
  }

  /** Says that the connection was lost and when it is tried again; null when it works again. */
  waiting(milliseconds) {
    if (milliseconds === null) show(this.#notice, false);
    else this.#say(`The connection was lost. Trying again in ${Math.ceil(milliseconds / 1000)} s …`);
  }

  #write({ text, restart }) {
    if (restart) this.#draft.replaceChildren();
    this.#draft.append(text);
    show(this.#drafted, this.#draft.textContent !== "");
  }

  #finish(status) {
    if (status !== "cancelled") return;
    this.#settle("Stopped");
    this.#say("Stopped before there was an answer.", this.#retry(0));
  }

  /** Ends the work on the question: an unchecked draft does not stay. */
  #settle(word, milliseconds = null) {
    this.element.removeAttribute("aria-busy");
    this.#drafted.remove();
    show(this.#notice, false);
    this.steps.end(word, milliseconds);
  }

  #say(text, ...more) {
    this.#notice.replaceChildren(element("p", {}, text), ...more);
    this.#reply.append(this.#notice);
    show(this.#notice, true);
    this.actions.tell(text);
  }

  #retry(wait) {
    const button = element("button", { type: "button", class: "small-button" }, icon("retry"), "Try again");
    button.addEventListener("click", () => this.actions.ask(this.question));
    const until = Date.now() + wait * 1000;
    const count = () => {
      const left = Math.ceil((until - Date.now()) / 1000);
      button.disabled = left > 0;
      button.lastChild.textContent = left > 0 ? `Try again in ${left} s` : "Try again";
      if (left > 0) setTimeout(count, 500);
    };
    count();
    return button;
  }

  #choices(choices) {
    const buttons = choices.map((choice) => element("button", { type: "button", class: "choice" }, choice));
    for (const button of buttons) {
      button.addEventListener("click", () => this.actions.ask(button.textContent));
    }
    return element("div", { class: "choices", part: "choices", role: "group", "aria-label": "Choose" }, ...buttons);
  }

  #act(answer, feedback) {
    const copy = iconButton("copy", "Copy the answer", () => this.#copy(copy, answer));
    const retry = iconButton("retry", "Ask this again", () => this.actions.ask(this.question));
    const rating = new Feedback((said) => this.actions.rate(answer.run_id, said));
    if (feedback) rating.known(feedback);
    const row = element("div", { class: "actions", part: "actions" }, copy, retry, rating.up, rating.down);
    this.#reply.append(row, rating.element);
  }

  async #copy(button, answer) {
    const text = [answer.answer, ...answer.citations.map(footnote)].join("\n");
    try {
      await navigator.clipboard.writeText(text);
    } catch {
      this.actions.tell("Copying is not allowed here."); // by the browser, or because the page came over plain HTTP
      return;
    }
    button.replaceChildren(icon("done"));
    this.actions.tell("Copied.");
    setTimeout(() => button.replaceChildren(icon("copy")), 2000);
  }
}

function checked(answer) {
  const share = Math.round(answer.faithfulness * 100);
  return share === 100 ? "Checked" : `Checked: ${share} % holds`;
}

/** Lists what is lacking; an answer of lesser means says so even without a reason. */
function* notes(answer) {
  const told = answer.degraded ? ["Answered with less than usual at hand.", ...answer.notes] : answer.notes;
  if (answer.status === "partial" && told.length === 0) told.push(STATUS.partial);
  if (told.length === 0) return;
  yield element("ul", { class: "notes", part: "notes", "aria-label": "Notes" }, ...told.map((note) => element("li", {}, note)));
}
