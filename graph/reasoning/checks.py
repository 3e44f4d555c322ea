"""Deterministic checks of a draft against the evidence it cites; they hold for every writer.

A claim holds when it cites something, every citation resolves to evidence of this very run, every number
in it stands in what it cites, and (for a writer that only quotes) every word does.
"""

from collections.abc import Mapping, Sequence

from graph.state import Citation, Claim, Draft, Evidence, PassageCitation, RowsCitation, Verification
from tools.text.sentences import plain
from tools.text.words import numbers, stem_set
from tools.types import Cell, Chunk, Rows

FORM_WORDS = "row rows the first 10 shown or more unknown yes no"
"""Words that a table is presented with; they claim nothing."""


def check_claims(draft: Draft, evidence: Sequence[Evidence], *, quoted: bool = True) -> Verification:
    """Return the share of claims that hold, and why the others do not.

    Args:
        draft: Claims and citations.
        evidence: Everything this run found, by part.
        quoted: Also demand that a claim uses no word its citations do not contain.
    """
    chunks = {hit.chunk.id: hit.chunk for found in evidence for hit in found.hits}
    rows = [table for found in evidence for table in found.rows]
    citations = {citation.id: citation for citation in draft.citations}
    sources = {
        number: text
        for number, citation in citations.items()
        if (text := _resolve(citation, chunks, rows)) is not None
    }
    rejected = [
        (index, reason)
        for index, claim in enumerate(draft.claims)
        if (reason := _objection(claim, sources, quoted=quoted)) is not None
    ]
    total = len(draft.claims)
    return Verification(
        faithfulness=(total - len(rejected)) / total if total else 1.0, rejected=tuple(rejected)
    )


def _objection(claim: Claim, sources: Mapping[int, str], *, quoted: bool) -> str | None:
    """Return why a claim does not hold, or None when it does."""
    if not claim.citations:
        return "it cites nothing"
    unresolved = [number for number in claim.citations if number not in sources]
    if unresolved:
        return f"citation {unresolved[0]} is not evidence of this run"
    cited = " ".join(sources[number] for number in claim.citations)
    if foreign := numbers(claim.text) - numbers(cited):
        return f"the number {min(foreign)} does not stand in what it cites"
    if quoted and (added := stem_set(claim.text) - stem_set(cited)):
        return f"the word {min(added)!r} does not stand in what it cites"
    return None


def _resolve(citation: Citation, chunks: Mapping[str, Chunk], rows: Sequence[Rows]) -> str | None:
    """Return the text a citation stands for, or None when it is not evidence of this run."""
    if isinstance(citation, PassageCitation):
        return _passage(citation, chunks)
    return _table(citation, rows)


def _passage(citation: PassageCitation, chunks: Mapping[str, Chunk]) -> str | None:
    chunk = chunks.get(citation.chunk_id)
    if chunk is None or (chunk.knowledge_base, chunk.source) != (citation.knowledge_base, citation.source):
        return None
    start, end = citation.start - chunk.start, citation.end - chunk.start
    if not 0 <= start < end <= len(chunk.text) or chunk.text[start:end] != citation.quote:
        return None
    header = _table_header(chunk.text, citation.quote)
    return f"{plain(citation.quote)} {citation.quote} {header}"


def _table_header(text: str, quote: str) -> str:
    """Return the column names above a quoted table row: they are part of what the row says."""
    if not quote.lstrip().startswith("|"):
        return ""
    return " ".join(line for line in text.splitlines() if line.lstrip().startswith("|"))


def _table(citation: RowsCitation, rows: Sequence[Rows]) -> str | None:
    for table in rows:
        same = (table.statement, table.columns) == (citation.statement, citation.columns)
        if same and set(citation.rows) <= set(table.rows):
            cells: list[Cell] = [cell for row in citation.rows for cell in row]
            cells += [value for _, value in table.parameters] + list(table.columns) + [len(table.rows)]
            words = " ".join(
                f"{cell:.2f} {cell:g}" if isinstance(cell, float) else str(cell) for cell in cells
            )
            wording = " ".join(text for text in (table.answer, table.empty, table.description) if text)
            return f"{words} {wording} {FORM_WORDS}"
    return None
