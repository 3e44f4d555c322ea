"""The guard, on tables of hostile and benign statements, and on made-up text."""

import sqlite3
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tools.database.corpora import DIALECTS, SHOP, statements, unescaped
from tools.database.guard import MOST_CHARACTERS, Verdict, check
from tools.database.guarding.vocabulary import SQLITE_FUNCTIONS
from tools.database.schema import Column, Dialect, Schema, TableSchema

HOSTILE = [(dialect, line) for dialect in DIALECTS for line in statements("hostile", dialect)]
BENIGN = [(dialect, line) for dialect in DIALECTS for line in statements("benign", dialect)]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_tables_are_large_enough_to_mean_something(dialect: Dialect) -> None:
    """At least 330 distinct hostile and 100 benign statements for each dialect."""
    assert len(set(statements("hostile", dialect))) >= 330
    assert len(set(statements("benign", dialect))) >= 100


@pytest.mark.parametrize(("dialect", "line"), HOSTILE)
def test_a_hostile_statement_is_refused_with_a_reason(dialect: Dialect, line: str) -> None:
    """With a schema all are; without one, all that need none."""
    for schema in (SHOP,) if line.startswith("schema|") else (SHOP, None):
        if line.startswith("harmless|"):
            continue  # run for real beside the others
        verdict = check(unescaped(line), dialect=dialect, schema=schema, max_rows=100)
        assert verdict == Verdict(allowed=False, reason=verdict.reason, problem=verdict.problem)
        assert verdict.problem
        assert verdict.reason
        assert "\n" not in verdict.reason
        assert "sqlglot" not in verdict.reason.lower()


@pytest.mark.parametrize(("dialect", "line"), BENIGN)
def test_a_benign_statement_is_allowed_and_stays_so(dialect: Dialect, line: str) -> None:
    """The normalized text passes again unchanged."""
    first = check(line, dialect=dialect, schema=SHOP, max_rows=100)
    assert first.reason is None
    assert first.allowed
    again = check(first.normalized or "", dialect=dialect, schema=SHOP, max_rows=100)
    assert again.allowed
    if ":n" not in line:  # a LIMIT of unknown size is wrapped once more each time
        assert again.normalized == first.normalized


@pytest.mark.parametrize(
    ("statement", "normalized"),
    [
        ("SELECT total FROM orders", "SELECT total FROM orders LIMIT 10"),
        ("SELECT total FROM orders LIMIT 3", "SELECT total FROM orders LIMIT 3"),
        ("SELECT total FROM orders LIMIT 30", "SELECT total FROM orders LIMIT 10"),
        ("SELECT total FROM orders LIMIT -1", "SELECT total FROM orders LIMIT 10"),
        ("SELECT total FROM orders LIMIT 30 OFFSET 5", "SELECT total FROM orders LIMIT 10 OFFSET 5"),
        (
            "SELECT total FROM orders LIMIT :n",
            "SELECT * FROM (SELECT total FROM orders LIMIT :n) AS limited LIMIT 10",
        ),
        (
            "SELECT total FROM orders UNION SELECT price FROM products",
            "SELECT total FROM orders UNION SELECT price FROM products LIMIT 10",
        ),
        (
            "SELECT total FROM (SELECT total FROM orders LIMIT 500) AS o",
            "SELECT total FROM (SELECT total FROM orders LIMIT 500) AS o LIMIT 10",
        ),
        (
            "WITH o AS (SELECT total FROM orders) SELECT total FROM o",
            "WITH o AS (SELECT total FROM orders) SELECT total FROM o LIMIT 10",
        ),
    ],
)
@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_outermost_limit_is_put_in_or_lowered(dialect: Dialect, statement: str, normalized: str) -> None:
    """Whatever was written, no more rows than allowed come back."""
    assert check(statement, dialect=dialect, schema=SHOP, max_rows=10).normalized == normalized


def test_without_a_row_cap_the_limit_stays() -> None:
    """The catalogue keeps the statement as its author meant it."""
    verdict = check("SELECT total FROM orders LIMIT 30", dialect="sqlite", schema=SHOP, max_rows=None)
    assert verdict.normalized == "SELECT total FROM orders LIMIT 30"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_parameters_are_reported_and_written_by_name(dialect: Dialect) -> None:
    """Both dialects keep the `:name` form."""
    verdict = check(
        "SELECT total FROM orders WHERE status = :status AND total > :least",
        dialect=dialect,
        schema=SHOP,
        max_rows=None,
    )
    assert verdict.parameters == {"status", "least"}
    assert verdict.normalized == "SELECT total FROM orders WHERE status = :status AND total > :least"


