"""What happens while a question is answered, for whoever watches.

Every front tells it in these words: the library as objects, the journal and the HTTP API as JSON.
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field, TypeAdapter

from agent.answer import Answer, PassageQuote, Public, RowsQuote

RunEnd = Literal["completed", "failed", "cancelled"]
"""How a run ended; one that asks back or abstains is completed."""
SHOWN_ROWS = 20
"""Rows that the event tells; all of them come with the answer's citation."""


class RunStarted(Public):
    """The question was kept, and work on it begins; again when a run that died is taken up anew."""

    type: Literal["run_started"] = "run_started"
    run_id: str
    thread_id: str


class NodeStarted(Public):
    """A node of the graph begins; one that runs several times side by side begins several times."""

    type: Literal["node_started"] = "node_started"
    node: str


class NodeFinished(Public):
    """A node of the graph is done."""

    type: Literal["node_finished"] = "node_finished"
    node: str
    milliseconds: float


class QueryMade(Public):
    """Something is looked up: text in knowledge bases, or a question in the database."""

    type: Literal["query"] = "query"
    text: str
    knowledge_bases: list[str] = Field(default_factory=list)
    database: bool = False


class RowsFound(Public):
    """The database gave rows."""

    type: Literal["rows"] = "rows"
    statement: str
    columns: list[str]
    rows: list[list[str | int | float | bool | None]]
    """The first `SHOWN_ROWS` of them."""
    count: int
    """How many there are."""


class Token(Public):
    """A piece of a draft that nobody has verified: only the answer itself counts."""

    type: Literal["token"] = "token"
    text: str = ""
    restart: bool = False
    """True when everything streamed before is void, because the draft is written anew."""


class Cited(Public):
    """A source of the answer that follows."""

    type: Literal["citation"] = "citation"
    citation: Annotated[PassageQuote | RowsQuote, Field(discriminator="kind")]


class Clarified(Public):
    """The assistant asks back; the next message of the thread is the reply."""

    type: Literal["clarification"] = "clarification"
    question: str
    choices: list[str]
    """What to choose from; empty when anything may be said."""


class Verified(Public):
    """A draft was checked against its evidence."""

    type: Literal["verified"] = "verified"
    faithfulness: float
    """Share of its claims that hold, in [0, 1]."""


class Answered(Public):
    """The answer, verified."""

    type: Literal["answer"] = "answer"
    answer: Answer


class Failed(Public):
    """The run ended without an answer."""

    type: Literal["error"] = "error"
    message: str
    """What happened and what to do, in one line; never an internal detail."""


class Done(Public):
    """The last event of every run."""

    type: Literal["done"] = "done"
    status: RunEnd


Event: TypeAlias = Annotated[
    RunStarted
    | NodeStarted
    | NodeFinished
    | QueryMade
    | RowsFound
    | Token
    | Cited
    | Clarified
    | Verified
    | Answered
    | Failed
    | Done,
    Field(discriminator="type"),
]
EVENTS: TypeAdapter[Event] = TypeAdapter(Event)
"""Reads an event back from its JSON."""


def concluding(answer: Answer) -> list[Event]:
    """Return how a run that came to an answer ends: sources, what is asked back, the answer, done."""
    events: list[Event] = [Cited(citation=citation) for citation in answer.citations]
    if answer.status == "clarify":
        events.append(Clarified(question=answer.answer, choices=answer.choices))
    return [*events, Answered(answer=answer), Done(status="completed")]
