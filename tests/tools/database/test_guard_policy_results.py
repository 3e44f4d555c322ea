"""What may not be seen never influences a result: two SQLite databases that differ only there, compared."""

import sqlite3
from collections.abc import Sequence
from contextlib import closing

import pytest
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from tests.tools.database.corpora import table
from tools.database.guard import check
from tools.database.guarding.policy import AccessRule, Policy, policy_for
from tools.database.schema import Schema
from tools.types import Cell, Principal

LOW, HIGH = -(2**63), 2**63 - 1
SECRET = table("secret_keeper", id="INTEGER", owner="INTEGER", amount="INTEGER", word="TEXT", extra="INTEGER")
OPEN = table("open_book", id="INTEGER", owner="INTEGER", page="TEXT")
PAIR = Schema(tables=(SECRET, OPEN))
NAMES = [column.name for column in SECRET.columns]
ME = 1
ROW_RULES = ("owner = :owner", "owner IN (:owner, 77)", "NOT owner <> :owner", "owner = :owner AND owner = 1")

Row = tuple[Cell, ...]
numbers = st.sampled_from([0, 1, 2, -1, LOW, HIGH, None])
words = st.sampled_from(["", "a", "b", "zz", "9", None])


@st.composite
def pairs(draw: st.DrawFn) -> tuple[AccessRule, bool, list[Row], list[Row]]:
    """Draw a rule, whether its attribute is there, and two tables that look alike under it."""
    hidden = draw(st.sets(st.sampled_from(NAMES[1:]), max_size=2))
    masked = draw(st.sets(st.sampled_from(NAMES[1:]), max_size=2))
    rows = draw(st.one_of(st.none(), st.sampled_from(ROW_RULES)))
    has_attribute = draw(st.integers(0, 9)) > 0
    first: list[Row] = []
    other: list[Row] = []
    for number in range(draw(st.integers(0, 6))):
        sees = rows is None or (has_attribute and draw(st.booleans()))
        if not sees:
            for target in (first, other):
                for _ in range(draw(st.integers(0, 2))):
                    owner = draw(st.sampled_from([2, 3, LOW])) if has_attribute else ME
                    target.append((draw(numbers), owner, draw(numbers), draw(words), draw(numbers)))
            continue
        row: Row = (number, ME, draw(numbers), draw(words), draw(numbers))
        unseen = {
            name for name in hidden | masked if name != "owner" or rows is None
        }  # what decides on a row is the same, seen or not
        changed = tuple(
            (draw(words) if name == "word" else draw(numbers)) if name in unseen else value
            for name, value in zip(NAMES, row, strict=True)
        )
        first.append(row)
        other.append(changed)
    rule = AccessRule(table="secret_keeper", hidden=tuple(hidden), masked=tuple(masked), rows=rows)
    return rule, has_attribute, first, other


values = st.one_of(
    st.sampled_from([*NAMES, "s.id", "s.amount", "s.word", '"word"', "1", "'a'", "NULL"]),
)
scalars = st.one_of(
    values,
    st.builds("abs({})".format, values),
    st.builds("{} + {}".format, values, values),
    st.builds("length({})".format, values),
    st.builds("coalesce({}, {})".format, values, values),
    st.builds("CASE WHEN {} > {} THEN abs({}) ELSE 0 END".format, values, values, values),
)
aggregates = st.one_of(
    st.just("count(*)"),
    st.builds("sum({})".format, scalars),
    st.builds("max({})".format, scalars),
    st.builds("count(DISTINCT {})".format, scalars),
    st.builds("group_concat({})".format, values),
)
froms = st.sampled_from(
    [
        "secret_keeper s",
        "secret_keeper AS s JOIN secret_keeper t ON s.id = t.owner",
        "secret_keeper s JOIN open_book b ON b.owner = s.owner",
        "open_book b LEFT JOIN secret_keeper s USING (id)",
        "open_book NATURAL JOIN secret_keeper AS s",
        "(open_book b JOIN secret_keeper s ON b.id = s.id)",
        "(SELECT * FROM secret_keeper) s",
        "(SELECT id, amount, word FROM main.secret_keeper ORDER BY amount LIMIT 3) s",
        "open_book s",
        "open_book b, secret_keeper s",
        "kept s",
    ]
)
conditions = st.one_of(
    st.just(""),
    st.builds(" WHERE {} > {}".format, scalars, scalars),
    st.builds(" WHERE abs({}) >= 0".format, values),
    st.builds(" WHERE {} IN (SELECT {} FROM secret_keeper)".format, values, values),
    st.builds(" WHERE EXISTS (SELECT 1 FROM secret_keeper x WHERE abs(x.{}) > s.id)".format, values),
    st.builds(" WHERE (SELECT sum({}) FROM secret_keeper) > 0".format, values),
)
tails = st.one_of(
    st.just(""),
    st.builds(" ORDER BY {}".format, scalars),
    st.builds(" ORDER BY {} LIMIT 2".format, scalars),
    st.builds(" GROUP BY {}".format, scalars),
    st.builds(" GROUP BY {} HAVING {} > 0".format, values, aggregates),
    st.just(" UNION ALL SELECT amount FROM secret_keeper"),
    st.just(" EXCEPT SELECT id FROM secret_keeper"),
)
selections = st.one_of(scalars, aggregates, st.sampled_from(["*", "s.*", "s.id, count(*) OVER ()"]))
made = st.builds(
    "WITH kept AS (SELECT * FROM secret_keeper) SELECT {} FROM {}{}{}".format,
    selections,
    froms,
    conditions,
    tails,
)


