"""Asks a writer and runs what it writes."""

from dataclasses import dataclass
from datetime import date

from graph.reasoning.local.sql.writer import LocalSqlWriter
from graph.reasoning.ports import Statement
from tools.database.schema import ReflectedDatabase
from tools.types import ANYONE, Cell


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """A writer before a real database."""

    database: ReflectedDatabase
    writer: LocalSqlWriter
    today: date

    def compose(self, question: str) -> Statement | None:
        """Return the statement for a question."""
        return self.writer.compose(question, today=self.today, principal=ANYONE)

    def rows(self, question: str) -> list[tuple[Cell, ...]] | None:
        """Return what the database answers, or None when the question was not understood."""
        statement = self.compose(question)
        if statement is None:
            return None
        return list(self.database.fetch(statement.text, {}, limit=100).rows)
