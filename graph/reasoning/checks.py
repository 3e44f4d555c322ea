"""Deterministic checks of a draft against the evidence it cites; they hold for every writer.

A claim holds when it cites something, every citation resolves to evidence of this very run, every number
in it stands in what it cites, and so does every quotation; for a writer that only quotes every word does,
in the order in which the passage has it. Table rows and query results are retold, so that only their words
count.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graph.state import Citation, Claim, Draft, Evidence, PassageCitation, RowsCitation, Verification
from tools.text.sentences import plain
from tools.text.words import fold, numbers, words
from tools.types import Cell, Chunk, Rows

FORM_WORDS = "row rows the first shown or more highest lowest"
"""Words that a table is presented with; they claim nothing."""
QUOTATION = re.compile(r"[\"“„«](?P<words>[^\"“”„«»]{3,})[\"”»]")
"""A run of words in quotation marks."""
TABLE_HEAD = 2
"""Lines of a Markdown table above its rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """What one citation stands for."""

    text: str
    verbatim: bool
    """True for running text, which is quoted word for word; False for tables, which are retold."""
    heading: str = ""
    """What is known about it besides its text."""
    particular: bool = True
    """False when it is about no product in particular."""

    @property
    def everything(self) -> str:
        """Heading and text."""
        return f"{self.heading}\n\n{self.text}" if self.heading else self.text


def check_claims(
    draft: Draft, evidence: Sequence[Evidence], *, quoted: bool = True, question: str = ""
) -> Verification:
    """Return the share of claims that hold, and why the others do not.

    Args:
        draft: Claims and citations.
        evidence: Everything this run found, by part.
        quoted: Demand that a claim quotes the spans it cites word for word. Else it may use its own words,
            and its numbers and its own quotations must stand in the passages it cites, or in what is known
            about their documents.
        question: What was asked; its own numbers may be repeated without a source.
    """
    sources, given = _resolved(draft, evidence, whole=not quoted), numbers(question)
    rejected = [
        (index, reason)
        for index, claim in enumerate(draft.claims)
        if (reason := _objection(claim, sources, given, quoted=quoted)) is not None
    ]
    total = len(draft.claims)
    return Verification(
        faithfulness=(total - len(rejected)) / total if total else 1.0, rejected=tuple(rejected)
    )


def cited_by(draft: Draft, evidence: Sequence[Evidence]) -> list[tuple[Cited, ...]]:
    """Return for each claim what its citations stand for; those of no evidence are left out."""
    sources = _resolved(draft, evidence, whole=True)
    return [
        tuple(sources[number] for number in claim.citations if number in sources) for claim in draft.claims
    ]


def _resolved(draft: Draft, evidence: Sequence[Evidence], *, whole: bool) -> dict[int, Cited]:
    """Return what each citation stands for; those that are no evidence of this run are left out."""
    chunks = {hit.chunk.id: hit.chunk for found in evidence for hit in found.hits}
    rows = [table for found in evidence for table in found.rows]
    given = [citation.id for citation in draft.citations]
    return {
        citation.id: source
        for citation in draft.citations
        if given.count(citation.id) == 1
        and (source := _resolve(citation, chunks, rows, whole=whole)) is not None
    }


def _objection(
    claim: Claim, sources: Mapping[int, Cited], given: frozenset[str], *, quoted: bool
) -> str | None:
    """Return why a claim does not hold, or None when it does."""
    if not claim.citations:
        return "it cites nothing"
    unresolved = [number for number in claim.citations if number not in sources]
    if unresolved:
        return f"citation {unresolved[0]} is not evidence of this run"
    cited = [sources[number] for number in claim.citations]
    everything = " ".join([*(source.everything for source in cited), _shown_rows(claim.text)])
    if foreign := numbers(claim.text) - numbers(everything) - given:
        return f"the number {min(foreign)} does not stand in what it cites"
    if not quoted:
        return _misquotation(claim.text, everything)
    if added := set(_folded(claim.text)) - set(_folded(everything)):
        return f"the word {min(added)!r} does not stand in what it cites"
    if all(source.verbatim and not _stands_in(claim.text, source.text) for source in cited):
        return "it does not quote what it cites word for word"
    return None


