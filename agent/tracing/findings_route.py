"""Whether the question went where its answer lies."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from agent.recording.recording import Json, Step
from agent.tracing.course import NEAR, Course, day, heading, quoted, told
from agent.tracing.reading import excerpt, listed, mapped, number, objects, optional_number, text
from agent.tracing.views import Finding, Severity

NEARER = 0.02
"""By so much a cosine must be larger to mean anything."""
LIKELY = 0.3
"""A destination with such a probability was meant."""
CLOSE = 0.1
"""Probabilities less apart are as good as equal."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Best:
    """The nearest passage that was found in one base."""

    base: str
    dense: float
    chunk: Mapping[str, Json]


def route_findings(course: Course) -> Iterator[Finding]:
    """Yield what speaks against the way that the question was sent."""
    step = course.last("classify")
    if step is None or mapped(course.final, "plan").get("small_talk") is not None:
        return
    yield from _not_searched(course, step)
    yield from _unlikely(course, step)
    yield from _database(course, step)
    yield from _uncertain(course, step)
    yield from _details(course, step)


def _not_searched(course: Course, step: Step) -> Iterator[Finding]:
    """A base that was not searched holds a nearer passage, as the search ahead of the plan shows."""
    asked = {text(base) for part in course.parts for base in listed(part.get("knowledge_bases"))}
    best = _best_by_base(course.searches())
    inside = max((one.dense for base, one in best.items() if base in asked), default=None)
    for one in sorted(best.values(), key=lambda one: -one.dense):
        if one.base in asked:
            continue
        against = NEAR if inside is None else inside + NEARER
        if one.dense >= against and (inside is not None or course.status != "answered"):
            compared = "" if inside is None else f"; the best that was searched has {inside:.2f}"
            yield told(
                _severity(course),
                f"{heading(one.chunk)} in {one.base} is nearer to the question (dense"
                f" {one.dense:.2f}{compared}), but {one.base} was not searched: the router gave it"
                f" {_probability(course, one.base):.2f}.",
                step=step,
            )


def _unlikely(course: Course, step: Step) -> Iterator[Finding]:
    """The nearest passage lies in a base whose lists weighed little."""
    best = max(_best_by_base(course.searches()).values(), key=lambda one: one.dense, default=None)
    probabilities = mapped(course.final, "plan", "route", "knowledge_bases")
    highest = max((number(each) for each in probabilities.values()), default=0.0)
    if best is None or best.base not in probabilities:
        return
    asked = {text(base) for part in course.parts for base in listed(part.get("knowledge_bases"))}
    first = {
        text(mapped(hits[0], "chunk").get("id"))
        for one in course.evidence
        if (hits := objects(one.get("hits")))
    }
    own = number(probabilities[best.base])
    if (
        best.base in asked
        and best.dense >= NEAR
        and own < highest / 2
        and text(best.chunk.get("id")) not in first
    ):
        yield told(
            "warning",
            f"The passage nearest to the question, {heading(best.chunk)}, lies in {best.base}, which the"
            f" router found unlikely ({own:.2f} against {highest:.2f}): its list weighed little, and it does"
            " not lead.",
            step=step,
        )


def _database(course: Course, step: Step) -> Iterator[Finding]:
    likely = number(mapped(course.final, "plan", "route").get("database"))
    asked = any(listed(part.get("matches")) or part.get("writes_sql") is True for part in course.parts)
    if likely >= 0.5 and not asked:
        yield told(
            "warning",
            f"The database probably has the answer ({likely:.2f}), but nothing was asked of it: no named"
            " query fits, and no SQL is written.",
            step=step,
        )


def _uncertain(course: Course, step: Step) -> Iterator[Finding]:
    route = mapped(course.final, "plan", "route")
    in_scope = optional_number(route.get("in_scope"))
    if in_scope is not None and in_scope < 0.5 and course.last("assess") is not None:
        yield told(
            "warning", f"The router took the question for out of scope (in scope {in_scope:.2f}).", step=step
        )
    places = {**mapped(route, "knowledge_bases"), "database": route.get("database")}
    ranked = sorted(places.items(), key=lambda each: -number(each[1]))[:2]
    likely = number(ranked[0][1]) >= LIKELY if ranked else False
    if likely and len(ranked) == 2 and 0 < number(ranked[0][1]) - number(ranked[1][1]) < CLOSE:
        named = " and ".join(f"{excerpt(name)} ({number(each):.2f})" for name, each in ranked)
        yield told("note", f"The router could hardly tell {named} apart.", step=step)


def _details(course: Course, step: Step) -> Iterator[Finding]:
    """Another day, conditions that a named query leaves out, values that it lacks."""
    plan = mapped(course.final, "plan")
    today = next(
        (
            day(call.response)
            for call in course.recording.calls
            if (call.port, call.method) == ("clock", "today")
        ),
        None,
    )
    as_of = day(plan.get("as_of"))
    if today is not None and as_of is not None and as_of != today:
        yield told("note", f"The question is answered as of {as_of}, not of today ({today}).", step=step)
    for part in course.parts:
        for match in objects(part.get("matches"))[:1]:
            yield from _match(match, step)


def _match(match: Mapping[str, Json], step: Step) -> Iterator[Finding]:
    name = excerpt(match.get("query"))
    unknown, missing = ([text(each) for each in listed(match.get(key))] for key in ("unknown", "missing"))
    if unknown:
        yield told(
            "note",
            f"The query {name} knows nothing of {quoted(unknown[:5])}: a condition of the question may be "
            "left out.",
            step=step,
        )
    if missing:
        yield told("note", f"The query {name} lacks a value: {excerpt(missing[0], 160)}", step=step)


def _best_by_base(searches: Iterable[Mapping[str, Json]]) -> dict[str, _Best]:
    """Return the nearest passage of each base; without vectors there is none to compare."""
    best: dict[str, _Best] = {}
    for one in searches:
        base = text(one.get("knowledge_base"))
        for hit in objects(one.get("hits")):
            dense = optional_number(mapped(hit, "explanation").get("dense"))
            if dense is not None and (base not in best or dense > best[base].dense):
                best[base] = _Best(base=base, dense=dense, chunk=mapped(hit, "chunk"))
    return best


def _probability(course: Course, base: str) -> float:
    return number(mapped(course.final, "plan", "route", "knowledge_bases").get(base))


def _severity(course: Course) -> Severity:
    return "warning" if course.status == "answered" else "error"
