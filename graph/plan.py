"""How a question will be answered: its parts, where each belongs, and what is searched for."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

from tools.types import Match, Note


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


PLACE = re.compile(r"\{\d+\}")
"""Stands in a question for what another part finds."""
Family = Literal["question", "sub_question", "rewrite", "hypothetical"]
"""What a query is: the question itself, one part of it, the same in other words, or a made-up answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What is sent to a search."""

    text: str
    family: Family = "question"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One sub-question of the plan; a plain question has a single one."""

    question: str
    """Stands alone, unless the part still needs others: then `{1}` stands for what the first part finds."""
    route: Route
    queries: tuple[Query, ...] = ()
    """What to search for, the question itself before its expansions."""
    knowledge_bases: tuple[str, ...] = ()
    """Bases to search; empty when only the database can answer."""
    matches: tuple[Match, ...] = ()
    """Named database queries to run."""
    writes_sql: bool = False
    """Whether SQL is written for it, because the database may answer and no named query fits."""
    products: tuple[str, ...] = ()
    """Products named in the sub-question."""
    revisions: tuple[str, ...] = ()
    """Revisions of those products named in it."""
    needs: tuple[int, ...] = ()
    """Positions of the parts whose findings this one waits for; empty once it stands alone."""

    @property
    def in_general(self) -> str:
        """The question without what it waits for."""
        return without_places(self.question)

    shortfall: Note | None = None
    """Why it was routed less well than was asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Families:
    """Which families of queries are searched for; each can be switched off on its own."""

    question: bool = True
    sub_questions: bool = True
    """Off: a compound question stays one part."""
    rewrites: bool = True
    hypothetical: bool = True

    def applied(self, parts: Sequence[Part]) -> tuple[Part, ...]:
        """Return the parts with the queries of the families that are on.

        Where there are several parts, the question of each is a sub-question.
        """
        own: Family = "question" if len(parts) == 1 else "sub_question"
        return tuple(
            replace(part, queries=self.choose(_renamed(query, own) for query in part.queries))
            for part in parts
        )

    def choose(self, queries: Iterable[Query]) -> tuple[Query, ...]:
        """Return the queries of the families that are on, each text once; of some at least the first."""
        on: dict[Family, bool] = {
            "question": self.question,
            "sub_question": self.sub_questions,
            "rewrite": self.rewrites,
            "hypothetical": self.hypothetical,
        }
        unique: dict[str, Query] = {}
        for query in queries:
            unique.setdefault(query.text, query)
        everything = tuple(unique.values())
        return tuple(query for query in everything if on[query.family]) or everything[:1]


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
    shortfall: Note | None = None
    """Why a lesser planner made it than was asked for."""

    @property
    def waiting(self) -> tuple[int, ...]:
        """Positions of the parts that need what others find."""
        return tuple(number for number, part in enumerate(self.parts) if part.needs)


def without_places(question: str) -> str:
    """Return a question that asks about `it` wherever it waits for what another part finds."""
    return PLACE.sub("it", question)


def _renamed(query: Query, own: Family) -> Query:
    return replace(query, family=own) if query.family == "question" else query
