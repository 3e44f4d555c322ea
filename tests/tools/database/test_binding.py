"""Values for checked statements."""

from collections.abc import Mapping

import pytest

from tools.database.binding import bound_values, percent_style
from tools.database.guard import Verdict
from tools.errors import RejectedQuery
from tools.types import ANYONE, Cell, Principal


def verdict(*parameters: str, attributes: frozenset[str] = frozenset()) -> Verdict:
    """Return a verdict on a statement with some parameters."""
    return Verdict(allowed=True, normalized="…", parameters=frozenset(parameters), attributes=attributes)


def test_only_what_the_statement_names_is_bound() -> None:
    """Other values are left out."""
    assert bound_values(verdict("a"), {"a": 1, "b": 2}, ANYONE) == {"a": 1}


def test_the_askers_attributes_are_bound_under_their_own_names() -> None:
    """And cannot be given by who wrote the statement."""
    asker = Principal(attributes=(("region", "north"), ("unused", 1)))
    given: Mapping[str, Cell] = {"asker_region": "south", "a": None}
    needed = verdict("a", attributes=frozenset({"region"}))
    assert bound_values(needed, given, asker) == {"a": None, "asker_region": "north"}


def test_missing_values_are_named() -> None:
    """All of them at once."""
    with pytest.raises(RejectedQuery, match=":a, :b") as error:
        bound_values(verdict("b", "a", "c"), {"c": 1}, ANYONE)
    assert error.value.problem == "parameters"


@pytest.mark.parametrize("value", [2**63, -(2**63) - 1, "a\0b", "\ud800"])
def test_values_that_no_database_takes_are_refused_without_being_repeated(value: Cell) -> None:
    """Integers beyond 64 bits, NUL, and half characters."""
    with pytest.raises(RejectedQuery, match="value for :a") as error:
        bound_values(verdict("a"), {"a": value}, ANYONE)
    assert error.value.problem == "parameters"
    assert str(value) not in str(error.value)


@pytest.mark.parametrize("value", [2**63 - 1, -(2**63), "ü", "", 1.5, True, None])
def test_all_other_values_pass(value: Cell) -> None:
    """Up to the largest integers."""
    assert bound_values(verdict("a"), {"a": value}, ANYONE) == {"a": value}


@pytest.mark.parametrize(
    ("statement", "spelled"),
    [
        ("SELECT :a, :b_2", "SELECT %(a)s, %(b_2)s"),
        ("SELECT ':a 5%', \"b%:c\" FROM t WHERE x = :x", "SELECT ':a 5%%', \"b%%:c\" FROM t WHERE x = %(x)s"),
        ("SELECT 'it''s :a' LIMIT :n", "SELECT 'it''s :a' LIMIT %(n)s"),
        ("SELECT 7 % 2", "SELECT 7 %% 2"),
        ("SELECT 1", "SELECT 1"),
    ],
)
def test_parameters_are_spelled_for_the_driver(statement: str, spelled: str) -> None:
    """Colons and percent signs inside texts and names are no parameters."""
    assert percent_style(statement) == spelled
