"""What a judge is asked: forms of its replies, and prompts that hold untrusted text in marked blocks."""

from collections.abc import Sequence
from functools import cache
from importlib import resources
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from graph.reasoning.llm.layout import notice, paragraphs, system, user
from graph.reasoning.llm.marking import block, choose_marker
from graph.reasoning.llm.schemas import Reply
from tools.types import Prompt

QUESTIONS = 3
"""Made up for an answer."""
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]


class StatementsReply(Reply):
    """An answer taken apart."""

    statements: list[Text] = Field(description="Self-contained sentences; empty when nothing is claimed.")


class NumberedVerdict(Reply):
    """What is said of one block."""

    number: int = Field(description="Number of the block.")
    reason: str = Field(description="At most fifteen words.")
    verdict: Literal["yes", "no"]


class VerdictsReply(Reply):
    """A verdict on every numbered block."""

    verdicts: list[NumberedVerdict]


class QuestionsReply(Reply):
    """What an answer answers."""

    questions: list[Text] = Field(description=f"{QUESTIONS} questions.")
    noncommittal: bool = Field(description="True when the answer evades the question or does not know.")


def statements_prompt(question: str, answer: str, *, marked: bool) -> Prompt:
    """Ask what an answer claims; the reply is a `StatementsReply`."""
    return _prompt("statements", question, (), (answer,), marked=marked)


def entailment_prompt(
    question: str, contexts: Sequence[str], statements: Sequence[str], *, marked: bool
) -> Prompt:
    """Ask which statements follow from the contexts; the reply is a `VerdictsReply`."""
    return _prompt("entailment", question, contexts, statements, marked=marked)


def questions_prompt(answer: str, *, marked: bool) -> Prompt:
    """Ask for questions that an answer answers; the reply is a `QuestionsReply`."""
    return _prompt("questions", "", (), (answer,), marked=marked)


def usefulness_prompt(question: str, contexts: Sequence[str], answer: str, *, marked: bool) -> Prompt:
    """Ask which contexts were useful for an answer; the reply is a `VerdictsReply`."""
    return _prompt("usefulness", question, contexts, (answer,), marked=marked)


def attribution_prompt(
    question: str, contexts: Sequence[str], sentences: Sequence[str], *, marked: bool
) -> Prompt:
    """Ask which sentences of a right answer the contexts hold; the reply is a `VerdictsReply`."""
    return _prompt("attribution", question, contexts, sentences, marked=marked)


def _prompt(
    name: str, question: str, contexts: Sequence[str], claims: Sequence[str], *, marked: bool
) -> Prompt:
    marker = choose_marker((*contexts, *claims)) if marked else ""
    asked = paragraphs(
        notice(marker),
        block("question", {}, question) if question else "",
        *(
            block("evidence", {"number": str(number)}, text, marker=marker)
            for number, text in enumerate(contexts, start=1)
        ),
        *(
            block("claim", {"number": str(number)}, text, marker=marker)
            for number, text in enumerate(claims, start=1)
        ),
    )
    return Prompt(name=name, messages=(system(_text(name)), user(asked)))


@cache
def _text(name: str) -> str:
    return resources.files(__package__).joinpath("texts", f"{name}.md").read_text(encoding="utf-8").strip()
