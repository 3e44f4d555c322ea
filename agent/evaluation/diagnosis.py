"""Which step lost a failed case, whether context or behaviour was lacking, and which rung to try next."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from agent.evaluation.cases import Relevant
from agent.evaluation.destinations import OUT_OF_SCOPE, sent_to
from agent.evaluation.facts import folded, holds
from agent.evaluation.measured import Axis, Loss, Lost, Observed, Passage
from agent.evaluation.metrics.retrieval import is_relevant
from tools.text.sentences import plain

CUT = 8
"""Passages that a ranking lets through; what came after was ranked out, what came before was packed out."""
AXES: dict[Loss, Axis] = {
    "not indexed": "context",
    "not retrieved": "context",
    "ranked out": "context",
    "packed out": "context",
    "misrouted": "context",
    "wrong SQL": "context",
    "not used": "behaviour",
    "unfaithful": "behaviour",
    "wrong status": "behaviour",
}
NEXT: dict[Loss, tuple[str, str]] = {
    "not indexed": ("chunking", "add the documents, or see with plumbline ingest why they cannot be read"),
    "not retrieved": (
        "embeddings",
        "another embedder, smaller chunks, or hyde and expand to search in more words",
    ),
    "ranked out": ("rerank", "a cross-encoder (models.reranker), or rules for what should come first"),
    "packed out": ("rerank", "more room (ranking.passages, ranking.evidence_tokens), or smaller chunks"),
    "misrouted": ("classify", "example questions for the place that was missed"),
    "wrong SQL": ("tools", "a named query with examples, or words for tables and columns"),
    "not used": ("prompt", "worked examples (assistant.examples), or a better model"),
    "unfaithful": ("verify", "a stricter assistant.faithfulness, or another judge"),
    "wrong status": ("verify", "another assistant.abstain or assistant.in_scope"),
}
"""The rung to try next, and how."""
STEPS: dict[Loss, str] = {
    "not indexed": "ingest",
    "not retrieved": "retrieve",
    "ranked out": "rerank",
    "packed out": "rerank",
    "misrouted": "classify",
    "wrong SQL": "query_database",
    "not used": "synthesize",
    "unfaithful": "verify",
    "wrong status": "assess",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What the failures have in common."""

    axes: dict[Axis, int]
    """How many lack context, and how many misbehave with it."""
    losses: dict[Loss, int]
    """Most frequent first."""
    rung: str | None
    """To try next; None when nothing failed."""
    text: str


def diagnose(observed: Observed, indexed: Callable[[str], bool]) -> Lost | None:
    """Name the first step on the way that lost a failed case; None for a right one.

    Args:
        observed: The case as it was asked.
        indexed: Tells whether a document is in the index.
    """
    if observed.correct:
        return None
    return _context_lost(observed, indexed) or _behaviour_lost(observed)


def advise(losses: Sequence[Lost]) -> Advice:
    """Sum up which axis the failures lie on, and which rung to try next."""
    counted = Counter(one.loss for one in losses)
    axes: Counter[Axis] = Counter(one.axis for one in losses)
    if not losses:
        return Advice(axes=dict(axes), losses={}, rung=None, text="Nothing failed.")
    loss, count = counted.most_common(1)[0]
    rung, how = NEXT[loss]
    lacking = axes["context"] >= axes["behaviour"]
    axis = "the model lacks the context" if lacking else "the model misbehaves with the context it has"
    text = (
        f"{axes['context']} of {len(losses)} failures lack context, {axes['behaviour']} misbehave with it: "
        f"mostly, {axis}. The most frequent loss is {loss!r} ({count}). Try {rung} next: {how}."
    )
    return Advice(axes=dict(axes), losses=dict(counted.most_common()), rung=rung, text=text)


def _context_lost(observed: Observed, indexed: Callable[[str], bool]) -> Lost | None:
    case = observed.case
    if case.status in ("answered", "partial", "clarify") and observed.answer.status == "declined":
        return _lost("misrouted", "declined as out of scope")
    misrouted = _missed(observed)
    for entry in case.gold:
        sources = [one for one in entry.source.split("|") if one]
        if sources and not any(map(indexed, sources)):
            return _lost("not indexed", f"no document of {entry.source} is in the index")
        if any(is_relevant(one, entry) for one in observed.evidence):
            continue
        if misrouted:
            return misrouted
        return _unseen(entry, observed.found)
    if misrouted:
        return misrouted
    if case.uses_database and not observed.tables and case.status in ("answered", "partial"):
        return _lost("wrong SQL", "the database gave no rows")
    return _without_fact(observed)


