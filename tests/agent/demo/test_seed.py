"""The sample database, and the named queries of the sample configuration run on it."""

import re
import sqlite3
import string
import tomllib
from collections.abc import Iterator
from contextlib import closing
from itertools import product
from pathlib import Path
from typing import Any, cast

import pytest

import agent.demo.seed
from agent.demo.seed import seed
from agent.demo.seed_lists import DISCOUNT_PERCENT
from tools.database.guard import check
from tools.errors import ConfigurationError

CONFIGURATION = tomllib.loads(
    Path(agent.demo.seed.__file__).with_name("plumbline.toml").read_text(encoding="utf-8")
)
QUERIES: dict[str, dict[str, Any]] = {query["name"]: query for query in CONFIGURATION["database"]["queries"]}
EVER, NEVER = ("0001-01-01", "9999-12-31"), ("1999-01-01", "1999-12-31")
PERIODS = (EVER, NEVER, ("2025-03-01", "2025-03-31"))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Seed one database for the tests that only read."""
    path = tmp_path_factory.mktemp("shop") / "shop.db"
    seed(path)
    return path


@pytest.fixture
def shop(database: Path) -> Iterator[sqlite3.Connection]:
    """Open the seeded database."""
    with closing(sqlite3.connect(database)) as connection:
        yield connection


def rows(shop: sqlite3.Connection, statement: str) -> list[tuple[Any, ...]]:
    return shop.execute(statement).fetchall()


def test_two_seeds_have_equal_content(database: Path, tmp_path: Path) -> None:
    """Whoever seeds gets the same rows."""
    seed(tmp_path / "again.db")
    with (
        closing(sqlite3.connect(database)) as first,
        closing(sqlite3.connect(tmp_path / "again.db")) as second,
    ):
        assert list(first.iterdump()) == list(second.iterdump())


def test_seeding_replaces_what_was_there_and_leaves_no_draft(tmp_path: Path) -> None:
    """A file from an earlier run is overwritten, in a folder that is made."""
    path = tmp_path / "deep" / "shop.db"
    path.parent.mkdir()
    path.write_text("old", encoding="utf-8")
    seed(path)
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM orders").fetchone() == (10_000,)
    assert [entry.name for entry in path.parent.iterdir()] == ["shop.db"]


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    """The operator reads which file it was."""
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"shop\.db"):
        seed(tmp_path / "file" / "shop.db")


def test_foreign_keys_hold(shop: sqlite3.Connection) -> None:
    """No row refers to one that is missing, and the tables do declare their references."""
    assert rows(shop, "PRAGMA foreign_key_check") == []
    assert rows(shop, "PRAGMA foreign_key_list(order_lines)") != []


@pytest.mark.parametrize(
    ("table", "count"),
    [("products", 30), ("stock", 90), ("customers", 4000), ("orders", 10_000), ("service_centres", 14)],
)
def test_the_tables_are_as_large_as_promised(shop: sqlite3.Connection, table: str, count: int) -> None:
    """The counts that documents and questions rely on."""
    assert rows(shop, f"SELECT count(*) FROM {table}") == [(count,)]


def test_totals_follow_lines_discount_and_shipping_fee(shop: sqlite3.Connection) -> None:
    """Every total is explained by its lines, its code and the fee of its day and country."""
    statement = """
        SELECT o.total, o.discount_code, o.ordered_on, c.country, sum(l.quantity * l.unit_price)
        FROM orders o JOIN customers c USING (customer_id) JOIN order_lines l USING (order_id)
        GROUP BY o.order_id"""
    for total, code, day, country, value in rows(shop, statement):
        reduced = value * (1 - DISCOUNT_PERCENT.get(code, 0) / 100)
        fee = 9.9 if country in {"United Kingdom", "Norway", "Switzerland"} else 6.9
        free_from = 75 if day >= "2026-01-15" else 99
        assert total == pytest.approx(reduced + (fee if reduced < free_from else 0), abs=0.006)


@pytest.mark.parametrize(
    "contradiction",
    [
        pytest.param(
            "SELECT 1 FROM orders o JOIN customers c USING (customer_id) WHERE c.created_on > o.ordered_on",
            id="an order before its customer",
        ),
        pytest.param(
            "SELECT 1 FROM orders o JOIN order_lines l USING (order_id) JOIN products p USING (product_id) "
            "WHERE o.ordered_on < p.launched_on OR (p.name = 'Hazel' AND o.ordered_on >= '2024-04-01')",
            id="a sale before the launch or after the end",
        ),
        pytest.param(
            "SELECT 1 FROM orders o JOIN order_lines l USING (order_id) JOIN products p USING (product_id) "
            "WHERE l.unit_price > p.price OR (o.ordered_on >= '2025-01-01' AND l.unit_price <> p.price)",
            id="a price that never was",
        ),
        pytest.param(
            "SELECT 1 FROM orders o JOIN shipments s USING (order_id) "
            "WHERE s.shipped_on < o.ordered_on OR s.delivered_on <= s.shipped_on",
            id="a parcel before its order",
        ),
        pytest.param(
            "SELECT 1 FROM shipments WHERE (status = 'delivered') <> (delivered_on IS NOT NULL) "
            "OR delivered_on > '2026-11-15' OR shipped_on > '2026-11-15'",
            id="a parcel from the future",
        ),
        pytest.param(
            "SELECT 1 FROM orders o LEFT JOIN shipments s USING (order_id) WHERE "
            "(o.status IN ('delivered', 'returned') AND s.delivered_on IS NULL) "
            "OR (o.status IN ('pending', 'paid') AND s.shipment_id IS NOT NULL) "
            "OR (o.status = 'shipped' AND (s.shipped_on IS NULL OR s.delivered_on IS NOT NULL))",
            id="an order status against its parcel",
        ),
        pytest.param(
            "SELECT 1 FROM returns r LEFT JOIN order_lines l USING (order_id, product_id) "
            "LEFT JOIN shipments s USING (order_id) "
            "WHERE l.order_id IS NULL OR s.delivered_on IS NULL OR r.requested_on < s.delivered_on",
            id="a return of what was not received",
        ),
        pytest.param(
            "SELECT 1 FROM returns r JOIN order_lines l USING (order_id, product_id) "
            "WHERE (r.status = 'refunded') <> (r.refund_amount IS NOT NULL) "
            "OR r.refund_amount > l.unit_price",
            id="a refund of more than the price",
        ),
        pytest.param(
            "SELECT 1 FROM orders o LEFT JOIN returns r ON r.order_id = o.order_id AND r.status = 'refunded' "
            "WHERE o.status = 'returned' AND r.return_id IS NULL",
            id="a returned order without a refund",
        ),
        pytest.param(
            "SELECT 1 FROM tickets "
            "WHERE closed_on < opened_on OR (status = 'closed') <> (closed_on IS NOT NULL)",
            id="a ticket closed before it was opened",
        ),
        pytest.param(
            "SELECT 1 FROM tickets t JOIN orders o USING (order_id) "
            "WHERE t.customer_id <> o.customer_id OR t.opened_on < o.ordered_on",
            id="a ticket about somebody else's order",
        ),
        pytest.param(
            "SELECT 1 FROM stock JOIN products USING (product_id) "
            "WHERE restock_on IS NOT NULL AND (quantity > 0 OR status = 'discontinued')",
            id="a restocking of what is not missing",
        ),
    ],
)
def test_no_row_contradicts_another(shop: sqlite3.Connection, contradiction: str) -> None:
    """Dates, states and amounts agree across the tables."""
    assert rows(shop, contradiction) == []


def test_parcels_mostly_arrive_within_the_promised_days(shop: sqlite3.Connection) -> None:
    """Light parcels in the EU take 2 to 4 working days, so at most 6 days with a weekend."""
    statement = """
        SELECT avg(julianday(s.delivered_on) - julianday(s.shipped_on) BETWEEN 2 AND 6)
        FROM shipments s JOIN orders o USING (order_id) JOIN customers c USING (customer_id)
        WHERE s.delivered_on IS NOT NULL AND c.country IN ('Germany', 'Sweden', 'France')
        AND NOT EXISTS (SELECT 1 FROM order_lines l JOIN products p USING (product_id)
                        WHERE l.order_id = o.order_id AND p.weight_kg > 15)"""
    [(share,)] = rows(shop, statement)
    assert 0.93 < share < 1


def test_orders_grow_and_peak_before_christmas(shop: sqlite3.Connection) -> None:
    """Questions about trends have something to find."""
    years = dict(rows(shop, "SELECT substr(ordered_on, 1, 4), count(*) FROM orders GROUP BY 1"))
    assert years["2023"] < years["2024"] < years["2025"]
    months = dict(
        rows(
            shop, "SELECT substr(ordered_on, 6, 2), count(*) FROM orders WHERE ordered_on < '2026' GROUP BY 1"
        )
    )
    assert max(months, key=months.__getitem__) in {"11", "12"}


def sample_values(shop: sqlite3.Connection, name: str, parameter: dict[str, Any]) -> list[dict[str, Any]]:
    """Return bindings as linking a question would give them."""
    kind = parameter["kind"]
    if kind == "period":
        return [{f"{name}_start": start, f"{name}_end": end} for start, end in PERIODS]
    if kind == "text":
        numbers = [number for (number,) in rows(shop, "SELECT min(order_number) FROM orders GROUP BY status")]
        assert all(re.fullmatch(parameter["pattern"], number) for number in numbers)
        values: list[Any] = [*numbers, "FH-999999"]
    elif kind == "value":
        table, column = parameter["column"].split(".")
        values = [value for (value,) in rows(shop, f"SELECT DISTINCT {column} FROM {table} ORDER BY 1")]
        assert values
    elif kind == "choice":
        values = list(parameter["choices"])
    else:
        assert kind == "integer"
        values = [0, 5]
    if not parameter.get("required", True):
        values.append(parameter.get("default"))
    return [{name: value} for value in values]


def bindings_of(shop: sqlite3.Connection, query: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every combination of sample values."""
    choices = [sample_values(shop, name, spec) for name, spec in query.get("parameters", {}).items()]
    return [{key: value for part in parts for key, value in part.items()} for parts in product(*choices)]


