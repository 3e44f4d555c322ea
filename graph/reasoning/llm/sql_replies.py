"""What a model replies when it is asked for SQL, and how that becomes a statement."""

import re
from collections.abc import Callable
from typing import Annotated

from pydantic import AfterValidator, Field

from graph.reasoning.harmless.sanitizing import sanitize
from graph.reasoning.harmless.words import addresses_in
from graph.reasoning.llm.marking import without_markers
from graph.reasoning.llm.schemas import Reply
from graph.reasoning.ports import Statement

LONGEST_SQL = 8_000
"""Characters; a longer statement has run away."""
_NAMES, _NAME, _LINE = 40, 130, 200
_FENCED = re.compile(r"```(?:sql\w*|postgres\w*)?\s*(?P<inside>.*?)\s*```", re.DOTALL | re.IGNORECASE)


def _one_line(limit: int) -> Callable[[str], str]:
    return lambda text: " ".join(without_markers(text).split())[:limit].rstrip()


def _bare(text: str) -> str:
    """Take a statement out of the code fence that models like to put around it."""
    fenced = _FENCED.fullmatch(text.strip())
    return (fenced["inside"] if fenced else text.strip())[:LONGEST_SQL]


Line = Annotated[str, AfterValidator(_one_line(_LINE))]
Names = Annotated[
    list[Annotated[str, AfterValidator(_one_line(_NAME))]], AfterValidator(lambda names: names[:_NAMES])
]


class SqlReply(Reply):
    """A query, after the steps that lead to it."""

    columns: Names = Field(description="Every column needed, as table.column.")
    tables: Names = Field(description="The tables that hold them, and those that join these.")
    understood: bool = Field(description="Whether these tables can answer all of the question.")
    why_not: Line = Field(description="What no column holds, when not understood; else empty.")
    sql: Annotated[str, AfterValidator(_bare)] = Field(description="One SELECT; empty when not understood.")
    description: Line = Field(description="What its rows are, as a heading for people; no SQL, no result.")


def statement_of(reply: SqlReply, question: str) -> Statement:
    """Return the statement of a reply, with words that are safe to show.

    The model is given no say in how a result reads but its heading: it has not seen a row.

    Args:
        reply: Of a model; `understood`.
        question: What was asked; addresses that it names may be named, and it stands in for a heading.
    """
    kept = addresses_in(question)
    said = sanitize(reply.description, kept=kept) or sanitize(" ".join(question.split())[:_LINE], kept=kept)
    heading = said.strip().rstrip(".?!:")
    literal = heading.replace("{", "{{").replace("}", "}}")
    return Statement(text=reply.sql, description=heading, empty=f"{literal}: nothing was found.")
