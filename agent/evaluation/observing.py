"""Ask a case and keep what the graph had in its hands on the way to the answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

from agent.evaluation.asking import asked, grade_of
from agent.evaluation.cases import Case
from agent.evaluation.destinations import DATABASE
from agent.evaluation.measured import Observed, Passage, Stated, Table
from agent.recording.recorder import Ended, Recorder, in_order
from graph.ranking import find_candidates
from graph.reasoning.tables import spell
from graph.state import Assessment, Citation, Claim, Draft, Evidence, PassageCitation
from tools.types import Hit, Rows

if TYPE_CHECKING:
    from agent.session import Session

WRITING = ("synthesize", "revise")


async def observe(session: "Session", case: Case, *, recorder: Recorder | None = None) -> Observed:
    """Ask a case, and reply when asked back.

    Args:
        session: Whom to ask; its graph must have been built around a tape.
        case: What to ask.
        recorder: Tells what the steps did, where the case demands some.
    """
    answer, ended = await asked(session, case)
    grade = await grade_of(case, answer, ended, recorder=recorder or Recorder())
    seen = observed_of(ended)
    return Observed(case=case, answer=answer, wrong=grade.wrong, **seen)


def observed_of(ended: Ended) -> dict[str, Any]:  # Any: the fields of `Observed`
    """Return what the steps of a run had in their hands, from its tape."""
    updates = [
        (note.node, note.update)
        for note in in_order(ended.tape.steps)
        if isinstance(note.update, Mapping) and not note.handles
    ]
    evidence: list[Evidence] = _last(updates, "evidence", [])
    written: Draft | None = _last([one for one in updates if one[0] in WRITING], "draft", None)
    kept: Draft | None = _last([one for one in updates if one[0] == "verify"], "draft", None)
    assessments: list[Assessment] = _last(updates, "assessments", [])
    hits = _in_turn([part.hits for part in evidence])
    return {
        "found": tuple(_passage(hit) for hit in _unique([*hits, *_fused(ended)])),
        "evidence": tuple(_passage(hit) for hit in _unique(hits)),
        "tables": tuple(_table(rows) for part in evidence for rows in part.rows),
        "claims": tuple(_stated(written, kept)) if written is not None else (),
        "confidence": min((one.confidence for one in assessments), default=None),
        "written": written is not None and bool(written.claims),
    }


def _last(updates: Sequence[tuple[str, Mapping[str, Any]]], channel: str, missing: Any) -> Any:  # noqa: ANN401
    return next((update[channel] for _, update in reversed(updates) if channel in update), missing)


def _fused(ended: Ended) -> Iterable[Hit]:
    """Return what the searches found for all parts, in turn, as it was before the ranking."""
    ranked = [note for note in in_order(ended.tape.steps) if note.node == "rerank"]
    if not ranked:
        return ()
    state: Mapping[str, Any] = ranked[-1].state
    lists = [*state.get("prefetched", []), *state.get("retrieved", [])]
    return _in_turn([find_candidates(part, lists).fused for part in state["plan"].parts])


def _in_turn(lists: Sequence[Sequence[Hit]]) -> list[Hit]:
    """Return the first of each list, then the second of each, and so on."""
    return [hit for hit in chain.from_iterable(zip_longest(*lists)) if hit is not None]


def _unique(hits: Iterable[Hit]) -> Iterable[Hit]:
    """Return each passage once, where it comes first."""
    first: dict[str, Hit] = {}
    for hit in hits:
        first.setdefault(hit.chunk.id, hit)
    return first.values()


def _passage(hit: Hit) -> Passage:
    chunk = hit.chunk
    return Passage(
        chunk_id=chunk.id,
        knowledge_base=chunk.knowledge_base,
        source=chunk.source,
        start=chunk.start,
        end=chunk.end,
        text=chunk.text,
        score=hit.score,
    )


def _table(rows: Rows) -> Table:
    return Table(
        statement=rows.statement,
        parameters=dict(rows.parameters),
        columns=tuple(rows.columns),
        rows=tuple(tuple(row) for row in rows.rows),
    )


def _stated(written: Draft, kept: Draft | None) -> Iterator[Stated]:
    held = {claim.text for claim in (kept or written).claims}
    citations = {citation.id: citation for citation in written.citations}
    for claim in written.claims:
        yield _statement(
            claim, [citations[number] for number in claim.citations if number in citations], held
        )


def _statement(claim: Claim, cited: Sequence[Citation], held: set[str]) -> Stated:
    passages = [one for one in cited if isinstance(one, PassageCitation)]
    tables = [one for one in cited if not isinstance(one, PassageCitation)]
    return Stated(
        text=claim.text,
        quotes=tuple(one.quote for one in passages),
        sources=(*dict.fromkeys(one.source for one in passages), *([DATABASE] if tables else [])),
        cells=tuple(spell(cell) for table in tables for row in table.rows for cell in row),
        kept=claim.text in held,
    )