def fields(template: str) -> set[str]:
    return {field for _, field, _, _ in string.Formatter().parse(template) if field is not None}


@pytest.mark.parametrize("name", QUERIES)
def test_a_named_query_runs_and_its_sentences_can_be_filled(shop: sqlite3.Connection, name: str) -> None:
    """Whatever is linked gives a table; one row fills `answer` without a gap, none fills `empty`."""
    query = QUERIES[name]
    optional = {key for key, spec in query.get("parameters", {}).items() if not spec.get("required", True)}
    found = 0
    for bindings in bindings_of(shop, query):
        cursor = shop.execute(query["statement"], bindings)
        result = cursor.fetchall()
        columns = [column for column, *_ in cursor.description]
        assert len(set(columns)) == len(columns)
        assert not set(columns) & optional
        assert fields(query["empty"]) <= bindings.keys()
        assert fields(query["answer"]) <= {*columns, *bindings}
        found += len(result)
        if len(result) == 1:
            values = bindings | dict(zip(columns, result[0], strict=True))
            assert all(values[field] is not None for field in fields(query["answer"]))
    assert found


@pytest.mark.parametrize("name", QUERIES)
def test_a_named_query_passes_the_guard(name: str) -> None:
    """The guard allows it and sees the parameters that are declared."""
    query = QUERIES[name]
    verdict = check(query["statement"], dialect="sqlite", schema=None, max_rows=200)
    assert verdict.allowed, verdict.reason
    declared = {
        variable
        for parameter, spec in query.get("parameters", {}).items()
        for variable in (
            (f"{parameter}_start", f"{parameter}_end") if spec["kind"] == "period" else (parameter,)
        )
    }
    assert verdict.parameters == declared


