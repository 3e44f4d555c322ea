"""The course of a run, gathered once for everything that asks what went wrong."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from agent.recording.recording import Call, Json, Recording, Step
from agent.recording.states import states_of
from agent.tracing.reading import listed, mapped, objects, text
from agent.tracing.retrieval import Weighed, weigh_again
from agent.tracing.views import Finding, Severity
from tools.errors import InvalidInput

NEAR = 0.4
"""A passage with such a cosine is about the subject of the question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What a run did and came to."""

    recording: Recording
    setup: Mapping[str, Json]
    before: Mapping[int, Mapping[str, Json]]
    """State before each step, by its number."""
    final: Mapping[str, Json]
    """State after the last step."""
    made: Mapping[int, Sequence[Call]]
    """Calls of each step, by its number."""
    weighed: tuple[Weighed, ...]
    """The last ranking."""
    unreadable: str | None
    """Why the last ranking cannot be told."""

    @property
    def status(self) -> str:
        """Return the status of the answer, or the outcome where there is none."""
        return text(mapped(self.recording.answer).get("status")) or self.recording.outcome

    @property
    def parts(self) -> list[Mapping[str, Json]]:
        """Return the parts of the last plan."""
        return objects(mapped(self.final, "plan").get("parts"))

    @property
    def evidence(self) -> list[Mapping[str, Json]]:
        """Return the last evidence, by part."""
        return objects(self.final.get("evidence"))

    def last(self, *nodes: str) -> Step | None:
        """Return the last step of some nodes that went well."""
        ran = [step for step in self.recording.steps if step.node in nodes and step.update is not None]
        return next((step for step in reversed(ran) if not step.handles), None)

    def searches(self) -> list[Mapping[str, Json]]:
        """Return every result list of the run."""
        updates = (mapped(step.update) for step in self.recording.steps if not step.handles)
        channels = ("prefetched", "retrieved")
        return [one for update in updates for channel in channels for one in objects(update.get(channel))]


def course_of(recording: Recording) -> Course:
    """Gather the course of a recording."""
    states = dict(zip((step.number for step in recording.steps), states_of(recording), strict=True))
    last = recording.steps[-1] if recording.steps else None
    made: dict[int, list[Call]] = defaultdict(list)
    for call in recording.calls:
        made[call.step].append(call)
    before = {number: state for number, (state, _) in states.items()}
    setup = mapped(recording.attachments.get(recording.setup))
    weighed, unreadable = _ranking(recording.steps, before, made, setup)
    return Course(
        recording=recording,
        setup=setup,
        before=before,
        final=states[last.number][1] if last is not None else recording.initial,
        made=made,
        weighed=weighed,
        unreadable=unreadable,
    )


def told(severity: Severity, words: str, *, step: Step | None = None, call: Call | None = None) -> Finding:
    """Say that something stands out."""
    at = step.number if step is not None else call.step if call is not None else None
    return Finding(severity=severity, step=at, call=call.number if call is not None else None, text=words)


def heading(chunk: Mapping[str, Json]) -> str:
    """Return a passage's name: its heading and where it stands."""
    titles = [text(chunk.get("title")), *(text(each) for each in listed(chunk.get("section")))]
    return f"“{' › '.join(titles)[:120]}” of {text(chunk.get('source'))[:80]}"


def day(value: Json) -> date | None:
    """Return a day; None when it is none."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def quoted(words: Iterable[str]) -> str:
    """Return some words, each in quotation marks."""
    return ", ".join(f"“{word[:60]}”" for word in words)


def _ranking(
    steps: Sequence[Step],
    before: Mapping[int, Mapping[str, Json]],
    made: Mapping[int, Sequence[Call]],
    setup: Mapping[str, Json],
) -> tuple[tuple[Weighed, ...], str | None]:
    """Return the last ranking, or why it cannot be told."""
    ran = [step for step in steps if step.node == "rerank" and step.update is not None]
    if not ran:
        return (), None
    number = ran[-1].number
    try:
        return tuple(weigh_again(before[number], made.get(number, ()), setup)), None
    except InvalidInput as error:
        return (), str(error)
