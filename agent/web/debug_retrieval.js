/** The retrieval inspector: where each passage was found, how it was scored, and why it stands where it does. */
import { count, folding, score, table, tag } from "./debug_words.js";
import { element, icon, show, unique } from "./dom.js";

/** Columns of the inspector: name, what it tells, and the figure that it shows and sorts by. */
const COLUMNS = [
  { name: "#", title: "Place in the evidence", of: (hit) => hit.rank },
  { name: "Passage", title: "Sort by source", of: (hit) => hit.source },
  { name: "Dense", title: "Best score by meaning", of: (hit) => best(hit, "dense") },
  { name: "BM25", title: "Best score by words", of: (hit) => best(hit, "bm25") },
  { name: "Fused", title: "Best score of a search, of meaning and words together", of: (hit) => best(hit, "fused") },
  { name: "Lists", title: "Fusion of all result lists, and the place that it gave", of: (hit) => hit.fusion },
  { name: "Cross", title: "Score of the cross-encoder", of: (hit) => hit.cross_encoder },
  { name: "Rules", title: "Product of what the rules multiplied by", of: (hit) => product(hit) },
  { name: "Score", title: "What the place follows from", of: (hit) => hit.score },
];
const TEXTS = new Set(["Passage"]);

export function inspector({ parts }) {
  const shown = parts.map((part, number) => {
    const kept = part.passages.filter((passage) => passage.kept).length;
    const heading = element("h4", {}, parts.length > 1 ? `${number + 1}. ` : "", part.question);
    const size = element("p", { class: "quiet" }, `${count(part.passages.length, "passage")}, ${kept} kept`);
    return element("section", { class: "inspected" }, heading, size, passages(part));
  });
  return element("div", { class: "stack" }, ...shown);
}

function passages(part) {
  const body = element("tbody");
  const most = Math.max(...part.passages.map((hit) => hit.score), 0.000001);
  const lines = new Map(part.passages.map((hit) => [hit, line(hit, most)]));
  const used = COLUMNS.filter(({ name, of }) => name === "#" || name === "Passage" || part.passages.some((hit) => typeof of(hit) === "number"));
  const heads = used.map((column) => {
    const button = element("button", { type: "button", title: column.title }, column.name);
    const head = element("th", { scope: "col", class: TEXTS.has(column.name) ? null : "figure", "aria-sort": column.name === "#" ? "ascending" : "none" }, button);
    button.addEventListener("click", () => {
      const falling = head.getAttribute("aria-sort") === "none" ? column.name !== "#" && column.name !== "Passage" : head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", falling ? "descending" : "ascending");
      body.append(...sorted(part.passages, column, falling).flatMap((hit) => lines.get(hit)(used)));
    });
    return head;
  });
  body.append(...sorted(part.passages, COLUMNS[0], false).flatMap((hit) => lines.get(hit)(used)));
  const inner = element("table", { class: "hits" }, element("thead", {}, element("tr", {}, ...heads)), body);
  return element("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": `Passages for “${part.question}”` }, inner);
}

/** Puts those without a figure last. */
function sorted(hits, { of }, falling) {
  const side = falling ? -1 : 1;
  return hits.toSorted((one, other) => {
    const [a, b] = [of(one) ?? null, of(other) ?? null];
    if (a === null || b === null) return (a === null) - (b === null) || other.score - one.score;
    return side * (a < b ? -1 : a > b ? 1 : 0);
  });
}

/** Returns what builds the two rows of a passage once: its figures, and its text, which unfolds. */
function line(hit, most) {
  let rows = null;
  return (used) => {
    if (rows !== null) return rows;
    const id = unique("passage");
    const inner = element("td", { colspan: used.length });
    const below = element("tr", { class: "hit-text", id, hidden: true }, inner);
    const fold = element("button", { type: "button", class: "hit-name", "aria-expanded": "false", "aria-controls": id }, icon("more"), named(hit));
    fold.addEventListener("click", () => {
      if (!inner.hasChildNodes()) inner.append(...details(hit));
      show(below, below.hidden);
      fold.setAttribute("aria-expanded", String(!below.hidden));
    });
    const cells = used.map((column) => {
      if (column.name === "#") return element("td", { class: "figure" }, hit.rank === null ? "–" : String(hit.rank), moved(hit));
      if (column.name === "Passage") return element("td", { class: "passage" }, fold, element("p", { class: "why" }, hit.why));
      return figure(column, hit, most);
    });
    rows = [element("tr", { class: hit.kept ? "kept" : "dropped" }, ...cells), below];
    return rows;
  };
}