@pytest.mark.parametrize("name", QUERIES)
def test_what_the_guard_writes_means_the_same(shop: sqlite3.Connection, name: str) -> None:
    """The normalized statement gives the rows of the one in the file."""
    query = QUERIES[name]
    verdict = check(query["statement"], dialect="sqlite", schema=None, max_rows=None)
    bindings = bindings_of(shop, query)[0]
    assert verdict.normalized is not None
    assert shop.execute(verdict.normalized, bindings).fetchall() == (
        shop.execute(query["statement"], bindings).fetchall()
    )


def test_the_sample_configuration_has_every_part() -> None:
    """It names both bases with examples, up to thirty queries with theirs, and the four kinds of rules."""
    assert set(CONFIGURATION["knowledge_bases"]) == {"manuals", "policies"}
    assert all(len(base["examples"]) >= 10 for base in CONFIGURATION["knowledge_bases"].values())
    assert 22 <= len(QUERIES) == len(CONFIGURATION["database"]["queries"]) <= 30
    assert all(3 <= len(query["examples"]) <= 8 for query in QUERIES.values())
    kinds = [rule["kind"] for rule in CONFIGURATION["ranking"]["rules"]]
    assert kinds == ["superseded", "recency", "authority", "product"]


def test_descriptions_name_tables_and_columns_that_exist(shop: sqlite3.Connection) -> None:
    """A description of nothing would mislead whoever writes SQL from it."""
    known: set[str] = set()
    for (table,) in rows(shop, "SELECT name FROM sqlite_master WHERE type = 'table'"):
        known |= {table} | {
            f"{table}.{column}" for _, column, *_ in rows(shop, f"PRAGMA table_info({table})")
        }
    assert set(cast("dict[str, str]", CONFIGURATION["database"]["descriptions"])) <= known
