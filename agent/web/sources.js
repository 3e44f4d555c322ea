/** The sources of an answer: quoted passages, and rows of the database. */
import { chart } from "./chart.js";
import { element, icon, show, unique } from "./dom.js";

const FIRST_ROWS = 12;

/** A source that folds open, and the chips in the text that open it. */
export class Source {
  constructor(citation) {
    this.citation = citation;
    this.name = nameOf(citation);
    const id = unique("source");
    this.body = element("div", { class: "source-body", id, hidden: true, tabindex: "-1" });
    this.head = element(
      "button",
      { type: "button", class: "source-head", "aria-expanded": "false", "aria-controls": id, part: "source" },
      element("span", { class: "number" }, String(citation.id)),
      icon(citation.kind === "rows" ? "table" : "page"),
      element("span", { class: "source-name" }, this.name),
      element("span", { class: "source-base" }, citation.kind === "rows" ? "Data" : citation.knowledge_base),
    );
    this.head.addEventListener("click", () => this.#toggle(this.body.hidden));
    this.body.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.#toggle(false);
      (this.opener?.isConnected ? this.opener : this.head).focus();
    });
    this.element = element("li", { class: "source" }, this.head, this.body);
  }

  /** Returns a numbered chip for the text. */
  chip() {
    const chip = element(
      "button",
      { type: "button", class: "chip", part: "chip", "aria-label": `Source ${this.citation.id}: ${this.name}` },
      String(this.citation.id),
    );
    chip.title = this.name;
    chip.addEventListener("click", () => {
      this.opener = chip;
      this.#toggle(true);
      this.body.focus({ preventScroll: true });
      this.element.scrollIntoView({ block: "nearest" });
    });
    return chip;
  }

  #toggle(open) {
    if (open && !this.body.hasChildNodes()) {
      this.body.append(...(this.citation.kind === "rows" ? rows(this.citation) : passage(this.citation)));
    }
    show(this.body, open);
    this.head.setAttribute("aria-expanded", String(open));
  }
}

/** Returns a source as one line of text, for the clipboard. */
export function footnote(citation) {
  const address = linkOf(citation);
  return `[${citation.id}] ${nameOf(citation)}${address ? ` <${address}>` : ""}`;
}

function nameOf(citation) {
  if (citation.kind === "rows") return count(citation.rows.length);
  return [citation.title || citation.source, citation.section].filter(Boolean).join(" › ");
}

function count(number) {
  return number === 1 ? "1 row of the database" : `${number} rows of the database`;
}

function passage(citation) {
  const address = linkOf(citation);
  const attributes = { target: "_blank", rel: "noopener noreferrer", referrerpolicy: "no-referrer" };
  const caption = element(
    "figcaption",
    {},
    element("span", {}, `${citation.knowledge_base} · ${citation.source}`),
    address && element("a", { href: address, ...attributes }, "Open the document", icon("link")),
  );
  const { before = "", quote: words, after = "" } = citation;
  const quote = element("blockquote", {}, before, element("mark", {}, words), after);
  return [element("figure", {}, quote, caption)];
}

/** Returns the address of a document; only web pages are linked to. */
function linkOf(citation) {
  if (typeof citation.url !== "string" || !URL.canParse(citation.url)) return null;
  const address = new URL(citation.url);
  return ["https:", "http:"].includes(address.protocol) ? address.href : null;
}

function rows(citation) {
  const picture = citation.chart ? chart(citation) : null;
  const body = element("tbody");
  const fill = (from, to) => body.append(...citation.rows.slice(from, to).map((row, n) => line(citation, row, from + n)));
  fill(0, FIRST_ROWS);
  const head = element("tr", {}, ...citation.columns.map((name) => element("th", { scope: "col" }, name)));
  const table = element("table", {}, element("thead", {}, head), body);
  const label = `Rows of source ${citation.id}`;
  const parts = [element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, table)];
  if (citation.rows.length > FIRST_ROWS) {
    const all = element("button", { type: "button", class: "text-button" }, `Show all ${citation.rows.length} rows`);
    all.addEventListener("click", () => {
      fill(FIRST_ROWS);
      all.remove();
      parts.at(picture ? 1 : 0).focus();
    });
    parts.push(all);
  }
  if (picture) parts.unshift(picture);
  const code = element("pre", { tabindex: "0" }, element("code", {}, citation.statement));
  parts.push(element("details", {}, element("summary", {}, "The statement that was run"), code));
  return parts;
}

/** Builds a row; the cells that the answer shows are marked. */
function line(citation, row, number) {
  const shown = new Set(citation.cells.filter(([at]) => at === number).map(([, column]) => column));
  const cells = row.map((cell, place) => {
    const text = cell === null ? "–" : String(cell);
    const inner = shown.has(citation.columns[place]) ? element("mark", {}, text) : text;
    return element("td", { class: typeof cell === "number" ? "figure" : null }, inner);
  });
  return element("tr", {}, ...cells);
}