def answer(rows: Sequence[Row], statement: str, values: dict[str, Cell]) -> object:
    """Run a statement on a table of its own; return its rows, or its error."""
    with closing(sqlite3.connect(":memory:")) as connection:
        for known in PAIR.tables:
            columns = ", ".join(f"{column.name} {column.type}" for column in known.columns)
            connection.execute(f"CREATE TABLE {known.name} ({columns})")
        connection.executemany("INSERT INTO secret_keeper VALUES (?, ?, ?, ?, ?)", rows)
        connection.execute("INSERT INTO open_book VALUES (0, 1, 'p'), (1, 2, 'q'), (5, NULL, 'r')")
        try:
            return connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            return str(error)


@settings(max_examples=100, deadline=None)
@given(pairs(), made)
def test_what_may_not_be_seen_never_influences_a_result(
    pair: tuple[AccessRule, bool, list[Row], list[Row]], statement: str
) -> None:
    """Two databases that differ only there give the same rows in the same order, or the same error."""
    rule, has_attribute, first, other = pair
    asker = Principal(attributes=(("owner", ME),) if has_attribute else ())
    found = check(statement, dialect="sqlite", schema=PAIR, max_rows=None, policy=policy_for(asker, (rule,)))
    assume(found.normalized is not None)
    values = {f"asker_{name}": dict(asker.attributes)[name] for name in found.attributes}
    one = answer(first, found.normalized or "", values)
    assert one == answer(other, found.normalized or "", values)
    bare = check(statement, dialect="sqlite", schema=PAIR, max_rows=None).normalized or ""
    event(f"would differ without the policy: {answer(first, bare, {}) != answer(other, bare, {})}")
    event(f"ends in an error: {isinstance(one, str)}")


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT abs(amount) FROM secret_keeper",
        "SELECT id FROM secret_keeper WHERE abs(amount) > 0",
        "SELECT sum(amount) FROM secret_keeper",
        "SELECT count(*) FROM secret_keeper WHERE word = 'hidden'",
        "SELECT id FROM secret_keeper ORDER BY abs(amount) LIMIT 1",
        "SELECT b.page FROM open_book b WHERE EXISTS (SELECT 1 FROM secret_keeper WHERE abs(amount) > b.id)",
    ],
)
def test_overflows_do_not_tell_of_rows_that_are_filtered_out(statement: str) -> None:
    """Without the policy each of these statements does."""
    mine: list[Row] = [(1, ME, 5, "mine", 0)]
    more: list[Row] = [*mine, (2, 2, LOW, "hidden", 0), (3, 2, LOW, "hidden", 0)]
    rule = AccessRule(table="secret_keeper", rows="owner = :owner")
    asker = Principal(attributes=(("owner", ME),))
    fenced, bare = (
        check(statement, dialect="sqlite", schema=PAIR, max_rows=None, policy=policy).normalized or ""
        for policy in (policy_for(asker, (rule,)), Policy())
    )
    assert answer(mine, fenced, {"asker_owner": ME}) == answer(more, fenced, {"asker_owner": ME})
    assert answer(mine, bare, {}) != answer(more, bare, {})