def _missed(observed: Observed) -> Lost | None:
    """Tell which place that is needed was not asked."""
    case, route = observed.case, observed.answer.route
    if case.status not in ("answered", "partial"):
        return None
    asked = sent_to(route)
    searched = {one.knowledge_base for one in observed.found}
    missed = sorted(base for base in case.knowledge_bases if base not in asked and base not in searched)
    if case.uses_database and "database" not in asked and not observed.tables:
        missed.append("the database")
    if not missed:
        return None
    taken = "out of scope" if asked == {OUT_OF_SCOPE} else " and ".join(sorted(asked))
    return _lost("misrouted", f"sent to {taken}, not to {' and '.join(missed)}")


def _unseen(entry: Relevant, found: Sequence[Passage]) -> Lost:
    """Tell where a passage that should be evidence was lost."""
    wanted = entry.source or f"a passage with {entry.text[:80]!r}"
    ranks = [rank for rank, one in enumerate(found, start=1) if is_relevant(one, entry)]
    if not ranks:
        return _lost("not retrieved", f"no search found {wanted}")
    loss: Loss = "packed out" if ranks[0] <= CUT else "ranked out"
    return _lost(loss, f"{wanted} was found at rank {ranks[0]} and is not among the evidence")


def _without_fact(observed: Observed) -> Lost | None:
    """Tell of a fact that the evidence lacks although its documents are there."""
    case = observed.case
    if case.status not in ("answered", "partial"):
        return None
    context = folded(_context(observed))
    lacking = [fact for fact in case.must_contain if not holds(context, fact)]
    if not lacking:
        return None
    if case.uses_database and not case.gold:
        return _lost("wrong SQL", f"the rows lack {lacking[0]!r}")
    elsewhere = [rank for rank, one in enumerate(observed.found, 1) if holds(folded(one.text), lacking[0])]
    if elsewhere:
        reason = (
            f"a passage with {lacking[0]!r} was found at rank {elsewhere[0]} and is not among the evidence"
        )
        return _lost("packed out" if elsewhere[0] <= CUT else "ranked out", reason)
    if case.uses_database:
        return _lost("wrong SQL", f"neither rows nor passages hold {lacking[0]!r}")
    return _lost("not retrieved", f"no passage found holds {lacking[0]!r}")


def _behaviour_lost(observed: Observed) -> Lost:
    case, answer = observed.case, observed.answer
    told = "; ".join(observed.wrong)
    withheld = [claim for claim in observed.claims if not claim.kept]
    if case.status in ("answered", "partial") and answer.status in ("unanswerable", "clarify"):
        return _lost("wrong status", f"the evidence was there, and the answer is {answer.status}")
    if answer.status != case.status and case.status not in ("answered", "partial"):
        return _lost("wrong status", f"{answer.status}, not {case.status}")
    text = folded(answer.answer)
    said = [fact for fact in case.must_not_contain if folded(fact) in text]
    if said:
        return _lost("unfaithful", f"says {said[0]!r}")
    lacking = [fact for fact in case.must_contain if not holds(text, fact)]
    if lacking and any(holds(folded(claim.text), lacking[0]) for claim in withheld):
        return _lost("unfaithful", f"{lacking[0]!r} was written, and withheld by the checks")
    if lacking:
        return _lost("not used", f"the evidence holds {lacking[0]!r}, the answer does not say it")
    if answer.status != case.status:
        return _lost("wrong status", f"{answer.status}, not {case.status}")
    return _lost("not used", told or "the answer does not use the evidence")


def _context(observed: Observed) -> str:
    rows = (str(cell) for table in observed.tables for row in table.rows for cell in row if cell is not None)
    return "\n".join((*(f"{one.text}\n{plain(one.text)}" for one in observed.evidence), *rows))


def _lost(loss: Loss, reason: str) -> Lost:
    return Lost(loss=loss, axis=AXES[loss], step=STEPS[loss], reason=reason)
