"""The state of one question on its way through the graph.

Channels without a reducer are replaced, channels with `operator.add` collect from parallel branches and
live as long as the thread: a turn starts from `new_turn`, which empties all of them but the history.
"""

import operator
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from langgraph.types import Overwrite
from typing_extensions import TypedDict

from graph.plan import Part, Plan, Query, Route, Turn
from tools.types import Cell, Chart, Chunk, Hit, Match, Metadata, Note, Rows, Status

WORDS_ALONE: Note = "The embedding model gave no vectors; the documents were searched by words alone."
"""One note for a whole question, wherever in it the vectors are missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retrieved:
    """The result list of one search."""

    query: str
    knowledge_base: str
    hits: tuple[Hit, ...]
    shortfall: Note | None = None
    """Why less was searched than was asked for."""


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
    shortfall: Note | None = None
    """Why the evidence was weighed less well than was asked for."""


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
    chart: Chart | None = None


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
    text: str = ""
    """As a model wrote it, with the numbers of its sources; untrusted."""
    shortfall: Note | None = None
    """Why a lesser writer wrote it than was asked for."""
    notes: tuple[Note, ...] = ()
    """What the writer found to be missing."""

    def keep(self, numbers: Collection[int]) -> "Draft":
        """Return the draft with these claims alone, and the citations they use."""
        claims = tuple(claim for number, claim in enumerate(self.claims) if number in numbers)
        used = {cited for claim in claims for cited in claim.citations}
        citations = tuple(citation for citation in self.citations if citation.id in used)
        return replace(self, claims=claims, citations=citations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a judge said of a claim, kept so that the same claim is not judged twice."""

    claim: str
    evidence: str
    """What the claim was held against."""
    objection: str | None
    """None when the claim is entailed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What `verify` found."""

    faithfulness: float
    """Share of claims that hold, in [0, 1]."""
    rejected: tuple[tuple[int, str], ...] = ()
    """Index of each claim that does not hold, with the reason."""
    verdicts: tuple[Verdict, ...] = ()
    """Claims whose entailment had to be judged, of this draft and of those before it."""
    shortfall: Note | None = None
    """Why less was checked than was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What the asker gets."""

    answer: str
    status: Status
    citations: tuple[Citation, ...] = ()
    faithfulness: float = 1.0
    """Share of the last draft that held, in [0, 1]; what did not was cut."""


class State(TypedDict, total=False):
    """Channels of the graph."""

    question: str
    """The message as asked; after a clarification, together with what was added."""
    history: Annotated[list[Turn], operator.add]
    plan: Plan
    round: int
    """How often the plan was made or carried on; 1 while the first parts are answered."""
    ready: list[int]
    """Positions of the parts to be searched in this round."""
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
        Query,
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
    *(Claim, Draft, Verdict, Verification, Result, Clarification, Metadata, Chunk, Hit, Match, Rows, Chart),
)
"""Every type a checkpoint may hold; nothing else is restored from disk."""


class RetrieveTask(TypedDict):
    """Payload of one `Send` to `retrieve`."""

    query: str
    knowledge_base: str


class DatabaseTask(TypedDict):
    """Payload of one `Send` to `query_database`."""

    part: int
    match: Match | None
    """None when SQL is to be written for the question."""
    question: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """A piece of the draft, streamed while it is written; nothing of it is verified yet."""

    text: str = ""
    restart: bool = False
    """True when everything streamed before is void, because the draft is written anew."""


def new_turn(question: str) -> State:
    """Return the input of a turn: the question, and nothing left from the turn before."""
    return State(
        question=question,
        prefetched=[],
        evidence=[],
        assessments=[],
        round=0,
        draft=Draft(),
        verification=Verification(faithfulness=1.0),
        revisions=0,
        clarified=False,
        **_emptied(),
    )


def asked_again(question: str) -> State:
    """Return the update after a clarification: plan anew from the completed question."""
    return State(question=question, clarified=True, round=0, prefetched=[], **_emptied())


def searched_no_more() -> State:
    """Return the update that forgets the result lists: evidence was chosen from them, and they are large."""
    return State(prefetched=[], retrieved=Overwrite([]))  # type: ignore[typeddict-item]


def _emptied() -> State:
    return State(
        retrieved=Overwrite([]),  # type: ignore[typeddict-item]  # the reducer's own escape
        queried=Overwrite([]),  # type: ignore[typeddict-item]
        notes=Overwrite([]),  # type: ignore[typeddict-item]
        failures=Overwrite([]),  # type: ignore[typeddict-item]
    )
