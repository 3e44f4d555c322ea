"""Whether the right passages came through: near duplicates, rules, budgets, versions."""

from collections.abc import Iterator

from agent.recording.recording import Step
from agent.tracing.course import Course, heading, told
from agent.tracing.reading import listed, mapped, objects, text
from agent.tracing.retrieval import Weighed, factors_of, why
from agent.tracing.views import Finding
from tools.ranking.rules import in_force
from tools.types import Hit


def ranking_findings(course: Course) -> Iterator[Finding]:
    """Yield what speaks against the choice of the evidence."""
    step = course.last("rerank")
    if step is None:
        return
    cited = _cited(course)
    for number, one in enumerate(course.weighed):
        yield from _differs(course, number, one, step)
        yield from _nothing(one, step)
        yield from _stale(one, step, cited)
        yield from _ruled_down(one, step)
        yield from _lost(one, step)
    yield from _not_used(course, step, cited)


def _differs(course: Course, number: int, weighed: Weighed, step: Step) -> Iterator[Finding]:
    """The evidence is not what lists, rules and limits give."""
    kept = [hit.chunk.id for hit in weighed.ranking.kept]
    evidence = objects(mapped(step.update).get("evidence"))
    hits = objects(evidence[number].get("hits")) if number < len(evidence) else []
    if [text(mapped(hit, "chunk").get("id")) for hit in hits] != kept and not course.recording.scrubbed:
        yield told(
            "error",
            f"The evidence of part {number + 1} is not what its lists, rules and limits give now: the run"
            " was recorded with other code, or the step does not do what it should. Replay tells.",
            step=step,
        )


def _nothing(weighed: Weighed, step: Step) -> Iterator[Finding]:
    part = weighed.part
    if part.knowledge_bases and not weighed.candidates.fused and not part.needs:
        bases = ", ".join(part.knowledge_bases)
        yield told("warning", f"No passage was found for “{part.question[:120]}” in {bases}.", step=step)


def _stale(weighed: Weighed, step: Step, cited: frozenset[str]) -> Iterator[Finding]:
    """A document that does not hold on the day in question stands before its successor, or is cited."""
    day, places = weighed.plan.as_of, weighed.places["kept"]
    weighing = any(rule.kind == "superseded" for rule in weighed.rules)
    advice = "" if weighing else "; ranking.rules has no rule for superseded documents"
    for hit in weighed.ranking.kept:
        known, place = hit.chunk.metadata, places[hit.chunk.id]
        if in_force(known, day):
            continue
        until = f"held until {known.valid_to}" if known.valid_to else f"holds from {known.valid_from}"
        behind = _successor(hit, weighed)
        if behind is not None:
            yield told(
                "error",
                f"{_named(hit)} {until} and stands at place {place}, before {_named(behind)}, which replaces"
                f" it (asked as of {day}){advice}.",
                step=step,
            )
        elif hit.chunk.id in cited:
            yield told(
                "error",
                f"The answer cites {_named(hit)}, which {until} (asked as of {day}){advice}.",
                step=step,
            )


def _successor(hit: Hit, weighed: Weighed) -> Hit | None:
    """Return the best passage of the document that replaces a hit's, when it stands behind or was dropped."""
    for other in (*weighed.ranking.ruled, *weighed.candidates.fused):
        same = other.chunk.knowledge_base == hit.chunk.knowledge_base
        if same and other.chunk.source == hit.chunk.metadata.superseded_by:
            place = weighed.places["ruled"].get(other.chunk.id, len(weighed.ranking.ruled) + 1)
            return other if place > weighed.places["ruled"][hit.chunk.id] else None
    return None


def _ruled_down(weighed: Weighed, step: Step) -> Iterator[Finding]:
    """The best passage lost its place to a rule."""
    if not weighed.ranking.scored:
        return
    best = weighed.ranking.scored[0]
    place = weighed.places["ruled"][best.chunk.id]
    if place > 1:
        factors = ", ".join(f"{name} × {each:.3g}" for name, each in factors_of(best, weighed).items())
        first = weighed.ranking.ruled[0]
        cause = factors or ", ".join(
            f"{name} × {each:.3g}" for name, each in factors_of(first, weighed).items()
        )
        yield told(
            "warning",
            f"The rules ({cause}) moved the best passage, {_named(best)}, from place 1 to {place}; first is"
            f" now {_named(first)}.",
            step=step,
        )


def _lost(weighed: Weighed, step: Step) -> Iterator[Finding]:
    """A passage that led a search of its part, by meaning or by words, is no evidence."""
    told_of: set[str] = set()
    for one in weighed.candidates.lists:
        for branch, label in (("dense", "meaning"), ("bm25", "words")):
            scored = [(hit.explanation[branch], hit) for hit in one.hits if branch in hit.explanation]
            numbers = [(score, hit) for score, hit in scored if isinstance(score, int | float)]
            if not numbers:
                continue
            _, hit = max(numbers, key=lambda each: each[0])
            if hit.chunk.id in weighed.places["kept"] or hit.chunk.id in told_of:
                continue
            told_of.add(hit.chunk.id)
            yield told(
                "warning",
                f"{_named(hit)} was first by {label} in {one.knowledge_base} for “{one.query[:80]}”, but is"
                f" no evidence: {why(hit, weighed)}.",
                step=step,
            )


def _not_used(course: Course, step: Step, cited: frozenset[str]) -> Iterator[Finding]:
    """The best passage of a part is cited by nothing, although an answer was written."""
    if not cited:
        return
    for one in course.evidence:
        hits = objects(one.get("hits"))
        if hits and not listed(one.get("rows")) and text(mapped(hits[0], "chunk").get("id")) not in cited:
            yield told(
                "note",
                f"The best passage, {heading(mapped(hits[0], 'chunk'))}, is not cited by the answer.",
                step=course.last("synthesize", "revise") or step,
            )


def _cited(course: Course) -> frozenset[str]:
    citations = objects(mapped(course.final, "draft").get("citations"))
    return frozenset(text(one.get("chunk_id")) for one in citations if "chunk_id" in one)


def _named(hit: Hit) -> str:
    return f"“{hit.chunk.heading[:120]}” of {hit.chunk.source[:80]}"