def _misquotation(claim: str, text: str) -> str | None:
    """Return what speaks against a claim's own quotation marks: they promise the source's very words."""
    for match in QUOTATION.finditer(claim):
        quotation = match.group("words")
        if len(words(quotation)) > 1 and not (
            _stands_in(quotation, text) or _stands_in(quotation, plain(text))
        ):
            return "what it puts in quotation marks does not stand in what it cites"
    return None


def _shown_rows(claim: str) -> str:
    """Return how many rows a claim's table shows: it may say so; nothing for a claim without a table."""
    shown = sum(line.startswith("|") for line in claim.splitlines()) - TABLE_HEAD
    return str(shown) if shown > 0 else ""


def _stands_in(claim: str, text: str) -> bool:
    """Tell whether the claim's words follow one another in the text."""
    run = " ".join(_folded(claim))
    return not run or f" {run} " in f" {' '.join(_folded(text))} "


def _folded(text: str) -> list[str]:
    return [fold(word) for word in words(text)]


def _resolve(
    citation: Citation, chunks: Mapping[str, Chunk], rows: Sequence[Rows], *, whole: bool
) -> Cited | None:
    """Return what a citation stands for, or None when it is not evidence of this run."""
    if isinstance(citation, PassageCitation):
        return _passage(citation, chunks, whole=whole)
    return _table(citation, rows)


def _passage(citation: PassageCitation, chunks: Mapping[str, Chunk], *, whole: bool) -> Cited | None:
    chunk = chunks.get(citation.chunk_id)
    if chunk is None or (chunk.knowledge_base, chunk.source) != (citation.knowledge_base, citation.source):
        return None
    start, end = citation.start - chunk.start, citation.end - chunk.start
    if not 0 <= start < end <= len(chunk.text) or chunk.text[start:end] != citation.quote:
        return None
    if whole:
        particular = bool(chunk.metadata.products)
        return Cited(text=chunk.text, heading=_described(chunk), particular=particular, verbatim=True)
    text = f"{plain(citation.quote)} {citation.quote}"
    if not citation.quote.lstrip().startswith("|"):
        return Cited(text=text, verbatim=True)
    return Cited(text=f"{text} {_table_lines(chunk.text)}", verbatim=False)


def _described(chunk: Chunk) -> str:
    """Return what is known about a passage's document, with days in both ways of writing them."""
    known = chunk.metadata
    told = {
        "valid from": known.valid_from and f"{known.valid_from} ({known.valid_from:%-d %B %Y})",
        "valid to": known.valid_to and f"{known.valid_to} ({known.valid_to:%-d %B %Y})",
        "version": known.version,
        "revision": known.revision,
        "authority": known.authority,
        "about": ", ".join(known.products),
    }
    return "; ".join([chunk.heading, *(f"{label} {value}" for label, value in told.items() if value)])


def _table_lines(text: str) -> str:
    """Return a passage's tables: the column names above a quoted row are part of what the row says."""
    return " ".join(line for line in text.splitlines() if line.lstrip().startswith("|"))


def _table(citation: RowsCitation, rows: Sequence[Rows]) -> Cited | None:
    for table in rows:
        same = (table.statement, table.parameters, table.columns) == (
            citation.statement,
            citation.parameters,
            citation.columns,
        )
        whole = bool(citation.rows) == bool(table.rows)
        if same and whole and set(citation.rows) <= set(table.rows):
            return Cited(text=_told(citation, table), verbatim=False)
    return None


def _told(citation: RowsCitation, table: Rows) -> str:
    """Return everything a retelling of the cited rows may say."""
    cells: list[Cell] = [cell for row in citation.rows for cell in row]
    cells += [*(value for _, value in table.parameters), len(table.rows)]
    columns = (column.replace("_", " ") for column in table.columns)
    wording = (table.answer if table.rows else table.empty, _described_rows(table), FORM_WORDS)
    return " ".join([*map(_spellings, cells), *columns, *(text for text in wording if text)])


def _described_rows(table: Rows) -> str:
    """Return what a query says of itself: who wrote it for this question may not bring in numbers."""
    invented = not table.name and numbers(table.description) - numbers(table.statement)
    return "" if invented else table.description


def _spellings(cell: Cell) -> str:
    """Return the ways in which an answer may write a value."""
    if cell is None:
        return "unknown"
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, float):
        return f"{cell:.2f} {cell:g}{f' {int(cell)}' if cell.is_integer() else ''}"
    return str(cell)
