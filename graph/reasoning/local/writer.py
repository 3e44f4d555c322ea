"""The local writer: quotes sentences, list items, table rows and database cells, part by part."""

from collections.abc import Mapping, Sequence

from graph.plan import Plan
from graph.reasoning.citing import cite_passage, cite_rows
from graph.reasoning.harmless.quotations import quotation
from graph.reasoning.ports import Emit
from graph.reasoning.tables import as_sentence, as_table
from graph.state import (
    Assessment,
    Citation,
    Claim,
    Draft,
    Evidence,
    Support,
    Token,
    Verification,
)
from tools.metering import Meter
from tools.types import Chunk, Rows


class LocalWriter:
    """Writes by quoting, so that nothing can be made up. Implements `Writer`."""

    async def write(
        self,
        plan: Plan,
        evidence: Sequence[Evidence],
        assessments: Sequence[Assessment],
        *,
        emit: Emit,
        meter: Meter,
    ) -> Draft:
        """Answer each part from its rows first, then from its supports."""
        del meter
        claims: list[Claim] = []
        citations: list[Citation] = []
        for part in range(len(plan.parts)):
            _add_rows(part, evidence[part].rows, claims, citations)
            if assessments[part].verdict in ("sufficient", "caveat"):
                chunks = {hit.chunk.id: hit.chunk for hit in evidence[part].hits}
                _add_supports(part, assessments[part].supports, chunks, claims, citations)
        emit(Token(text=self.render(claims)))
        return Draft(claims=tuple(claims), citations=tuple(citations))

    async def revise(
        self,
        plan: Plan,
        evidence: Sequence[Evidence],
        draft: Draft,
        verification: Verification,
        *,
        emit: Emit,
        meter: Meter,
    ) -> Draft:
        """Return the draft as it is: a quotation cannot be put in other words."""
        del plan, evidence, verification, emit, meter
        return draft

    def render(self, claims: Sequence[Claim]) -> str:
        """Return Markdown: a paragraph a part, lists as lists, tables as tables, `[n]` behind each claim.

        What documents, rows and models say is shown as harmless quotations, however it got into a claim.
        """
        blocks: list[str] = []
        previous: Claim | None = None
        for number, claim in enumerate(_numbered(claims)):
            original = claims[number]
            joiner = _joiner(previous, original)
            if joiner is None or not blocks:
                blocks.append(claim)
            else:
                blocks[-1] += joiner + claim
            previous = original
        return "\n\n".join(blocks)


def _joiner(previous: Claim | None, claim: Claim) -> str | None:
    """Return what stands between two claims inside one block; None opens a new block."""
    if previous is None or previous.part != claim.part or "table" in (previous.kind, claim.kind):
        return None
    if previous.kind == claim.kind == "sentence":
        return " "
    listed = ("item", "step")
    return "\n" if previous.kind in listed and claim.kind in listed else None


def _numbered(claims: Sequence[Claim]) -> list[str]:
    """Return each claim with its marks; steps count from 1 within their list."""
    texts: list[str] = []
    step = 0
    for claim in claims:
        marks = "".join(f"[{number}]" for number in claim.citations)
        step = step + 1 if claim.kind == "step" else 0
        text = quotation(claim.text)
        if claim.kind == "table":
            lead, _, table = text.partition("\n\n")
            texts.append(f"{lead} {marks}\n\n{table}")
        else:
            prefix = {"item": "- ", "step": f"{step}. "}.get(claim.kind, "")
            texts.append(f"{prefix}{text} {marks}")
    return texts


def _add_rows(part: int, tables: Sequence[Rows], claims: list[Claim], citations: list[Citation]) -> None:
    for rows in tables:
        sentence = as_sentence(rows)
        if sentence is None and not rows.rows:
            continue
        number = len(citations) + 1
        citations.append(cite_rows(number, rows))
        text, kind = (sentence, "sentence") if sentence is not None else (as_table(rows), "table")
        claims.append(Claim(text=text, citations=(number,), kind=kind, part=part))  # type: ignore[arg-type]


def _add_supports(
    part: int,
    supports: Sequence[Support],
    chunks: Mapping[str, Chunk],
    claims: list[Claim],
    citations: list[Citation],
) -> None:
    """Quote each support; spans that follow one another in a passage share one citation."""
    for run in _runs(supports, chunks):
        number = len(citations) + 1
        chunk = chunks[run[0].chunk_id]
        citations.append(cite_passage(number, chunk, start=run[0].start, end=run[-1].end))
        for support in run:
            kind = "sentence" if support.kind == "row" else support.kind
            claims.append(Claim(text=_sentence(support), citations=(number,), kind=kind, part=part))


def _runs(supports: Sequence[Support], chunks: Mapping[str, Chunk]) -> list[list[Support]]:
    runs: list[list[Support]] = []
    for support in supports:
        last = runs[-1][-1] if runs else None
        if last is not None and last.chunk_id == support.chunk_id and _adjacent(last, support, chunks):
            runs[-1].append(support)
        else:
            runs.append([support])
    return runs


def _adjacent(one: Support, other: Support, chunks: Mapping[str, Chunk]) -> bool:
    """Tell whether only white space and list marks stand between two spans of a passage."""
    chunk = chunks[one.chunk_id]
    between = chunk.text[one.end - chunk.start : other.start - chunk.start]
    return one.end <= other.start and len(between.split()) <= 1


def _sentence(support: Support) -> str:
    """End a quotation that has no end of its own, so that answers read as sentences."""
    text = support.text.strip()
    return text if text.endswith((".", "!", "?", ":", "。", "！", "？")) else f"{text}."
