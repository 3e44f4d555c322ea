"""Whether facts are said and cited, and which step lost those that are not."""

from collections.abc import Iterable, Iterator, Sequence

from agent.evaluation.cases import Cited
from agent.evaluation.destinations import DATABASE
from agent.evaluation.facts import folded, holds
from agent.evaluation.happened import Happened
from graph.reasoning.tables import spell
from graph.state import Claim, Draft, PassageCitation
from tools.text.sentences import plain
from tools.text.words import numbers
from tools.types import Hit, Rows


def lost_facts(wanted: Sequence[Cited], happened: Happened) -> Iterator[str]:
    """Tell of facts that the answer does not say, or not from their source, naming the step that lost them.

    It is the one that found no evidence, dropped it, did not think it enough, did not write the fact, or
    withheld it.
    """
    if not wanted:
        return
    unfound = [one for one in wanted if one.verbatim and not in_evidence(one, happened)]
    yield from (_unfound(one, happened) for one in unfound)
    rest = [one for one in wanted if one not in unfound]
    if happened.writer is None:
        yield from [_unwritten(happened)] if rest else []
    elif not happened.claims_released:
        yield from [f"step verify: withheld the answer{_reason(happened)}"] if rest else []
    else:
        yield from (_uncited(one, happened) for one in rest if not _is_cited(one, happened.kept))


def in_evidence(wanted: Cited, happened: Happened) -> bool:
    """Tell whether the evidence holds a fact in these very words, or its numbers among the rows."""
    hits = (hit for part in happened.evidence for hit in part.hits)
    rows = (table for part in happened.evidence for table in part.rows)
    return _in_hits(wanted, hits) or (DATABASE in _sources(wanted) and _in_rows(wanted.fact, rows))


def sources_of(claim: Claim, draft: Draft) -> frozenset[str]:
    """Return the documents that a claim cites, and `database` where it cites rows."""
    return frozenset(
        citation.source if isinstance(citation, PassageCitation) else DATABASE
        for citation in draft.citations
        if citation.id in claim.citations
    )


def _in_hits(wanted: Cited, hits: Iterable[Hit]) -> bool:
    sources = _sources(wanted)
    return any(
        holds(folded(f"{hit.chunk.text} {plain(hit.chunk.text)}"), wanted.fact)
        for hit in hits
        if hit.chunk.source in sources
    )


def _in_rows(fact: str, rows: Iterable[Rows]) -> bool:
    """Tell whether cells hold a fact: an answer's own words, such as a unit, may stand around a number."""
    cells = [spell(cell) for table in rows for row in table.rows for cell in row]
    told = numbers(fact)
    return told <= numbers(" ; ".join(cells)) if told else holds(folded(" ".join(cells)), fact)


def _unfound(wanted: Cited, happened: Happened) -> str:
    if DATABASE in _sources(wanted):
        return f"step query_database: the rows lack {wanted.fact!r}"
    if _in_hits(wanted, (hit for found in happened.searches for hit in found.hits)):
        return f"step rerank: evidence lacks {wanted.fact!r} of {wanted.source}"
    return f"step {happened.searching}: no search found {wanted.fact!r} in {wanted.source}"


def _unwritten(happened: Happened) -> str:
    verdicts = ", ".join(dict.fromkeys(one.verdict for one in happened.assessments))
    return f"step assess: called it {verdicts}" if verdicts else "step classify: had nothing written"


def _uncited(wanted: Cited, happened: Happened) -> str:
    if _is_cited(wanted, happened.written):
        return f"step verify: withheld {wanted.fact!r}{_reason(happened)}"
    saying = [claim for claim in happened.written.claims if holds(folded(claim.text), wanted.fact)]
    if not saying:
        return f"step {happened.writer}: does not say {wanted.fact!r}"
    cited = {source for claim in saying for source in sources_of(claim, happened.written)}
    listed = " and ".join(sorted(cited)) or "nothing"
    return f"step {happened.writer}: {wanted.fact!r} cites {listed}, not {wanted.source}"


def _is_cited(wanted: Cited, draft: Draft) -> bool:
    return any(
        holds(folded(claim.text), wanted.fact) and _sources(wanted) & sources_of(claim, draft)
        for claim in draft.claims
    )


def _sources(wanted: Cited) -> frozenset[str]:
    return frozenset(wanted.source.split("|"))


def _reason(happened: Happened) -> str:
    rejected = happened.verification.rejected if happened.verification else ()
    return f" ({rejected[0][1]})" if rejected else ""
