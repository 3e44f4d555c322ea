"""What the guard says is wrong, so that whoever wrote a statement can mend it."""

import pytest

from tests.tools.database.corpora import DIALECTS, SHOP, table
from tools.database.guard import check
from tools.database.schema import Dialect, Schema
from tools.errors import Problem

WRONG: list[tuple[str, Problem, str]] = [
    (
        "SELECT nmae FROM customers",
        "unknown_column",
        "there is no column 'nmae' in customers; did you mean 'name'?",
    ),
    (
        "SELECT c.nmae FROM customers c",
        "unknown_column",
        "there is no column 'nmae' in customers; did you mean 'name'?",
    ),
    ("SELECT price FROM orders", "unknown_column", "there is no column 'price' in orders; it is in products"),
    ("SELECT qqq FROM orders", "unknown_column", "there is no column 'qqq' in orders"),
    (
        "SELECT total",
        "unknown_column",
        "there is no column 'total' in a statement without FROM; it is in orders",
    ),
    (
        "SELECT spend FROM (SELECT sum(total) AS spent FROM orders) AS x",
        "unknown_column",
        "there is no column 'spend' in x; did you mean 'spent'?",
    ),
    (
        "WITH x AS (SELECT * FROM customers) SELECT x.citty FROM x",
        "unknown_column",
        "there is no column 'citty' in x; did you mean 'city'?",
    ),
    (
        "SELECT total AS t FROM orders UNION SELECT price FROM products ORDER BY price",
        "unknown_column",
        "there is no column 'price' in the result",
    ),
    (
        "SELECT o.total FROM orders o JOIN products p USING (customer_id)",
        "unknown_column",
        "USING needs a column of both sides, and 'customer_id' is not one",
    ),
    ("SELECT * FROM zebras", "unknown_table", "there is no table 'zebras'"),
    ("SELECT * FROM costumers", "unknown_table", "there is no table 'costumers'; did you mean 'customers'?"),
    (
        "SELECT cc.name FROM customers c",
        "unknown_table",
        "there is no table or alias 'cc' in FROM; did you mean 'c'?",
    ),
    (
        "SELECT name FROM customers c JOIN products p ON true",
        "ambiguous",
        "the column 'name' is ambiguous; write c.name or p.name",
    ),
    (
        "SELECT total FROM orders WHERE EXISTS (SELECT 1 FROM customers c, products p WHERE name = 'x')",
        "ambiguous",
        "the column 'name' is ambiguous; write c.name or p.name",
    ),
    ("SELECT total FROM orders WHERE total > ?", "parameters", "parameters are written as :name"),
    ("SELECT :asker_id", "parameters", "parameters may not begin with 'asker_'"),
    ("SELECT hex(name) FROM customers", "refused", "the function 'hex' is not allowed"),
    ("DROP TABLE orders", "refused", "only SELECT statements are allowed"),
    ("SELECT 1; SELECT 2", "refused", "exactly one statement is allowed"),
    ("", "syntax", "the statement is empty"),
    ("SELECT " + "+".join("1" * 600), "too_large", "the statement has more than 120 levels"),
]


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(("statement", "problem", "reason"), WRONG)
def test_the_problem_has_a_kind_and_a_reason_that_helps(
    dialect: Dialect, statement: str, problem: Problem, reason: str
) -> None:
    """Both dialects say the same."""
    verdict = check(statement, dialect=dialect, schema=SHOP, max_rows=10)
    assert (verdict.problem, verdict.reason) == (problem, reason)


@pytest.mark.parametrize(
    ("statement", "place"),
    [
        ("SELECT total FROM orders o p", "at line 1, column 28, near 'p'"),
        ("SELECT total\nFROM orders WHERE", "at line 2, column 17, near 'WHERE'"),
    ],
)
def test_bad_syntax_is_shown_where_it_is(statement: str, place: str) -> None:
    """In words of our own."""
    verdict = check(statement, dialect="sqlite", schema=SHOP, max_rows=10)
    assert verdict.problem == "syntax"
    assert verdict.reason == f"the statement cannot be read as sqlite SQL {place}"


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT customer_id FROM orders JOIN customers USING (customer_id)",
        "SELECT customer_id FROM orders NATURAL JOIN customers",
        "SELECT c.name FROM customers c JOIN products p ON true ORDER BY name",
        "SELECT c.name AS n FROM customers c JOIN products p ON true ORDER BY n",
        "SELECT total FROM orders o WHERE EXISTS (SELECT 1 FROM customers WHERE name = status)",
        "SELECT x.count FROM (SELECT count(*) AS count FROM orders) AS x",
        "WITH x (a, b) AS (SELECT name, city FROM customers) SELECT a FROM x WHERE b = 'y'",
        "WITH x (a) AS (SELECT name, city FROM customers) SELECT a, city FROM x",
        "SELECT y.total FROM (SELECT x.* FROM (SELECT * FROM orders) AS x) AS y",
        "SELECT (SELECT max(o.total) FROM orders o WHERE o.customer_id = c.customer_id) FROM customers c",
        "SELECT o.total FROM ((orders o JOIN customers c ON o.customer_id = c.customer_id))",
        "SELECT name FROM customers UNION SELECT name FROM products ORDER BY name",
    ],
)
def test_what_only_looks_wrong_is_allowed(dialect: Dialect, statement: str) -> None:
    """Merged columns, names of results, outer columns, renamed ones."""
    assert check(statement, dialect=dialect, schema=SHOP, max_rows=10).reason is None


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM (SELECT total FROM customers) AS x, orders",
        "WITH x AS (SELECT total FROM customers) SELECT * FROM x, orders",
        "SELECT x.city FROM (SELECT name, city FROM customers) AS x (a, b)",
        "SELECT j.total FROM (orders o JOIN customers c ON o.customer_id = c.customer_id) AS j",
    ],
)
def test_a_subquery_in_from_does_not_see_what_stands_beside_it(dialect: Dialect, statement: str) -> None:
    """Nor do names reach through other names."""
    assert not check(statement, dialect=dialect, schema=SHOP, max_rows=10).allowed


