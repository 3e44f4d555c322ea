"""What happened in the steps of a run, read from its recording as the graph's own values."""

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import ValidationError

from agent.recording.recording import Json, Recording
from agent.recording.states import channel_adapter, states_of, supersteps
from graph.plan import Plan, Turn
from graph.state import Assessment, Draft, Evidence, Queried, Result, Retrieved, Verification
from tools.errors import InvalidInput
from tools.types import Rows

WRITING = ("synthesize", "revise")
"""Nodes that write a draft."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happened:
    """What the steps of one run did, in the end."""

    question: str
    """As it was asked first, also where the run is the reply to what was asked back."""
    history: tuple[Turn, ...]
    """The conversation before it."""
    plan: Plan | None
    searches: tuple[Retrieved, ...]
    """Result lists that the evidence was chosen from."""
    queried: tuple[Rows, ...]
    evidence: tuple[Evidence, ...]
    assessments: tuple[Assessment, ...]
    writer: str | None
    """The node that wrote last."""
    written: Draft
    """What it wrote."""
    kept: Draft
    """What the checks left of it."""
    verification: Verification | None
    result: Result | None
    asked: str | None
    """What was asked back at the end."""
    path: tuple[str, ...]
    """Nodes in order; those that ran side by side are one entry, sorted and joined with `+`."""

    @property
    def nodes(self) -> frozenset[str]:
        """Every node that ran."""
        return frozenset(node for together in self.path for node in together.split("+"))

    @property
    def searching(self) -> str:
        """The node that searched, and should have found what was not found."""
        return "retrieve" if "retrieve" in self.nodes else "prefetch"

    @property
    def claims_released(self) -> bool:
        """Whether the answer is made of what was kept of the draft."""
        return self.result is not None and self.result.status in ("answered", "partial")


def happened_in(recording: Recording) -> Happened:
    """Read what happened.

    Raises:
        InvalidInput: Its state is not of the form that this version's graph has.
    """
    end = _final(recording)
    ranked = _before(recording, "rerank")
    writer, written = _written(recording)
    return Happened(
        question=str(recording.initial.get("question", recording.question)),
        history=tuple(_read(recording.initial, "history", [])),
        plan=_read(end, "plan", None),
        searches=(*_read(ranked, "prefetched", _NO_SEARCHES), *_read(ranked, "retrieved", _NO_SEARCHES)),
        queried=tuple(one.rows for one in _read(ranked, "queried", _NO_ROWS)),
        evidence=tuple(_read(end, "evidence", [])),
        assessments=tuple(_read(end, "assessments", [])),
        writer=writer,
        written=written,
        kept=_read(end, "draft", Draft()),
        verification=_read(end, "verification", None) if writer else None,
        result=None if _paused(recording) else _read(end, "result", None),
        asked=_paused(recording),
        path=_path(recording),
    )


_NO_SEARCHES: list[Retrieved] = []
_NO_ROWS: list[Queried] = []


def _final(recording: Recording) -> Mapping[str, Json]:
    """Return the last state: any of the last superstep, which all share it."""
    states = states_of(recording)
    last = max(range(len(states)), key=lambda at: recording.steps[at].superstep, default=None)
    return recording.initial if last is None else states[last][1]


def _before(recording: Recording, node: str) -> Mapping[str, Json]:
    """Return the state that a node saw the last time; nothing if it never ran."""
    states = zip(recording.steps, states_of(recording), strict=True)
    return next((before for step, (before, _) in reversed(list(states)) if step.node == node), {})


def _written(recording: Recording) -> tuple[str | None, Draft]:
    for step in reversed(recording.steps):
        if step.node in WRITING and step.update is not None and "draft" in step.update:
            return step.node, _read(step.update, "draft", Draft())
    return None, Draft()


def _paused(recording: Recording) -> str | None:
    for step in reversed(recording.steps):
        if step.paused is not None:
            asked = step.paused.get("question") if isinstance(step.paused, Mapping) else step.paused
            return str(asked)
    return None


def _path(recording: Recording) -> tuple[str, ...]:
    return tuple(
        "+".join(sorted({step.node for step in together})) for together in supersteps(recording.steps)
    )


def _read(state: Mapping[str, Json], channel: str, missing: Json) -> Json:
    """Read a channel as the graph's own value."""
    if channel not in state:
        return missing
    try:
        return channel_adapter(channel).validate_python(state[channel])
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(map(str, (channel, *first["loc"])))
        raise InvalidInput(
            f"recording: {place} is not of this version's form ({first['msg']}); record the question again"
        ) from error
