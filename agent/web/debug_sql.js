/** Statements with what the guard decided, the plan, and the rows. */
import { brief, count, facts, folding, table, tag } from "./debug_words.js";
import { element } from "./dom.js";

const DECISIONS = { allowed: ["Allowed", "good"], refused: ["Refused", "error"], failed: ["Failed", "error"] };
const FIRST_ROWS = 50;
const WORDS = new Set(
  ("select from where and or not in is null like between join left right inner outer cross on using group by having order asc desc " +
    "limit offset as distinct union all case when then else end with over partition count sum avg min max cast exists insert update " +
    "delete drop create alter into values set").split(" "),
);
const PIECE = /'(?:[^']|'')*'|--[^\n]*|:[a-z_]\w*|\b\d+(?:\.\d+)?\b|\b[a-z_]+\b|[^'a-z_0-9:-]+|./gi;

export function sql(given) {
  return element("div", { class: "stack" }, ...given.map(one));
}

function one(given) {
  const [words, tone] = DECISIONS[given.decision] ?? [given.decision, "quiet"];
  return element(
    "section",
    { class: "statement" },
    element("div", { class: "statement-head" }, tag(words, tone), given.named ? tag(given.named, "note", "Named query") : tag("Written for the question"), element("span", { class: "quiet" }, `call ${given.call}`)),
    given.reason ? element("p", { class: given.decision === "allowed" ? "quiet" : "failure" }, given.reason) : null,
    coloured(given.statement, "Statement"),
    parameters(given.parameters),
    given.normalized && given.normalized !== given.statement ? folding("As it was run", () => coloured(given.normalized, "Statement as it was run")) : null,
    given.plan.length > 0 ? folding("Plan", () => element("pre", { class: "plan", tabindex: "0", "aria-label": "Plan" }, given.plan.join("\n")), { open: true }) : null,
    ...rows(given),
  );
}

function parameters(given) {
  const pairs = Object.entries(given);
  return pairs.length === 0 ? null : facts(pairs.map(([name, value]) => [`:${name}`, element("code", {}, JSON.stringify(value))]));
}

function* rows({ columns, rows: given, truncated, decision }) {
  if (decision !== "allowed") return;
  const cells = (row) => row.map((cell) => (cell === null ? element("span", { class: "json-null" }, "null") : brief(cell, 300)));
  const figures = new Set(columns.flatMap((_, place) => (given.length > 0 && given.every((row) => typeof row[place] === "number") ? [place] : [])));
  yield element("p", { class: "quiet" }, count(given.length, "row"), truncated ? ", cut off at the limit" : "");
  if (given.length === 0) return;
  yield table("Rows", columns, given.slice(0, FIRST_ROWS).map(cells), figures);
  if (given.length > FIRST_ROWS) yield folding(`${given.length - FIRST_ROWS} more rows`, () => table("More rows", columns, given.slice(FIRST_ROWS).map(cells), figures));
}

/** Shows a statement with its words told apart from names and values. */
function coloured(statement, label) {
  const pieces = [...statement.matchAll(PIECE)].map(([piece]) => {
    const kind = kindOf(piece);
    return kind === null ? piece : element("span", { class: `sql-${kind}` }, piece);
  });
  return element("pre", { class: "sql", tabindex: "0", "aria-label": label }, element("code", {}, ...pieces));
}

function kindOf(piece) {
  if (WORDS.has(piece.toLowerCase())) return "word";
  if (/^['\d]/.test(piece)) return "value";
  if (piece.length > 1 && piece.startsWith(":")) return "parameter";
  return piece.startsWith("--") ? "comment" : null;
}
