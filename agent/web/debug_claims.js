/** Each claim of an answer, whether it holds, and what carries it. */
import { tag } from "./debug_words.js";
import { element } from "./dom.js";

const VERDICTS = { holds: ["Holds", "good"], rejected: ["Rejected", "error"], cut: ["Cut", "warning"] };

export function claims(given) {
  return element("ol", { class: "claims" }, ...given.map(claim));
}

function claim({ number, text, part, kind, verdict, reason, evidence }) {
  const [words, tone] = VERDICTS[verdict] ?? ["Not checked", "quiet"];
  const about = [kind === "sentence" ? null : kind, part > 0 ? `part ${part + 1}` : null].filter(Boolean).join(", ");
  return element(
    "li",
    { class: `claim ${verdict ?? "unchecked"}` },
    element("div", { class: "claim-head" }, element("span", { class: "flow-number" }, String(number)), tag(words, tone), element("span", { class: "quiet" }, about)),
    element("p", { class: "claim-text" }, text),
    reason ? element("p", { class: "claim-reason" }, reason) : null,
    evidence.length === 0 ? element("p", { class: "quiet" }, "Nothing is cited for it.") : element("ul", {}, ...evidence.map(carried)),
  );
}

function carried({ citation, kind, source, title, quote, statement }) {
  const name = [title, source].filter(Boolean).join(" · ") || kind;
  const told = quote ? element("blockquote", {}, quote) : null;
  const code = statement ? element("pre", { tabindex: "0", "aria-label": "Statement" }, element("code", {}, statement)) : null;
  return element("li", {}, element("span", { class: "cited" }, String(citation)), element("div", {}, element("span", { class: "quiet" }, name), told, code));
}
