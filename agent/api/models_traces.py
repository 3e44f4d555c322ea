"""What the API takes and gives about recordings besides what is seen in one, as JSON."""

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import Path, Query
from pydantic import ConfigDict, Field, JsonValue

from agent.api.models import CREATED, MOST_AT_ONCE, RUN_ID, THREAD_ID, Given, Taken
from agent.recording.recording import Changes, Kind
from agent.recording.summary import Wanted
from agent.storage.records import Thumb
from agent.tracing.replaying import Replay
from agent.tracing.views import TraceSummary

OTHER_RUN_ID = "0c4fd1a2e67b4d0f9a35b8c1e2d47f60"
LONGEST_WORD = 200
_ID = r"^[A-Za-z0-9_\-]{1,64}$"
TraceId = Annotated[str, Path(pattern=_ID, examples=[RUN_ID], description="The recorded run.")]
OtherId = Annotated[
    str, Path(pattern=_ID, examples=[OTHER_RUN_ID], description="The run it is compared with.")
]
StepNumber = Annotated[int, Path(ge=1, lt=2**31, examples=[3], description="Of a step of the run.")]
SUMMARY: dict[str, Any] = {  # Any: JSON
    "run_id": RUN_ID,
    "thread_id": THREAD_ID,
    "owner": "anna",
    "kind": "run",
    "parent": None,
    "question": "How long is the warranty?",
    "outcome": "completed",
    "status": "answered",
    "route": "policies",
    "mode": "local",
    "degraded": False,
    "faithfulness": 1.0,
    "exit_reason": "completed",
    "error": None,
    "started_at": CREATED,
    "duration_ms": 41.2,
    "steps": 8,
    "calls": 12,
    "model_calls": 0,
    "input_tokens": 0,
    "output_tokens": 0,
    "cost_usd": 0.0,
    "scrubbed": False,
    "imported": False,
    "bytes": 18_204,
    "thumb": "down",
}
EXAMPLE: dict[str, Any] = {"content": {"application/json": {"example": SUMMARY}}}
"""For the OpenAPI: a reply that is a summary."""
FILE: dict[str, Any] = {
    "required": True,
    "description": "The file as it was exported, here or elsewhere.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}
"""For the OpenAPI: a body that is a recording."""


class TracesWanted(Taken):
    """Which recordings to list; every condition that is given must hold."""

    text: str | None = Field(
        default=None,
        max_length=LONGEST_WORD,
        description="Occurs in the question, or begins the run's id, or is the thread's.",
    )
    status: str | None = Field(
        default=None, max_length=LONGEST_WORD, description="Of the answer, or `failed` or `cancelled`."
    )
    route: str | None = Field(
        default=None, max_length=LONGEST_WORD, description="The likeliest destination, among `routes`."
    )
    slower_than_ms: float | None = Field(
        default=None, ge=0, allow_inf_nan=False, description="Took longer than that."
    )
    degraded: bool | None = Field(default=None, description="Whether the answer lacks something.")
    faithfulness_below: float | None = Field(
        default=None, ge=0, le=1, description="Of the answer's claims, a smaller share holds."
    )
    thumb: Thumb | None = Field(default=None, description="What its asker thinks of the answer.")
    kind: Kind | None = Field(default=None, description="Asked, or forked from another.")
    parent: str | None = Field(default=None, pattern=_ID, description="Forks of this run.")
    thread_id: str | None = Field(default=None, pattern=_ID, description="Runs of this thread.")
    everybody: bool = Field(default=False, description="With scope admin: of all owners.")
    cursor: str | None = Field(
        default=None, max_length=LONGEST_WORD, description="Where to go on: `next` of the part before."
    )
    limit: int = Field(default=50, ge=1, le=MOST_AT_ONCE, description="Most of them.")

    def as_conditions(self) -> Wanted:
        """Return the conditions as storage knows them."""
        return Wanted(**self.model_dump(exclude={"everybody", "cursor", "limit"}))


WantedTraces = Annotated[TracesWanted, Query()]


class TracesGiven(Given):
    """Some of the recordings, latest first."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"traces": [SUMMARY], "next": None, "routes": ["policies", "out_of_scope"]}]
        }
    )

    traces: list[TraceSummary]
    next: str | None
    """Pass it as `cursor` for those that follow; null when there are no more."""
    routes: list[str]
    """What `route` can be here."""


class ForkTaken(Taken):
    """From where to run again, and what is to be different then."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"step": 3, "configuration": {"assistant.abstain": 0.2}}]}
    )

    step: Annotated[int, Field(ge=0, lt=2**31)]
    """Up to and with this step nothing is run again; 0 runs everything again."""
    state: Annotated[dict[str, JsonValue], Field(default_factory=dict)]
    """Channels with the values that they have after that step."""
    prompts: Annotated[dict[str, str], Field(default_factory=dict)]
    """Name of a prompt with the text that replaces it."""
    configuration: Annotated[dict[str, JsonValue], Field(default_factory=dict)]
    """Dotted key, such as `assistant.abstain`, with its value."""

    def as_changes(self) -> Changes:
        """Return what is different, as forks know it."""
        return Changes(state=self.state, prompts=self.prompts, configuration=self.configuration)


class DivergenceGiven(Given):
    """Where a replay went another way than the recording."""

    step: int
    node: str
    what: str
    expected: JsonValue
    found: JsonValue


class ReplayGiven(Given):
    """Whether the graph does the same again on what was recorded."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "equal": True,
                    "steps": 8,
                    "first_divergence": None,
                    "network_calls": 0,
                    "milliseconds": 12.5,
                }
            ]
        }
    )

    equal: bool
    steps: int
    first_divergence: DivergenceGiven | None
    network_calls: int
    milliseconds: float

    @classmethod
    def of(cls, replay: Replay) -> "ReplayGiven":
        """Render a replay."""
        return cls.model_validate(asdict(replay))


class KeepTaken(Taken):
    """How the evaluation case that a recording becomes is called; everything may be left out."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"id": "warranty", "note": "asked by phone"}]})

    id: Annotated[str, Field(min_length=1, max_length=LONGEST_WORD)] | None = None
    note: Annotated[str, Field(max_length=4_000)] = ""


class KeepGiven(Given):
    """The evaluation case that a recording has become."""

    case: dict[str, JsonValue]
    file: str
    """Name of the file that it was added to."""