def test_comments_do_not_reach_the_database() -> None:
    """What runs is written anew."""
    verdict = check("SELECT /* a */ total -- b\nFROM orders", dialect="sqlite", schema=SHOP, max_rows=None)
    assert verdict.normalized == "SELECT total FROM orders"


def test_an_unknown_name_in_double_quotes_is_text_in_sqlite_alone() -> None:
    """So SQLite reads it; PostgreSQL does not."""
    statement = 'SELECT name FROM customers WHERE city = "Lund"'
    sqlite = check(statement, dialect="sqlite", schema=SHOP, max_rows=None)
    assert sqlite.normalized == "SELECT name FROM customers WHERE city = 'Lund'"
    assert not check(statement, dialect="postgres", schema=SHOP, max_rows=None).allowed


@pytest.mark.parametrize(
    ("statement", "normalized"),
    [
        ("SELECT name AS n FROM customers ORDER BY n", "SELECT name AS n FROM customers ORDER BY n"),
        (
            "SELECT name AS n FROM customers WHERE n = 'a'",
            "SELECT name AS n FROM customers WHERE (name) = 'a'",
        ),
        (
            "SELECT lower(name) AS n FROM customers GROUP BY n",
            "SELECT LOWER(name) AS n FROM customers GROUP BY (LOWER(name))",
        ),
    ],
)
def test_a_name_from_the_select_list_means_its_expression(statement: str, normalized: str) -> None:
    """A column that the schema does not know cannot be reached through an alias of the same name."""
    assert check(statement, dialect="sqlite", schema=SHOP, max_rows=None).normalized == normalized


