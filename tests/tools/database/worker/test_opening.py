"""What a child is told first."""

from dataclasses import replace
from math import inf

import pytest

from tools.database.guarding.policy import AccessRule
from tools.database.schema import Dialect
from tools.database.worker.opening import Opening

OPENING = Opening(
    url="postgresql://reader:hunter2@host/shop",
    tables=("orders",),
    deadline_seconds=1.5,
    rules=(AccessRule(table="orders", groups=("desk",), hidden=("a",), masked=("b",), rows="c = :c"),),
    descriptions={"orders": "what was bought"},
    most_cost=10.0,
    allow_writable_role=True,
    memory_mb=64,
)


def test_an_opening_arrives_as_it_was() -> None:
    """Rules and descriptions included."""
    assert Opening.heard(OPENING.told()) == OPENING


def test_a_process_hears_whether_the_database_was_opened_before() -> None:
    """Then a table that is missing has gone, and was not misspelled."""
    assert Opening.heard(OPENING.told(settled=True)) == replace(OPENING, settled=True)


def test_a_cost_may_be_without_bound() -> None:
    """As the configuration allows."""
    endless = replace(OPENING, most_cost=inf)
    assert Opening.heard(endless.told()) == endless


def test_an_opening_does_not_show_its_url() -> None:
    """The password is in it."""
    assert "hunter2" not in repr(OPENING)


@pytest.mark.parametrize(
    ("url", "dialect"),
    [
        ("sqlite:///a.db", "sqlite"),
        ("postgresql://h/d", "postgres"),
        ("postgresql+psycopg://h/d", "postgres"),
        ("Postgres://h/d", "postgres"),
        ("nonsense", "sqlite"),
    ],
)
def test_the_url_says_which_sql_is_spoken(url: str, dialect: Dialect) -> None:
    """Without asking the child."""
    opening = Opening(url=url, tables=(), deadline_seconds=1, most_cost=1, memory_mb=64)
    assert opening.dialect == dialect
