"""The guard, on tables of hostile and benign statements, on Spider, and on made-up text."""

import json
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.database.guard import MOST_CHARACTERS, Verdict, check
from tools.database.schema import Column, Dialect, Schema, TableSchema
from tools.database.vocabulary import SQLITE_FUNCTIONS

HERE = Path(__file__).parent
SPIDER = Path(__file__).parents[3].parent / "shared" / "data" / "spider_dev"
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)


def table(name: str, *columns: str) -> TableSchema:
    """Describe a table by its columns' names."""
    return TableSchema(name=name, columns=tuple(Column(name=column) for column in columns))


SHOP = Schema(
    tables=(
        table("orders", "order_id", "customer_id", "ordered_on", "status", "total"),
        table("customers", "customer_id", "name", "email", "city", "country"),
        table("products", "product_id", "name", "price", "category"),
    )
)


def statements(name: str, dialect: Dialect) -> list[str]:
    """Read the lines that both dialects share and those of one."""
    lines = [
        line
        for file in ("both", dialect)
        for line in (HERE / f"{name}_{file}.txt").read_text(encoding="utf-8").splitlines()
    ]
    return [line for line in lines if line.strip() and not line.startswith("# ")]


def unescaped(line: str) -> str:
    """Return the statement a line stands for."""
    return line.removeprefix("schema|").replace("\\n", "\n").replace("\\0", "\0")


CASES = {
    name: [(dialect, line) for dialect in DIALECTS for line in statements(name, dialect)]
    for name in ("hostile", "benign")
}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_tables_are_large_enough_to_mean_something(dialect: Dialect) -> None:
    """At least 150 distinct hostile and 40 benign statements for each dialect."""
    assert len(set(statements("hostile", dialect))) >= 150
    assert len(set(statements("benign", dialect))) >= 40


@pytest.mark.parametrize(("dialect", "line"), CASES["hostile"])
def test_a_hostile_statement_is_refused_with_a_reason(dialect: Dialect, line: str) -> None:
    """With a schema all are; without one, all that need none."""
    for schema in (SHOP,) if line.startswith("schema|") else (SHOP, None):
        verdict = check(unescaped(line), dialect=dialect, schema=schema, max_rows=100)
        assert verdict == Verdict(allowed=False, reason=verdict.reason)
        assert verdict.reason
        assert "\n" not in verdict.reason
        assert "sqlglot" not in verdict.reason.lower()


@pytest.mark.parametrize(("dialect", "line"), CASES["benign"])
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


def spider() -> list[dict[str, str]]:
    """Read the gold queries, or skip."""
    if not (SPIDER / "dev.jsonl").is_file():
        pytest.skip("the Spider queries are not beside the repository (../shared/data/spider_dev)")
    return [json.loads(line) for line in (SPIDER / "dev.jsonl").read_text(encoding="utf-8").splitlines()]


def spider_schemas() -> dict[str, Schema]:
    """Read the tables and columns of the Spider databases."""
    schemas = {}
    for entry in json.loads((SPIDER / "tables.json").read_text(encoding="utf-8")):
        columns = entry["column_names_original"]
        schemas[entry["db_id"]] = Schema(
            tables=tuple(
                table(name, *(column for place, column in columns if place == number))
                for number, name in enumerate(entry["table_names_original"])
            )
        )
    return schemas


def test_the_gold_queries_of_spider_are_allowed() -> None:
    """At least 99.5 % pass, with the schema and without."""
    entries, schemas = spider(), spider_schemas()
    for known in (True, False):
        refused = [
            (entry["query"], verdict.reason)
            for entry in entries
            if not (
                verdict := check(
                    entry["query"],
                    dialect="sqlite",
                    schema=schemas[entry["db_id"]] if known else None,
                    max_rows=None,
                )
            ).allowed
        ]
        assert len(refused) <= 0.005 * len(entries), refused[:5]


def test_rewriting_the_gold_queries_of_spider_does_not_change_their_results() -> None:
    """The regenerated text means what the original meant."""
    schemas: dict[str, Schema] = {}
    differing = []
    for entry in spider():
        path = SPIDER / "database" / entry["db_id"] / f"{entry['db_id']}.sqlite"
        if not path.is_file():
            continue
        schemas = schemas or spider_schemas()
        verdict = check(entry["query"], dialect="sqlite", schema=schemas[entry["db_id"]], max_rows=None)
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        before = connection.execute(entry["query"]).fetchall()
        after = connection.execute(verdict.normalized or "").fetchall()
        connection.close()
        if before != after:
            differing.append((entry["query"], verdict.normalized))
    assert not differing
