"""Values of columns: what cannot be read, how long it may take, and how much is kept."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date

import pytest

from graph.reasoning.local.sql.elements import Elements
from graph.reasoning.local.sql.shelf import Shelf
from graph.reasoning.local.sql.values import Values
from graph.reasoning.local.sql.words import tokens_of
from graph.reasoning.local.sql.writer import LocalSqlWriter
from tests.fakes_database import FakeDatabase
from tools.database.schema import Column, Schema, TableSchema
from tools.errors import DeadlineExceeded, PlumblineError, RejectedQuery, TransientError
from tools.types import ANYONE, Principal

SCHEMA = Schema(
    tables=(
        TableSchema(
            name="boats",
            columns=(
                Column(name="boat_id", type="INTEGER"),
                Column(name="log", type="TEXT"),
                Column(name="harbour", type="TEXT"),
            ),
            primary_key=("boat_id",),
        ),
    )
)
TODAY = date(2024, 6, 1)


@dataclass(slots=True, kw_only=True)
class Troubled(FakeDatabase):
    """A database of which one column cannot be read."""

    trouble: Callable[[], PlumblineError]
    asked: list[str] = field(default_factory=list)

    def values(
        self, table: str, column: str, *, limit: int, principal: Principal = ANYONE
    ) -> tuple[str, ...]:
        """Fail for the log."""
        self.asked.append(column)
        if column == "log":
            raise self.trouble()
        return FakeDatabase.values(self, table, column, limit=limit, principal=principal)


def _troubled(trouble: Callable[[], PlumblineError]) -> Troubled:
    return Troubled(tables=SCHEMA, column_values={("boats", "harbour"): ("Ostend", "Dover")}, trouble=trouble)


@pytest.mark.parametrize(
    "trouble",
    [lambda: RejectedQuery("too large", "too_large"), lambda: DeadlineExceeded("too slow")],
    ids=["too large", "too slow"],
)
def test_a_column_that_cannot_be_read_is_left_alone(trouble: Callable[[], PlumblineError]) -> None:
    """The other columns still answer, and it is not tried again with the next question."""
    database = _troubled(trouble)
    writer = LocalSqlWriter(database)
    for _ in range(2):
        found = writer.compose("How many boats are in Dover?", today=TODAY, principal=ANYONE)
        assert found is not None
        assert "'Dover'" in found.text
    assert database.asked.count("log") == 1


def test_a_database_that_is_away_is_told() -> None:
    """Only a refusal or a deadline is about the column."""
    writer = LocalSqlWriter(_troubled(lambda: TransientError("away")))
    with pytest.raises(TransientError):
        writer.compose("How many boats are in Dover?", today=TODAY, principal=ANYONE)


def test_without_time_no_column_is_read_and_the_next_question_goes_on() -> None:
    """The bound is over all columns of one question."""
    held = {("boats", "harbour"): ("Dover",), ("boats", "log"): ()}
    database = FakeDatabase(tables=SCHEMA, column_values=held)
    elements, shelf = Elements(SCHEMA), Shelf()
    values = Values(database, elements, ANYONE, shelf)
    values.prepare([0], seconds=-1.0)
    assert values.find(tokens_of("Dover")) == []
    values.prepare([0])
    assert [found.values for found in values.find(tokens_of("Dover"))] == [("Dover",)]


def test_the_same_values_are_kept_once_and_others_apart() -> None:
    """Whoever sees the same rows shares them; equal names of other rows do not."""
    shelf = Shelf()
    seen, other = ("Ostend", "Dover"), ("Vlissingen",)
    assert shelf.get("boats", "harbour", seen) is shelf.get("boats", "harbour", seen)
    assert shelf.get("boats", "harbour", other).values == other
    assert shelf.get("boats", "harbour", seen).values == seen


def test_no_more_is_kept_than_allowed() -> None:
    """However many principals with values of their own come along."""
    shelf = Shelf(most_bytes=50_000)
    columns = [tuple(f"value {number} {place}" for place in range(40)) for number in range(50)]
    for number, values in enumerate(columns):
        held = shelf.get("boats", f"column{number}", values)
        assert held.spelled[("value", str(number), "7")] == [f"value {number} 7"]
        assert shelf.size <= 50_000
