"""Two runs side by side: what each step wrote, the evidence, the answer, the way, time and cost."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from pydantic import ValidationError

from agent.answer import Public, RouteTaken
from agent.recording.recording import Failure, Json, Recording, Step
from agent.recording.states import states_of
from agent.recording.summary import Summary
from agent.tracing.aligning import Pair, aligned
from agent.tracing.changes import Line, changed_lines
from agent.tracing.reading import excerpt, listed, mapped, objects, shown, text
from agent.tracing.views import ChannelChange, TraceSummary

EXCERPT = 80
"""Characters of a passage that tell it from its neighbours."""
PAYLOAD, PAUSED, FAILURE = "(given)", "(asked back)", "(failure)"
"""Stand where the name of a channel does for what is none."""


class StepsCompared(Public):
    """One step of both runs, or of one alone."""

    node: str
    a: int | None
    b: int | None
    equal: bool
    """Whether both were given and wrote the same."""
    a_ms: float | None
    b_ms: float | None
    changes: list[ChannelChange]
    """What the two wrote differently; of the first steps also what they began with."""


class Moved(Public):
    """A passage that changed places with others."""

    passage: str
    a: int
    """Place among the evidence of its part, from 1."""
    b: int


class RowsChanged(Public):
    """Rows of one part that are not the same."""

    part: int
    lines: list[Line]


class EvidenceCompared(Public):
    """How the evidence differs, b against a."""

    added: list[str]
    removed: list[str]
    moved: list[Moved]
    rows: list[RowsChanged]


class AnswersCompared(Public):
    """Both answers."""

    a: str | None
    b: str | None
    lines: list[Line]


class RoutesCompared(Public):
    """Where both questions were sent."""

    a: RouteTaken | None
    b: RouteTaken | None


class Spent(Public):
    """What a run took."""

    duration_ms: float
    steps: int
    calls: int
    model_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float


class UsageCompared(Public):
    """What both runs took."""

    a: Spent
    b: Spent


class Comparison(Public):
    """Two runs side by side."""

    a: TraceSummary
    b: TraceSummary
    steps: list[StepsCompared]
    evidence: EvidenceCompared
    answer: AnswersCompared
    route: RoutesCompared
    usage: UsageCompared
    first_difference: int | None
    """Index among `steps`; None when all are equal."""


def compare(a: Recording, b: Recording, *, a_summary: Summary, b_summary: Summary) -> Comparison:
    """Compare two runs; they need not be of the same question, nor of this version's graph."""
    begun = list(_changed(a.initial, b.initial))
    steps = [_step(pair, begun if at == 0 else []) for at, pair in enumerate(aligned(a.steps, b.steps))]
    left, right = text(mapped(a.answer).get("answer")), text(mapped(b.answer).get("answer"))
    return Comparison(
        a=TraceSummary.of(a_summary),
        b=TraceSummary.of(b_summary),
        steps=steps,
        evidence=_evidence(_final(a), _final(b)),
        answer=AnswersCompared(
            a=left if a.answer else None,
            b=right if b.answer else None,
            lines=changed_lines(left, right),
        ),
        route=RoutesCompared(a=_route(a), b=_route(b)),
        usage=UsageCompared(a=_spent(a_summary), b=_spent(b_summary)),
        first_difference=next((at for at, step in enumerate(steps) if not step.equal), None),
    )


def _step(pair: Pair, begun: Sequence[ChannelChange]) -> StepsCompared:
    a, b = pair.a, pair.b
    changes = [*begun, *(_differences(a, b) if a and b else ())]
    return StepsCompared(
        node=a.node if a else b.node if b else "",
        a=a.number if a else None,
        b=b.number if b else None,
        equal=bool(a and b) and not changes,
        a_ms=_took(a),
        b_ms=_took(b),
        changes=changes,
    )


def _differences(a: Step, b: Step) -> Iterator[ChannelChange]:
    yield from _changed({PAYLOAD: a.payload}, {PAYLOAD: b.payload})
    yield from _changed(a.update or {}, b.update or {})
    yield from _changed({PAUSED: a.paused}, {PAUSED: b.paused})
    yield from _changed({FAILURE: _told(a.failure)}, {FAILURE: _told(b.failure)})


def _changed(before: Mapping[str, Json], after: Mapping[str, Json]) -> Iterator[ChannelChange]:
    """Yield the channels that have other values."""
    for channel in dict.fromkeys([*before, *after]):
        old, new = before.get(channel), after.get(channel)
        if old != new or (channel in before) != (channel in after):
            yield ChannelChange(
                channel=channel, before=shown(old), after=shown(new), lines=changed_lines(old, new)
            )


def _told(failure: Failure | None) -> str | None:
    return f"{failure.type}: {failure.message}" if failure else None


def _took(step: Step | None) -> float | None:
    return round(step.ended_ms - step.started_ms, 3) if step else None


def _final(recording: Recording) -> Mapping[str, Json]:
    """Return the last state; all steps of the last superstep share it."""
    ended = zip(recording.steps, states_of(recording), strict=True)
    last = max(ended, key=lambda found: found[0].superstep, default=None)
    return last[1][1] if last else recording.initial


@dataclass(frozen=True, slots=True, kw_only=True)
class _Passage:
    name: str
    place: int


def _evidence(a: Mapping[str, Json], b: Mapping[str, Json]) -> EvidenceCompared:
    old, new = _passages(a), _passages(b)
    order_a = [key for key in old if key in new]
    order_b = [key for key in new if key in old]
    moved = [key for key, other in zip(order_a, order_b, strict=True) if key != other]
    return EvidenceCompared(
        added=[passage.name for key, passage in new.items() if key not in old],
        removed=[passage.name for key, passage in old.items() if key not in new],
        moved=[Moved(passage=old[key].name, a=old[key].place, b=new[key].place) for key in moved],
        rows=list(_rows(objects(a.get("evidence")), objects(b.get("evidence")))),
    )


def _passages(state: Mapping[str, Json]) -> dict[tuple[int, str], _Passage]:
    """Return the passages of the evidence by part and id, in their order."""
    found: dict[tuple[int, str], _Passage] = {}
    for number, part in enumerate(objects(state.get("evidence"))):
        for place, hit in enumerate(objects(part.get("hits")), start=1):
            chunk = mapped(hit, "chunk")
            key = number, text(chunk.get("id"))
            found.setdefault(key, _Passage(name=_name(chunk), place=place))
    return found


def _name(chunk: Mapping[str, Json]) -> str:
    heading = " › ".join([text(chunk.get("title")), *map(text, listed(chunk.get("section")))])
    told = (heading, text(chunk.get("source")), excerpt(chunk.get("text"), EXCERPT))
    return " · ".join(part for part in told if part)


def _rows(a: Sequence[Mapping[str, Json]], b: Sequence[Mapping[str, Json]]) -> Iterator[RowsChanged]:
    for number in range(max(len(a), len(b))):
        old, new = (list(listed(side[number].get("rows"))) if number < len(side) else [] for side in (a, b))
        if old != new:
            yield RowsChanged(part=number, lines=changed_lines(old, new))


def _route(recording: Recording) -> RouteTaken | None:
    try:
        return RouteTaken.model_validate(mapped(recording.answer).get("route"))
    except ValidationError:
        return None


def _spent(summary: Summary) -> Spent:
    return Spent(
        duration_ms=summary.duration_ms,
        steps=summary.steps,
        calls=summary.calls,
        model_calls=summary.model_calls,
        input_tokens=summary.input_tokens,
        output_tokens=summary.output_tokens,
        cost_usd=summary.cost_usd,
    )