function figure({ name, of }, hit, most) {
  const value = of(hit);
  const cell = element("td", { class: "figure" }, name === "Rules" && typeof value === "number" ? `× ${value.toFixed(2)}` : score(value));
  if (name === "Lists" && hit.fusion_rank !== null) cell.append(element("small", {}, `place ${hit.fusion_rank}`));
  if (name === "Rules") cell.title = Object.entries(hit.factors).map(([rule, by]) => `${rule} × ${by}`).join("\n");
  if (name !== "Score" || typeof value !== "number") return cell;
  const meter = element("i", { class: "meter" });
  meter.style.setProperty("--share", Math.max(0, value) / most);
  cell.append(meter);
  return cell;
}

/** Tells how far a passage came from where the lists had put it. */
function moved({ rank, fusion_rank: before }) {
  if (rank === null || before === null || rank === before) return null;
  const up = rank < before;
  return element("small", { class: up ? "rose" : "fell" }, `${up ? "▲" : "▼"} ${Math.abs(before - rank)}`);
}

function named(hit) {
  return element("span", {}, element("b", {}, [hit.title || hit.source, hit.section].filter(Boolean).join(" › ")), element("small", {}, `${hit.knowledge_base} · ${hit.source}`));
}

function* details(hit) {
  const dated = [hit.valid_from && `valid from ${hit.valid_from}`, hit.valid_to && `valid to ${hit.valid_to}`];
  const labels = [...dated.filter(Boolean).map((words) => tag(words)), hit.superseded_by ? tag(`superseded by ${hit.superseded_by}`, "warning") : null];
  const rules = Object.entries(hit.factors).map(([rule, by]) => tag(`${rule} × ${by}`, by < 1 ? "warning" : "good"));
  yield element("p", { class: "tags" }, ...labels, ...rules, element("code", {}, hit.chunk_id));
  yield element("blockquote", {}, hit.text);
  if (hit.found.length > 0) yield found(hit.found);
}

function found(lists) {
  const rows = lists.map((list) => [list.query, list.family.replaceAll("_", " "), list.knowledge_base, String(list.rank), score(list.dense), score(list.bm25), score(list.fused)]);
  return table("Searches that found it", ["Found by", "Kind", "In", "Place", "Dense", "BM25", "Fused"], rows, new Set([3, 4, 5, 6]));
}

function best(hit, name) {
  const figures = hit.found.map((list) => list[name]).filter((value) => typeof value === "number");
  return figures.length === 0 ? null : Math.max(...figures);
}

function product(hit) {
  const factors = Object.values(hit.factors);
  return factors.length === 0 ? null : factors.reduce((whole, factor) => whole * factor, 1);
}

/** Shows what each search of a step found. */
export function searches(given) {
  return element("div", { class: "stack" }, ...given.map(search));
}

function search(one) {
  const heading = element("div", { class: "statement-head" }, tag(one.knowledge_base, "note"), element("b", {}, one.query));
  const rows = one.hits.map((hit) => [
    String(hit.rank),
    folding(named({ ...hit, knowledge_base: one.knowledge_base }), () => element("blockquote", {}, hit.text)),
    score(hit.dense),
    score(hit.bm25),
    score(hit.score),
  ]);
  const scrolled = table(`Found for “${one.query}”`, ["#", "Passage", "Dense", "BM25", "Score"], rows, new Set([0, 2, 3, 4]));
  return element(
    "section",
    { class: "inspected" },
    heading,
    one.shortfall ? element("p", { class: "finding warning" }, one.shortfall) : null,
    rows.length === 0 ? element("p", { class: "quiet" }, "Nothing was found.") : scrolled,
  );
}
