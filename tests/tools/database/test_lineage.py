"""What shows the rows of a governed table under another name."""

import sqlite3
from contextlib import closing

import pytest

from tests.database_places import Opener, Place
from tools.database.guarding.policy import AccessRule
from tools.database.lineage import Lineage
from tools.errors import ConfigurationError, RejectedQuery
from tools.types import Principal

VISITS = """
CREATE TABLE visits (id INTEGER PRIMARY KEY, customer INTEGER, note TEXT);
CREATE TABLE rooms (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO visits VALUES (1, 7, 'mine'), (2, 8, 'of others');
INSERT INTO rooms VALUES (1, 'hall');
CREATE VIEW all_visits AS SELECT * FROM visits;
CREATE VIEW notes AS WITH n AS (SELECT note FROM all_visits) SELECT note FROM n;
CREATE VIEW visited AS SELECT name FROM rooms WHERE id IN (SELECT id FROM visits);
CREATE VIEW names AS SELECT name FROM rooms;
"""
OWN = AccessRule(table="visits", groups=("guests",), rows="customer = :customer")
GUEST = Principal(groups=frozenset({"guests"}), attributes=(("customer", 7),))


def names(database: object, principal: Principal = GUEST) -> list[str]:
    """Return what exists for somebody."""
    return sorted(table.name for table in database.schema(principal).tables)  # type: ignore[attr-defined]


def test_views_of_a_governed_table_do_not_exist_for_whom_the_rule_is_for(
    place: Place, opened: Opener
) -> None:
    """However many views lie between; everybody else reads them as before."""
    place.run(VISITS)
    database = opened(place, rules=(OWN,))
    assert names(database) == ["names", "rooms", "visits"]
    assert names(database, Principal()) == ["all_visits", "names", "notes", "rooms", "visited", "visits"]
    for view in ("all_visits", "notes", "visited"):
        with pytest.raises(RejectedQuery) as error:
            database.fetch(f"SELECT * FROM {view}", {}, limit=9, principal=GUEST)
        assert error.value.problem == "unknown_table"
        with pytest.raises(ConfigurationError):
            database.values(view, "note", limit=9, principal=GUEST)
    assert database.fetch("SELECT note FROM visits", {}, limit=9, principal=GUEST).rows == (("mine",),)
    assert len(database.fetch("SELECT note FROM notes", {}, limit=9).rows) == 2


def test_a_view_with_a_rule_of_its_own_can_be_read(place: Place, opened: Opener) -> None:
    """Who governs it decides what it shows."""
    place.run(VISITS)
    database = opened(place, rules=(OWN, AccessRule(table="all_visits", rows="customer = :customer")))
    assert names(database) == ["all_visits", "names", "rooms", "visits"]
    rows = database.fetch("SELECT note FROM all_visits", {}, limit=9, principal=GUEST).rows
    assert rows == (("mine",),)


def test_a_view_that_cannot_be_read_as_sql_is_taken_to_read_everything(sqlite: Place, opened: Opener) -> None:
    """Fail closed."""
    sqlite.run(VISITS + "CREATE VIEW odd AS SELECT ~~~id AS i, name FROM rooms NOT INDEXED;")
    lineage = Lineage(unclear=frozenset({"odd"}))
    assert lineage.evades("odd", lambda _: False)
    assert "all_visits" not in names(opened(sqlite, rules=(OWN,)))


PAYMENTS = """
CREATE TABLE pay (id INTEGER, customer INTEGER, day DATE) PARTITION BY RANGE (day);
CREATE TABLE pay_2025 PARTITION OF pay FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE pay_2026 PARTITION OF pay FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE base (id INTEGER, customer INTEGER, secret TEXT);
CREATE TABLE heir (extra TEXT) INHERITS (base);
CREATE TABLE visits (id INTEGER, customer INTEGER);
CREATE MATERIALIZED VIEW held AS SELECT * FROM visits;
CREATE SCHEMA back;
CREATE VIEW back.stairs AS SELECT * FROM visits;
CREATE VIEW roundabout AS SELECT * FROM back.stairs;
CREATE FUNCTION peek() RETURNS SETOF visits LANGUAGE sql AS 'SELECT * FROM visits';
CREATE VIEW called AS SELECT * FROM peek();
INSERT INTO pay SELECT i, i % 3, '2025-03-01' FROM generate_series(1, 9) AS i;
INSERT INTO heir VALUES (1, 0, 'secret', 'e');
"""


def test_partitions_and_heirs_are_not_listed_beside_their_parent(postgres: Place, opened: Opener) -> None:
    """The parent shows their rows, and its rule governs them."""
    postgres.run(PAYMENTS)
    assert names(opened(postgres)) == ["base", "called", "held", "pay", "roundabout", "visits"]
    rule = AccessRule(table="pay", rows="customer = :customer")
    database = opened(postgres, rules=(rule,))
    asker = Principal(attributes=(("customer", 0),))
    assert database.fetch("SELECT count(*) FROM pay", {}, limit=1, principal=asker).rows == ((3,),)
    with pytest.raises(RejectedQuery):
        database.fetch("SELECT count(*) FROM pay_2025", {}, limit=1, principal=asker)


def test_a_partition_that_is_asked_for_is_listed_unless_a_rule_governs_its_parent(
    postgres: Place, opened: Opener
) -> None:
    """And a parent is not, where a rule governs one of its partitions."""
    postgres.run(PAYMENTS)
    tables = ("pay", "pay_2025", "pay_2026")
    assert names(opened(postgres, tables=tables)) == list(tables)
    governed = AccessRule(table="pay", rows="customer = :customer")
    assert names(opened(postgres, tables=tables, rules=(governed,))) == ["pay"]
    part = AccessRule(table="pay_2025", rows="customer = :customer")
    assert names(opened(postgres, tables=tables, rules=(part,))) == ["pay_2025", "pay_2026"]


def test_no_way_round_leads_to_a_governed_table_on_postgres(postgres: Place, opened: Opener) -> None:
    """Materialized views, views in other schemas, and functions, of which nobody can tell what they read."""
    postgres.run(PAYMENTS)
    rule = AccessRule(table="visits", rows="customer = :customer")
    assert names(opened(postgres, rules=(rule,))) == ["base", "pay", "visits"]


def test_the_data_of_virtual_tables_is_not_listed(sqlite: Place, opened: Opener) -> None:
    """Nor the virtual tables themselves, which cannot be read."""
    with closing(sqlite3.connect(":memory:")) as connection:
        options = {option for (option,) in connection.execute("PRAGMA compile_options")}
    modules = {
        "FTS5": "full USING fts5(body)",
        "FTS4": "old USING fts4(body)",
        "RTREE": "box USING rtree(id, a, b)",
    }
    made = [f"CREATE VIRTUAL TABLE {made};" for name, made in modules.items() if f"ENABLE_{name}" in options]
    sqlite.run(VISITS + "CREATE TABLE full_house (id INTEGER);" + "".join(made))
    assert made
    assert names(opened(sqlite)) == [
        "all_visits",
        "full_house",
        "names",
        "notes",
        "rooms",
        "visited",
        "visits",
    ]