def test_names_of_results_cannot_be_used_to_make_a_giant_of_a_statement() -> None:
    """Each use is a copy of its expression."""
    long = " + ".join(["total"] * 100)
    statement = f"SELECT {long} AS n FROM orders WHERE {' OR '.join(['n > 1'] * 100)}"
    verdict = check(statement, dialect="sqlite", schema=SHOP, max_rows=10)
    assert verdict.problem == "too_large"


def test_a_text_behind_a_result_name_is_text_in_every_copy() -> None:
    """SQLite would look for a column of the name again."""
    statement = 'SELECT lower(lower("a")) AS n FROM orders WHERE n = 1'
    verdict = check(statement, dialect="sqlite", schema=SHOP, max_rows=None)
    assert verdict.normalized == "SELECT LOWER(LOWER('a')) AS n FROM orders WHERE (LOWER(LOWER('a'))) = 1"


def test_a_thousand_tables_are_no_problem() -> None:
    """Neither for what is known nor for what is not."""
    schema = Schema(tables=tuple(table(f"table_{number}", id="INTEGER") for number in range(1_000)))
    assert check("SELECT id FROM table_999", dialect="postgres", schema=schema, max_rows=1).allowed
    verdict = check("SELECT id FROM tabel_77", dialect="postgres", schema=schema, max_rows=1)
    assert verdict.reason == "there is no table 'tabel_77'; did you mean 'table_77'?"


@pytest.mark.parametrize(
    ("dialect", "statement"),
    [
        ("postgres", "SELECT * FROM SELECT total FROM orders"),
        ("sqlite", "SELECT * FROM orders, SELECT total FROM orders"),
        ("sqlite", "SELECT * JOIN orders"),
        ("postgres", "SELECT substr(status, ', ' ORDER BY order_id) FROM orders"),
        ("postgres", "SELECT max(name, ', ' ORDER BY name) FROM products"),
        ("postgres", "SELECT ordered_on + INTERVAL '7 days' '7 days' FROM orders"),
        ("postgres", "SELECT extract(x1 FROM ordered_on) FROM orders"),
        ("sqlite", "SELECT substr(DISTINCT customer_id) AS customers FROM orders"),
        ("sqlite", "SELECT substr(city IS NULL, length(0), 1) FROM customers"),
        ("postgres", "SELECT total FROM orders FETCH FIRST pg_reload_conf ROWS ONLY"),
        ("postgres", "SELECT total FROM (SELECT total FROM orders LIMIT total) AS x"),
        ("sqlite", "SELECT total FROM orders LIMIT 5 OFFSET (SELECT max(total) FROM orders)"),
        ("sqlite", "SELECT * FROM date('now')"),
        ("postgres", "SELECT * FROM age(now())"),
        ("postgres", "SELECT CAST(total AS NUMERIC(x)) FROM orders"),
        ("postgres", "SELECT * FROM generate_series(1, 2, interval)"),
        ("sqlite", "(SELECT total FROM orders LIMIT 1) AS x"),
    ],
)
def test_what_only_the_parser_understands_is_refused(dialect: Dialect, statement: str) -> None:
    """The databases would not, or would understand something else."""
    assert not check(statement, dialect=dialect, schema=SHOP, max_rows=10).allowed


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("SELECT x.total FROM (SELECT total::integer FROM orders) AS x", True),
        ('SELECT x."case" FROM (SELECT CASE WHEN total > 1 THEN 1 END FROM orders) AS x', True),
        ("SELECT x.max FROM (SELECT (SELECT max(total) FROM orders) FROM customers) AS x", True),
        ("SELECT x.sum FROM (SELECT sum(total) OVER () FROM orders) AS x", True),
        ("SELECT x.total FROM (SELECT total + 1 FROM orders) AS x", False),
        ("SELECT x.row_to_json FROM (SELECT total + 1 FROM orders) AS x", False),
        ("SELECT total AS t FROM orders WHERE t > 1", True),
        ("(SELECT total FROM orders)", True),
        ("((SELECT total FROM orders) UNION (SELECT price FROM products))", True),
        ("SELECT x.total FROM ((SELECT total FROM orders)) AS x", True),
    ],
)
def test_postgres_names_what_has_no_name(statement: str, allowed: bool) -> None:
    """As its function, column or CASE; anything else could be a function called on the row."""
    assert check(statement, dialect="postgres", schema=SHOP, max_rows=10).allowed is allowed


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize(
    "statement",
    [
        "WITH a (x) AS (SELECT * FROM anything) SELECT a.x, y FROM a",
        "SELECT z FROM (SELECT t.* FROM anything AS t) AS b",
        "SELECT one, two FROM anything JOIN something USING (one) ORDER BY two",
    ],
)
def test_without_a_schema_every_column_may_be_there(dialect: Dialect, statement: str) -> None:
    """But not those that only databases themselves give to tables."""
    assert check(statement, dialect=dialect, schema=None, max_rows=10).allowed
    assert not check("SELECT rowid, ctid FROM anything", dialect=dialect, schema=None, max_rows=10).allowed