BOMBS = {
    "too long": "SELECT '" + "x" * MOST_CHARACTERS + "'",
    "parentheses": "SELECT " + "(" * 500 + "1" + ")" * 500,
    "brackets": "SELECT " + "[" * 500 + "1" + "]" * 500,
    "not": "SELECT " + "NOT " * 4_000 + "1",
    "minus": "SELECT " + "- " * 4_000 + "1",
    "case": "SELECT " + "CASE WHEN 1 THEN " * 300 + "1" + " END" * 300,
    "calls": "SELECT " + "abs(" * 300 + "1" + ")" * 300,
    "additions": "SELECT " + "1+" * 3_000 + "1",
    "conditions": "SELECT 1 FROM orders WHERE " + " OR ".join(["total = 1"] * 900),
    "unions": "SELECT 1" + " UNION ALL SELECT 1" * 200,
    "subqueries": "SELECT * FROM " + "(SELECT * FROM " * 35 + "orders" + ") AS x" * 35,
    "list": "SELECT 1 FROM orders WHERE total IN (" + ",".join(["1"] * 2_000) + ")",
    "joins": "SELECT 1 FROM orders o "
    + " ".join(f"JOIN orders o{n} ON o{n}.total = o.total" for n in range(40)),
    "commas": "SELECT count(*) FROM " + ", ".join(f"orders o{n}" for n in range(8)),
    "cross": "SELECT count(*) FROM orders a CROSS JOIN orders b CROSS JOIN orders c CROSS JOIN orders d",
    "concatenations": "SELECT " + "||".join(["name"] * 40) + " FROM customers",
    "doubling": "WITH a AS (SELECT 'x'||'x'||'x'||'x'||'x' AS s), b AS (SELECT s||s||s||s||s AS s FROM a), "
    "c AS (SELECT s||s||s||s||s AS s FROM b), d AS (SELECT s||s||s||s||s AS s FROM c) SELECT s FROM d",
    "long name": "SELECT 1 AS " + "a" * 100,
    "lone surrogate": "SELECT '\ud800'",
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("name", BOMBS)
def test_a_statement_that_is_too_large_is_refused(dialect: Dialect, name: str) -> None:
    """Also when the parser gives up in its own way."""
    verdict = check(BOMBS[name], dialect=dialect, schema=SHOP, max_rows=100)
    assert not verdict.allowed
    assert len(verdict.reason or "") < 200


def test_the_guard_does_not_depend_on_how_deep_its_caller_is() -> None:
    """Near the recursion limit it refuses instead of failing."""

    def deep(levels: int) -> Verdict:
        if levels:
            return deep(levels - 1)
        return check("SELECT (((((total))))) FROM orders", dialect="sqlite", schema=SHOP, max_rows=5)

    assert not deep(930).allowed


@given(st.text(max_size=200), st.sampled_from(DIALECTS))
def test_any_text_gets_a_verdict(text: str, dialect: Dialect) -> None:
    """Nothing but a verdict ever comes out."""
    verdict = check(text, dialect=dialect, schema=SHOP, max_rows=5)
    assert verdict.allowed is (verdict.normalized is not None)
    assert verdict.allowed is (verdict.reason is None)


WORDS = """
SELECT UNION WITH FROM orders customers AS x ( ) , ; * total name WHERE = 1 'a' " :p GROUP BY ORDER LIMIT
count( lower( pg_sleep( randomblob( DELETE INSERT INTO DROP TABLE FOR UPDATE RECURSIVE sqlite_master
pg_class secrets -- /* */ IN NOT || RETURNING VALUES
"""
FRAGMENTS = st.sampled_from(WORDS.split())


@given(st.lists(FRAGMENTS, min_size=1, max_size=25))
def test_what_is_allowed_only_reads_known_tables(fragments: list[str]) -> None:
    """Whatever pieces are put together, SQLite is asked for reading and harmless functions alone."""
    verdict = check("SELECT " + " ".join(fragments), dialect="sqlite", schema=SHOP, max_rows=5)
    if verdict.normalized is None:
        return
    asked: set[tuple[int, str | None]] = set()

    def record(action: int, first: str | None, second: str | None, *_: str | None) -> int:
        asked.add((action, second if action == sqlite3.SQLITE_FUNCTION else first))
        return sqlite3.SQLITE_OK

    connection = sqlite3.connect(":memory:")
    for known in SHOP.tables:
        connection.execute(
            f"CREATE TABLE {known.name} ({', '.join(column.name for column in known.columns)})"
        )
    connection.execute("CREATE TABLE secrets (word)")
    connection.set_authorizer(record)
    with suppress(sqlite3.Error):  # what is harmless may still be wrong
        connection.execute(verdict.normalized, dict.fromkeys(verdict.parameters, 1)).fetchall()
    connection.close()
    assert {action for action, _ in asked} <= {
        sqlite3.SQLITE_SELECT,
        sqlite3.SQLITE_READ,
        sqlite3.SQLITE_FUNCTION,
    }
    assert "secrets" not in {name for action, name in asked if action == sqlite3.SQLITE_READ}
    assert {name for action, name in asked if action == sqlite3.SQLITE_FUNCTION} <= SQLITE_FUNCTIONS


@given(
    st.sampled_from(["total", "status", "count(*)", "max(total)"]),
    st.sampled_from(["", " WHERE total > 5", " WHERE status IN ('a', 'b')", " GROUP BY status"]),
    st.one_of(st.none(), st.integers(min_value=0, max_value=10**9)),
    st.integers(min_value=0, max_value=1_000),
)
def test_allowed_statements_never_give_more_rows_than_the_cap(
    columns: str, tail: str, limit: int | None, cap: int
) -> None:
    """Run on SQLite, the normalized text keeps within the cap."""
    statement = f"SELECT {columns} FROM orders{tail}" + (f" LIMIT {limit}" if limit is not None else "")
    verdict = check(statement, dialect="sqlite", schema=SHOP, max_rows=cap)
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE orders (order_id, customer_id, ordered_on, status, total)")
    connection.executemany("INSERT INTO orders VALUES (?, 1, '', 'a', ?)", [(n, n) for n in range(50)])
    rows = connection.execute(verdict.normalized or "").fetchall()
    connection.close()
    assert len(rows) <= cap
    if limit is not None:
        assert len(rows) <= limit


def test_no_statement_gets_into_a_log(caplog: pytest.LogCaptureFixture) -> None:
    """The parser warns of statements that it only half knows, and would repeat them."""
    check(
        "WITH a AS (REPLACE INTO secrets VALUES (1)) SELECT 1", dialect="sqlite", schema=None, max_rows=None
    )
    assert caplog.records == []


@pytest.mark.parametrize(
    "statement",
    [
        "WITH t AS (SELECT * FROM u), u AS (SELECT 1 AS a) SELECT count(*) FROM t",
        "WITH t(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM t) SELECT count(*) FROM t",
        "SELECT (WITH u AS (SELECT a FROM u) SELECT max(a) FROM u)",
    ],
)
def test_an_expression_that_sqlite_would_take_for_a_table_is_refused(statement: str) -> None:
    """SQLite looks behind and at the expression itself, where the standard means the table."""
    columns = (Column(name="a"),)
    schema = Schema(tables=(TableSchema(name="t", columns=columns), TableSchema(name="u", columns=columns)))
    verdict = check(statement, dialect="sqlite", schema=schema, max_rows=None)
    assert verdict.reason is not None
    assert "WITH expression" in verdict.reason
    in_order = "WITH w AS (SELECT a FROM u), x AS (SELECT a FROM w) SELECT x.a FROM w JOIN x ON w.a = x.a"
    assert check(in_order, dialect="sqlite", schema=schema, max_rows=None).allowed
