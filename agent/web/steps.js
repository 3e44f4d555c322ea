/** What is being done about a question, in words, as the events tell it. */
import { element, icon, show, unique } from "./dom.js";

const NODES = {
  classify: "Understanding the question",
  rerank: "Choosing what fits best",
  synthesize: "Writing",
  verify: "Checking the draft",
  revise: "Correcting the draft",
};
const LONGEST = 120;

export class Steps {
  #steps = new Map();
  #now = element("span", { class: "step-now" });
  #list = element("ol", { class: "step-list", id: unique("steps"), hidden: true });

  /** @param tell Told each new step, for those who cannot see it. */
  constructor(tell) {
    this.tell = tell;
    this.head = element(
      "button",
      { type: "button", class: "step-head", "aria-expanded": "false", "aria-controls": this.#list.id },
      element("span", { class: "pulse" }),
      this.#now,
      icon("more"),
    );
    this.head.addEventListener("click", () => {
      show(this.#list, this.#list.hidden);
      this.head.setAttribute("aria-expanded", String(!this.#list.hidden));
    });
    this.element = element("div", { class: "steps", part: "steps" }, this.head, this.#list);
    this.#say("Sending");
  }

  /** Takes an event that tells what is done. */
  take({ type, data }) {
    if (type === "node_started" && NODES[data.node]) this.#begin(NODES[data.node]);
    else if (type === "query") this.#begin(lookedUp(data), data.text);
    else if (type === "rows") this.#begin(`Found ${data.count === 1 ? "1 row" : `${data.count} rows`}`);
    else if (type === "verified") this.#begin(`Checked: ${Math.round(data.faithfulness * 100)} % holds`);
  }

  /** Says how it ended, and how long that took when it is known. */
  end(word, milliseconds = null) {
    this.element.classList.add("ended");
    const parts = [word, this.#steps.size === 1 ? "1 step" : `${this.#steps.size} steps`];
    if (milliseconds !== null) parts.push(spell(milliseconds));
    this.#now.textContent = parts.join(" · ");
    show(this.element, this.#steps.size > 0);
  }

  #begin(step, detail = "") {
    let details = this.#steps.get(step);
    if (!details) {
      details = element("ul", {});
      this.#steps.set(step, details);
      this.#list.append(element("li", {}, step, details));
      this.tell(step);
    }
    const known = [...details.children].some((one) => one.textContent === detail);
    if (detail && !known) details.append(element("li", {}, detail.slice(0, LONGEST)));
    this.#say(step);
  }

  #say(step) {
    this.#now.textContent = `${step} …`;
  }
}

function lookedUp({ knowledge_bases: bases, database }) {
  return database ? "Running a query on the database" : `Searching ${bases.join(" and ")}`;
}

function spell(milliseconds) {
  return milliseconds < 1000 ? `${Math.ceil(milliseconds)} ms` : `${(milliseconds / 1000).toFixed(1)} s`;
}
