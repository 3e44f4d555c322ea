"""The state of one question on its way through the graph.

Channels without a reducer are replaced, channels with `operator.add` collect from parallel branches and
live as long as the thread: a turn starts from `new_turn`, which empties all of them but the history.
"""

import operator
from dataclasses import dataclass, field
from datetime import date
from typing import Annotated, Literal

from langgraph.types import Overwrite
from typing_extensions import TypedDict

from tools.types import Cell, Chunk, Hit, Match, Metadata, Note, Rows, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One finished exchange of the conversation."""

    question: str
    """The stand-alone question."""
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where a question belongs; every number is a calibrated probability in [0, 1]."""

    knowledge_bases: dict[str, float]
    database: float
    in_scope: float

    @property
    def category(self) -> str:
        """Return the likeliest destination, `database`, a base's name or `out_of_scope`."""
        if self.in_scope < 0.5:
            return "out_of_scope"
        places = {**self.knowledge_bases, "database": self.database}
        return max(places, key=lambda name: places[name])


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One sub-question of the plan; a plain question has a single one."""

    question: str
    """Stands alone."""
    route: Route
    queries: tuple[str, ...] = ()
    """What to search for: the question itself first, then its expansions."""
    knowledge_bases: tuple[str, ...] = ()
    """Bases to search; empty when only the database can answer."""
    matches: tuple[Match, ...] = ()
    """Database queries to run."""
    products: tuple[str, ...] = ()
    """Products named in the sub-question."""
    revisions: tuple[str, ...] = ()
    """Revisions of those products named in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How the question will be answered."""

    question: str
    """The question made to stand alone."""
    route: Route
    """Of the whole question: the largest probability over its parts."""
    parts: tuple[Part, ...]
    as_of: date
    """The day whose truth is asked for; today unless the question names another."""
    small_talk: str | None = None
    """A courtesy to return instead of an answer, when the message asks nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """The result list of one search."""

    query: str
    knowledge_base: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queried:
    """The result of one database query for one part."""

    part: int
    rows: Rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a part of the plan is answered from, passages best first."""

    hits: tuple[Hit, ...] = ()
    rows: tuple[Rows, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Support:
    """A span of a passage that helps to answer. Offsets count in the document's text."""

    chunk_id: str
    text: str
    """Readable form of the span."""
    start: int
    end: int
    score: float
    kind: Literal["sentence", "item", "step", "row"] = "sentence"


Sufficiency = Literal["sufficient", "caveat", "gap", "ambiguous"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """Whether the evidence of one part can carry an answer."""

    verdict: Sufficiency
    confidence: float
    """Probability in [0, 1] that the supports answer the question."""
    supports: tuple[Support, ...] = ()
    """Spans that answer, best first."""
    ask: str | None = None
    """What to ask back when the verdict is `ambiguous`."""
    choices: tuple[str, ...] = ()
    note: Note | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PassageCitation:
    """A quotation: `document.text[start:end] == quote`."""

    id: int
    chunk_id: str
    knowledge_base: str
    source: str
    title: str
    section: str
    quote: str
    start: int
    end: int
    url: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsCitation:
    """Rows of one executed statement."""

    id: int
    statement: str
    parameters: tuple[tuple[str, Cell], ...]
    columns: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]


Citation = PassageCitation | RowsCitation


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One statement of an answer with the citations that carry it."""

    text: str
    citations: tuple[int, ...]
    kind: Literal["sentence", "item", "step", "table"] = "sentence"
    part: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An answer that has not been verified yet."""

    claims: tuple[Claim, ...] = ()
    citations: tuple[Citation, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What `verify` found."""

    faithfulness: float
    """Share of claims that hold, in [0, 1]."""
    rejected: tuple[tuple[int, str], ...] = ()
    """Index of each claim that does not hold, with the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the asker gets."""

    answer: str
    status: Status
    citations: tuple[Citation, ...] = ()
    faithfulness: float = 1.0


class State(TypedDict, total=False):
    """Channels of the graph."""

    question: str
    """The message as asked; after a clarification, together with what was added."""
    history: Annotated[list[Turn], operator.add]
    plan: Plan
    prefetched: list[Retrieved]
    retrieved: Annotated[list[Retrieved], operator.add]
    queried: Annotated[list[Queried], operator.add]
    evidence: list[Evidence]
    assessments: list[Assessment]
    draft: Draft
    verification: Verification
    revisions: int
    clarified: bool
    """True once the asker was asked back: it happens at most once a question."""
    notes: Annotated[list[Note], operator.add]
    failures: Annotated[list[Note], operator.add]
    """What could not be reached; the answer is then marked degraded."""
    result: Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Clarification:
    """What the graph asks back; travels out by `interrupt`."""

    question: str
    choices: tuple[str, ...] = field(default=())


CHECKPOINTED: tuple[type, ...] = (
    *(
        Turn,
        Route,
        Part,
        Plan,
        Retrieved,
        Queried,
        Evidence,
        Support,
        Assessment,
        PassageCitation,
        RowsCitation,
    ),
    *(Claim, Draft, Verification, Result, Clarification, Metadata, Chunk, Hit, Match, Rows),
)
"""Every type a checkpoint may hold; nothing else is restored from disk."""


class RetrieveTask(TypedDict):
    """Payload of one `Send` to `retrieve`."""

    query: str
    knowledge_base: str


class DatabaseTask(TypedDict):
    """Payload of one `Send` to `query_database`."""

    part: int
    match: Match


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A piece of the draft, streamed while it is written."""

    text: str


def new_turn(question: str) -> State:
    """Return the input of a turn: the question, and nothing left from the turn before."""
    return State(
        question=question,
        prefetched=[],
        evidence=[],
        assessments=[],
        revisions=0,
        clarified=False,
        **_emptied(),
    )


def asked_again(question: str) -> State:
    """Return the update after a clarification: plan anew from the completed question."""
    return State(question=question, clarified=True, prefetched=[], **_emptied())


def _emptied() -> State:
    return State(
        retrieved=Overwrite([]),  # type: ignore[typeddict-item]  # the reducer's own escape
        queried=Overwrite([]),  # type: ignore[typeddict-item]
        notes=Overwrite([]),  # type: ignore[typeddict-item]
        failures=Overwrite([]),  # type: ignore[typeddict-item]
    )
