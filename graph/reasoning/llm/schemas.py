"""What the models reply with: forms that also OpenAI's strict mode accepts.

Strict mode wants every field required and no keys but the declared ones, so that absence is null and a
mapping is a list. Texts and lists that are too long are cut; numbers are made sense of by whoever reads.
"""

from collections.abc import Callable
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, FiniteFloat

from graph.reasoning.llm.marking import without_markers

Item = TypeVar("Item")

QUESTION, ANSWER, NAME, REASON = 500, 800, 80, 300
"""Most characters of a question, a made-up answer, a name and a reason."""
PARTS, REWRITES, NAMES = 4, 2, 8
"""Most sub-questions, other wordings of each, and names or numbers in a list."""


def _line(limit: int) -> Callable[[str], str]:
    """Return a validator that makes a text one line of at most so many characters."""
    return lambda text: " ".join(without_markers(text).split())[:limit].rstrip()


def _first(limit: int) -> Callable[[list[Item]], list[Item]]:
    return lambda items: items[:limit]


def _said(texts: list[str]) -> list[str]:
    return [text for text in texts if text]


Question = Annotated[str, AfterValidator(_line(QUESTION))]
Name = Annotated[str, AfterValidator(_line(NAME))]
Names = Annotated[list[Name], AfterValidator(_said), AfterValidator(_first(NAMES))]


class Reply(BaseModel):
    """A reply without any key that was not asked for."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class BaseProbability(Reply):
    """How likely a knowledge base answers."""

    name: Name = Field(description="A knowledge base from the list.")
    probability: FiniteFloat = Field(description="0 to 1.")


class PartReply(Reply):
    """One sub-question."""

    question: Question = Field(description="Self-contained; `{1}` stands for what sub-question 1 finds.")
    needs: Annotated[list[int], AfterValidator(_first(NAMES))] = Field(
        description="Numbers in its braces; else empty."
    )
    knowledge_bases: list[BaseProbability] = Field(description="Every one, and how likely it answers.")
    database: FiniteFloat = Field(description="How likely one of the database queries answers, 0 to 1.")
    rewrites: Annotated[list[Question], AfterValidator(_said), AfterValidator(_first(REWRITES))] = Field(
        description="At most two wordings with other words that a document might use."
    )
    hypothetical_answer: Annotated[str, AfterValidator(_line(ANSWER))] = Field(
        description="Two sentences in the style of the documents."
    )
    products: Names = Field(description="Products it names, as written.")
    versions: Names = Field(description="Versions, revisions or editions it names, as written.")


class PlanReply(Reply):
    """How the question will be answered."""

    standalone_question: Question = Field(
        description="The question, understandable without the conversation."
    )
    small_talk: bool = Field(description="True when the message asks nothing.")
    in_scope: FiniteFloat = Field(description="How likely this assistant is meant to answer it, 0 to 1.")
    as_of: Name | None = Field(
        description="YYYY-MM-DD when the truth of another day is asked for; else null."
    )
    parts: Annotated[list[PartReply], AfterValidator(_first(PARTS))] = Field(
        description="One to four sub-questions."
    )


class ResolvedQuestion(Reply):
    """A waiting sub-question, completed."""

    part: int = Field(description="Number of the sub-question.")
    question: Question = Field(
        description="With what was found in place of each `{1}`; empty when it was not found."
    )


class ResolveReply(Reply):
    """The waiting sub-questions, completed."""

    questions: Annotated[list[ResolvedQuestion], AfterValidator(_first(PARTS))]


class ClaimVerdict(Reply):
    """What the judge says of one claim."""

    number: int = Field(description="Number of the claim.")
    reason: Annotated[str, AfterValidator(_line(REASON))] = Field(
        description="What the evidence lacks or contradicts, in at most fifteen words; empty when supported."
    )
    verdict: Literal["supported", "partly", "unsupported"]


class JudgeReply(Reply):
    """A verdict on every claim."""

    claims: list[ClaimVerdict]
