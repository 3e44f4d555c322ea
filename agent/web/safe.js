/**
 * The only place where text becomes elements: a second wall behind the server's sanitising.
 *
 * The HTML is read by a pattern, never by the browser's parser, so there is nothing that could load or run on
 * the way, and no Trusted Types policy is needed. What is not exactly an allowed tag is shown as text.
 */
import { element } from "./dom.js";

const ELEMENTS = new Set(
  "p br hr ol ul li strong em s code pre blockquote table thead tbody tr th td h1 h2 h3 h4 h5 h6 span".split(" "),
);
const EMPTY = new Set(["br", "hr"]);
const PIECE = /<(\/?)([a-z][a-z0-9]*)(?: data-citation="(\d{1,6})")?>|[^<]+|</g;
const ENTITY = /&(amp|lt|gt|quot|nbsp|#39);/g;
const CHARACTERS = { amp: "&", lt: "<", gt: ">", quot: '"', nbsp: "\u00a0", "#39": "'" };

/**
 * Fills an element with an answer's sanitised HTML.
 *
 * `marker(number)` returns the node for a citation, or null when the answer has no such citation.
 */
export function fill(target, html, marker) {
  const open = [target];
  for (const [text, closing, tag, number] of html.matchAll(PIECE)) {
    const inner = open.at(-1);
    if (!ELEMENTS.has(tag)) inner.append(plain(text));
    else if (closing) close(open, tag);
    else if (tag === "span") open.push(marked(inner, number, marker));
    else {
      const made = document.createElement(named(tag));
      inner.append(tag === "table" ? scrolling(made) : made);
      if (!EMPTY.has(tag)) open.push(made);
    }
  }
}

/** Ends the innermost element of a tag, with what it holds; the target itself stays open. */
function close(open, tag) {
  const name = named(tag).toUpperCase();
  const place = open.findLastIndex((one) => (one.tagName ?? "SPAN") === name);
  if (place > 0) open.length = place;
}

/** Headings of an answer stand below the page's own. */
function named(tag) {
  return /^h[1-6]$/.test(tag) ? "h4" : tag;
}

/** Puts the citation's node in place of its marker; the marker's own text goes nowhere. */
function marked(inner, number, marker) {
  const node = number === undefined ? null : marker(Number(number));
  if (node === null) return inner.appendChild(document.createElement("span"));
  inner.append(node);
  return document.createDocumentFragment();
}

function scrolling(table) {
  return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Table" }, table);
}

function plain(text) {
  return text.replace(ENTITY, (_, name) => CHARACTERS[name]);
}
