"""What people see of a recording, as JSON."""

from dataclasses import asdict
from datetime import datetime
from typing import Literal

from agent.answer import Public
from agent.recording.recording import Json, Kind, Outcome, Port, Source
from agent.recording.summary import Summary
from agent.tracing.changes import Line
from agent.tracing.views_found import ClaimGiven, Retrieval, SearchGiven, SqlGiven


class TraceSummary(Public):
    """One line of the list of recordings."""

    run_id: str
    thread_id: str
    owner: str
    kind: Kind
    parent: str | None
    """The run that a fork comes from."""
    question: str
    outcome: Outcome
    status: str
    """Of the answer; the outcome where there is none."""
    route: str
    mode: str
    degraded: bool
    faithfulness: float | None
    exit_reason: str
    error: str | None
    started_at: datetime
    duration_ms: float
    steps: int
    calls: int
    model_calls: int
    input_tokens: int
    output_tokens: int
    cost_usd: float
    scrubbed: bool
    imported: bool
    bytes: int
    thumb: str | None

    @classmethod
    def of(cls, summary: Summary) -> "TraceSummary":
        """Render a summary."""
        values = asdict(summary)
        return cls(started_at=values.pop("started"), **values)


class FailureGiven(Public):
    """An error that a run, a step or a call ended with."""

    type: str
    message: str


NodeState = Literal["taken", "skipped", "failed", "paused"]


class NodeDrawn(Public):
    """One node of the graph; `x` is its layer, `y` its lane."""

    id: str
    x: int
    y: int
    steps: list[int]
    """Numbers of the steps that ran it."""
    state: NodeState


class EdgeDrawn(Public):
    """One edge of the graph."""

    source: str
    target: str
    conditional: bool
    taken: bool


class Picture(Public):
    """The graph with the path that was taken."""

    nodes: list[NodeDrawn]
    edges: list[EdgeDrawn]


class StepEntry(Public):
    """One run of one node."""

    number: int
    superstep: int
    place: int
    node: str
    attempt: int
    handles: bool
    started_ms: float
    ended_ms: float
    failure: FailureGiven | None
    paused: Json
    source: Source
    digest: str
    critical: bool
    """Whether it lies on the critical path."""
    title: str
    """What it did, in a sentence."""
    wrote: list[str]
    """Names of channels."""


class CallEntry(Public):
    """One call through a port."""

    number: int
    step: int
    within: int | None
    port: Port
    method: str
    title: str
    started_ms: float
    ended_ms: float
    failure: FailureGiven | None
    interrupted: bool
    source: Source
    critical: bool
    model: str | None
    input_tokens: int
    output_tokens: int
    cost_usd: float


Severity = Literal["error", "warning", "note"]


class Finding(Public):
    """What stands out, and why it may be the cause."""

    severity: Severity
    step: int | None
    call: int | None
    text: str


class ParentGiven(Public):
    """Where a fork comes from, and what it changes."""

    run_id: str
    step: int
    changes: Json


class FeedbackGiven(Public):
    """What the asker thought of the answer."""

    thumb: str
    reason: str
    correction: str


class TraceGiven(Public):
    """A whole recording, without states, requests and responses."""

    summary: TraceSummary
    answer: Json
    """The public answer, with its `html`; null when there is none."""
    failure: FailureGiven | None
    graph: Picture
    steps: list[StepEntry]
    calls: list[CallEntry]
    findings: list[Finding]
    """The gravest first."""
    parent: ParentGiven | None
    forks: list[TraceSummary]
    software: dict[str, str]
    feedback: FeedbackGiven | None
    prompts: list[str]
    """Names of the prompts' texts that were used."""
    channels: list[str]
    """Names of all channels of the graph."""
    configuration: dict[str, Json]
    """Dotted key with its value."""


class MessageGiven(Public):
    """One message to a language model."""

    role: str
    text: str


class PromptGiven(Public):
    """What a language model was asked."""

    name: str
    hash: str
    messages: list[MessageGiven]


class CallGiven(CallEntry):
    """One call, whole."""

    request: Json
    response: Json
    prompt: PromptGiven | None
    completion: str | None


class ChannelChange(Public):
    """What a step's superstep changed in one channel."""

    channel: str
    before: Json
    after: Json
    lines: list[Line]


class StepGiven(StepEntry):
    """One step, whole."""

    payload: Json
    before: dict[str, Json]
    after: dict[str, Json]
    changes: list[ChannelChange]
    update: dict[str, Json] | None
    calls: list[CallGiven]
    retrieval: Retrieval | None
    searches: list[SearchGiven] | None
    sql: list[SqlGiven]
    claims: list[ClaimGiven] | None
