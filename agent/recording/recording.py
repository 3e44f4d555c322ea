"""The recording of one run: its steps, and every call that went out through a port.

States, updates, requests and responses are plain JSON here, as `agent.recording.encoding` writes them: a
dataclass is an object of its fields, a date is ISO text, tuples and sets are lists, a matrix is
`{"$vectors": base64 of little-endian float32, "shape": [rows, columns]}`. A value that many recordings share,
such as a schema, is `{"$attachment": digest}`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

Json: TypeAlias = Any  # Any: whatever JSON holds
Port: TypeAlias = Literal[
    "chat",
    "embedder",
    "store",
    "catalog",
    "database",
    "reranker",
    "clock",
    "classifier",
    "similarity",
    "examples",
]
"""What is outside of the graph."""
Source: TypeAlias = Literal["live", "recorded"]
Outcome: TypeAlias = Literal["completed", "failed", "cancelled"]
Kind: TypeAlias = Literal["run", "fork"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """An error that a call or a step ended with."""

    type: str
    """Name of its class."""
    message: str
    details: Mapping[str, Json] = field(default_factory=dict)
    """What the error carries besides, such as the `problem` of a RejectedQuery."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call through a port. Times count in milliseconds from the start of the run."""

    number: int
    """In the order in which they began, from 1."""
    step: int
    """Number of the step that made it."""
    within: int | None = None
    """Number of the call that made it; such a call is shown and never replayed."""
    port: Port
    method: str
    key: str
    """Digest of port, method and request: equal calls have equal keys."""
    request: Mapping[str, Json]
    response: Json = None
    """None when it failed or was interrupted; of a stream what had come by then."""
    failure: Failure | None = None
    interrupted: bool = False
    """True when it was given up before its end, as when time runs out."""
    spent: Sequence[Mapping[str, Json]] = ()
    """chat: what the meter wrote down for it, with the fields of `tools.metering.Call`."""
    exceeded: str | None = None
    """chat: the limit that the meter had reached after it."""
    started_ms: float
    ended_ms: float
    source: Source = "live"
    """`recorded` when a fork took the answer from its parent's recording."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One run of one node. Times count in milliseconds from the start of the run."""

    number: int
    """By superstep, then by place; from 1."""
    superstep: int
    """Steps of one superstep ran side by side; from 1."""
    place: int
    """Within its superstep, from 0."""
    node: str
    attempt: int = 1
    """More than 1 when the node was tried again; only the last attempt of a step is kept."""
    handles: bool = False
    """True for what takes note of a failure in place of the node."""
    payload: Json = None
    """What a `Send` gave the node instead of the state; None when it saw the state."""
    update: Mapping[str, Json] | None = None
    """Channels that the node wrote; None when it failed or paused."""
    paused: Json = None
    """What it asked back, when it paused there."""
    failure: Failure | None = None
    started_ms: float
    ended_ms: float
    digest: str = ""
    """Of the whole state after its superstep: equal states have equal digests."""
    source: Source = "live"
    """`recorded` when a fork took the update from its parent without running the node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What a fork changes."""

    state: Mapping[str, Json] = field(default_factory=dict)
    """Channels with the values that they have after the step that is forked from."""
    prompts: Mapping[str, str] = field(default_factory=dict)
    """Name of a prompt's text, such as `write`, with the text that replaces it."""
    configuration: Mapping[str, Json] = field(default_factory=dict)
    """Dotted key, such as `assistant.abstain` or `models.chat`, with its value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parent:
    """Where a fork comes from."""

    run_id: str
    step: int
    """Up to and with this step nothing was run again; 0 runs everything again."""
    changes: Changes


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Everything that one run did."""

    run_id: str
    thread_id: str
    owner: str
    kind: Kind = "run"
    question: str
    """The message, or the reply to what was asked back."""
    started: datetime
    duration_ms: float
    outcome: Outcome
    answer: Mapping[str, Json] | None = None
    """The public answer; None when there is none."""
    failure: Failure | None = None
    groups: Sequence[str] = ()
    attributes: Sequence[Sequence[Json]] = ()
    """With `groups`: on whose behalf."""
    software: Mapping[str, str] = field(default_factory=dict)
    """Versions of what took part."""
    setup: str
    """Digest of the attachment with the configuration, without secrets and places."""
    knowledge: str
    """Digest of the attachment with what the local mode knew of the documents' words."""
    entry: str | None = None
    """Node at which a run began that goes on after a pause; None for a new question."""
    initial: Mapping[str, Json]
    """The state before the first step."""
    steps: Sequence[Step]
    calls: Sequence[Call]
    parent: Parent | None = None
    scrubbed: bool = False
    """True when personal data was replaced after the run."""
    attachments: Mapping[str, Json] = field(default_factory=dict)
    """Digest → value, of all that is referred to."""

    def step(self, number: int) -> Step:
        """Return one step; raises KeyError."""
        for step in self.steps:
            if step.number == number:
                return step
        raise KeyError(number)
