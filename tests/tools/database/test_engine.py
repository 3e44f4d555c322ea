"""The engine on both databases: errors that can be mended, rules, odd names and values, changing schemas."""

import math
import os

import pytest

from tests.database_places import Opener, Place
from tools.database.engine import SqlDatabase
from tools.database.guarding.policy import AccessRule
from tools.errors import ConfigurationError, DeadlineExceeded, Problem, RejectedQuery, TransientError
from tools.types import ANYONE, Cell, Principal, Table

GARDEN = """
CREATE TABLE plants (plant_id INTEGER PRIMARY KEY, name VARCHAR(50), bed VARCHAR(20), height INTEGER);
CREATE TABLE waterings (plant_id INTEGER REFERENCES plants(plant_id), litres INTEGER, note TEXT);
CREATE TABLE secrets (word VARCHAR(20));
INSERT INTO plants VALUES (1,'Fern','north',40), (2,'Ivy','south',120), (3,'Moss','north',NULL);
INSERT INTO waterings VALUES (1,2,'in the rain'), (1,3,'by hand'), (2,1,'by hand');
INSERT INTO secrets VALUES ('swordfish');
"""
READABLE = ("plants", "waterings")


@pytest.fixture
def garden(place: Place, opened: Opener) -> SqlDatabase:
    """Open a small database."""
    place.run(GARDEN)
    return opened(place, tables=READABLE)


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("SELECT nam FROM plants", "unknown_column"),
        ("SELECT p.nam FROM plants p", "unknown_column"),
        ("SELECT name FROM plant", "unknown_table"),
        ("SELECT word FROM secrets", "unknown_table"),
        ("SELECT plant_id FROM plants, waterings", "ambiguous"),
        ("SELECT name FROM plants WHERE (", "syntax"),
        ("SELECT name FROM plants WHERE count(*) > 1", "syntax"),
        ("SELECT (SELECT plant_id, name FROM plants) FROM plants", "syntax"),
        ("SELECT name FROM plants UNION SELECT plant_id, name FROM plants", "syntax"),
        ("SELECT name FROM plants WHERE bed = :bed", "parameters"),
        ("DELETE FROM plants", "refused"),
        ("SELECT name FROM plants WHERE name LIKE '" + "%a" * 400 + "'", None),
    ],
)
def test_every_refusal_says_what_kind_of_problem_it_is(
    garden: SqlDatabase, place: Place, statement: str, problem: Problem | None
) -> None:
    """So that who wrote the statement can mend it; the message is one line without secrets or paths."""
    if problem is None:
        problem = "too_large" if place.kind == "sqlite" else None
    if problem is None:
        garden.fetch(statement, {}, limit=5)
        return
    with pytest.raises(RejectedQuery) as error:
        garden.fetch(statement, {}, limit=5)
    assert error.value.problem == problem
    said = str(error.value)
    assert "\n" not in said
    assert os.sep not in said
    assert "swordfish" not in said


def test_a_misspelled_name_is_put_right_in_the_message(garden: SqlDatabase) -> None:
    """By a name that may be read."""
    with pytest.raises(RejectedQuery, match="did you mean 'height'"):
        garden.fetch("SELECT heigt FROM plants", {}, limit=5)
    with pytest.raises(RejectedQuery, match="did you mean 'waterings'"):
        garden.fetch("SELECT litres FROM watering", {}, limit=5)
    with pytest.raises(RejectedQuery) as error:
        garden.fetch("SELECT word FROM secret", {}, limit=5)
    assert "secrets" not in str(error.value)


def test_a_product_of_tables_is_refused_before_it_runs(place: Place, opened: Opener) -> None:
    """With a remedy; the limit is the operator's to raise, and then the deadline holds."""
    place.run(GARDEN)
    joins = " ".join(f"JOIN waterings w{number} ON w{number}.litres > p.height" for number in range(12))
    statement = f"SELECT count(*) FROM plants p {joins}"
    strict = opened(place, tables=READABLE, most_cost=1_000)
    with pytest.raises(RejectedQuery, match="join every table on its key") as error:
        strict.fetch(statement, {}, limit=5)
    assert error.value.problem == "too_expensive"
    assert strict.fetch("SELECT count(*) FROM plants", {}, limit=5).rows == ((3,),)
    joins = joins.replace("> p.height", "> 0")
    patient = opened(place, tables=READABLE, most_cost=math.inf, deadline_seconds=0.1)
    place.run("INSERT INTO waterings SELECT plant_id, litres, note FROM waterings;" * 6)
    with pytest.raises(DeadlineExceeded):
        patient.fetch(f"SELECT count(*) FROM plants p {joins}", {}, limit=5)


def test_values_that_are_too_much_work_to_find_are_refused(place: Place, opened: Opener) -> None:
    """As a statement is: a view may hold any product."""
    place.run(
        GARDEN
        + "CREATE VIEW pairs AS SELECT p.name FROM plants p, waterings, waterings w, waterings v; ANALYZE;"
    )
    database = opened(place, most_cost=60)
    assert database.values("plants", "name", limit=9) == ("Fern", "Ivy", "Moss")
    with pytest.raises(RejectedQuery) as error:
        database.values("pairs", "name", limit=9)
    assert error.value.problem == "too_expensive"


def test_who_is_governed_learns_no_figure_from_a_refusal(place: Place, opened: Opener) -> None:
    """It would tell how many rows there are that the asker may not see."""
    place.run(GARDEN)
    rule = AccessRule(table="waterings", groups=("guests",), rows="plant_id = :plant")
    database = opened(place, tables=READABLE, most_cost=1, rules=(rule,))
    joins = "JOIN waterings b ON a.litres < b.litres JOIN plants p ON p.name > b.note"
    product = f"SELECT count(*) FROM waterings a {joins}"
    with pytest.raises(RejectedQuery, match="times"):
        database.fetch(product, {}, limit=5)
    with pytest.raises(RejectedQuery, match=r"^\D*$"):
        database.fetch(product, {}, limit=5, principal=GUEST)


RULES = (
    AccessRule(table="plants", hidden=("height",)),
    AccessRule(table="waterings", masked=("note",)),
    AccessRule(table="waterings", groups=("guests",), rows="plant_id = :plant"),
)
GUEST = Principal(groups=frozenset({"guests"}), attributes=(("plant", 1),))


def test_who_is_governed_learns_no_figure_from_a_plan(place: Place, opened: Opener) -> None:
    """Whatever is estimated counts all rows; who may see them is told."""
    place.run(GARDEN + "ANALYZE;")
    rule = AccessRule(table="waterings", groups=("guests",), rows="plant_id = :plant")
    database = opened(place, tables=READABLE, rules=(rule,))
    free, governed = (
        database.fetch("SELECT litres FROM waterings", {}, limit=5, principal=principal).plan
        for principal in (ANYONE, GUEST)
    )
    assert any("(rows=" in line for line in free) == (place.kind == "postgres")
    assert any("waterings" in line for line in governed)
    assert not any("rows=" in line for line in governed)


@pytest.fixture
def ruled(place: Place, opened: Opener) -> SqlDatabase:
    """Open the same database with rules."""
    place.run(GARDEN)
    return opened(place, tables=READABLE, rules=RULES)


def test_a_hidden_column_does_not_exist_for_the_asker(ruled: SqlDatabase) -> None:
    """Neither in the schema nor in statements nor as values."""
    plants = ruled.schema(ANYONE).table("plants", dialect=ruled.dialect)
    assert plants is not None
    assert [column.name for column in plants.columns] == ["plant_id", "name", "bed"]
    with pytest.raises(RejectedQuery, match="height") as error:
        ruled.fetch("SELECT height FROM plants", {}, limit=5)
    assert error.value.problem == "unknown_column"
    with pytest.raises(ConfigurationError, match="height"):
        ruled.values("plants", "height", limit=5)
    assert ruled.fetch("SELECT * FROM plants", {}, limit=1).columns == ("plant_id", "name", "bed")


def test_a_masked_column_is_unknown_to_the_asker(ruled: SqlDatabase) -> None:
    """It reads as NULL and has no values."""
    assert ruled.fetch("SELECT DISTINCT note FROM waterings", {}, limit=5).rows == ((None,),)
    assert ruled.values("waterings", "note", limit=5) == ()


def test_rows_and_values_are_those_that_the_asker_may_see(ruled: SqlDatabase) -> None:
    """An asker without the attribute sees none; who no rule is for sees all."""
    statement = "SELECT litres FROM waterings ORDER BY litres"
    other = Principal(groups=frozenset({"guests"}), attributes=(("plant", 2),))
    stranger = Principal(groups=frozenset({"guests"}))
    seen = {ANYONE: ((1,), (2,), (3,)), GUEST: ((2,), (3,)), other: ((1,),), stranger: ()}
    for asker, rows in seen.items():
        assert ruled.fetch(statement, {}, limit=5, principal=asker).rows == rows
    assert ruled.values("waterings", "litres", limit=5, principal=GUEST) == ("2", "3")
    assert ruled.values("waterings", "litres", limit=5, principal=other) == ("1",)
    assert ruled.values("waterings", "litres", limit=5, principal=stranger) == ()
    assert ruled.values("waterings", "litres", limit=5) == ("1", "2", "3")


def test_an_attribute_cannot_be_given_as_a_parameter(ruled: SqlDatabase) -> None:
    """The asker's own value is bound, whatever else is given under its name."""
    given = {"asker_plant": 2, "plant": 2}
    table = ruled.fetch("SELECT litres FROM waterings", given, limit=5, principal=GUEST)
    assert sorted(table.rows) == [(2,), (3,)]


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (AccessRule(table="plant", hidden=("name",)), "'plant'"),
        (AccessRule(table="plants", masked=("nam",)), "'nam'"),
        (AccessRule(table="plants", rows="colour = 'red'"), "'colour'"),
        (AccessRule(table="plants", rows="(("), "plants"),
    ],
)
def test_a_rule_about_nothing_is_the_operators_to_correct(
    place: Place, opened: Opener, rule: AccessRule, said: str
) -> None:
    """Nothing is read with it."""
    place.run(GARDEN)
    database = opened(place, tables=READABLE, rules=(rule,))
    with pytest.raises(ConfigurationError, match=rf"access.*{said}"):
        database.ping()
    with pytest.raises(ConfigurationError, match=rf"access.*{said}"):
        database.fetch("SELECT name FROM plants", {}, limit=1)


def test_descriptions_reach_the_schema(place: Place, opened: Opener) -> None:
    """Of tables and columns, whatever case the database ignores."""
    place.run(GARDEN)
    words = {"plants": "What grows.", "Plants.Bed": "Where it grows."}
    plants, waterings = opened(place, tables=READABLE, descriptions=words).schema().tables
    assert plants.description == "What grows."
    assert [column.description for column in plants.columns] == ["", "", "Where it grows.", ""]
    assert waterings.description == ""


def test_unknown_descriptions_are_named(place: Place, opened: Opener) -> None:
    """All of them, with what was probably meant."""
    place.run(GARDEN)
    words = {"plants.nam": "a", "shrubs": "b", "plants": "c"}
    with pytest.raises(ConfigurationError, match=r"descriptions.*'plants.nam', 'shrubs'.*'plants.name'"):
        opened(place, tables=READABLE, descriptions=words).schema()


def test_a_new_column_is_found_when_a_statement_needs_it(garden: SqlDatabase, place: Place) -> None:
    """The tables are looked at once more, and then not again for a while."""
    garden.ping()
    place.run("ALTER TABLE plants ADD COLUMN colour TEXT; UPDATE plants SET colour = 'green';")
    assert garden.fetch("SELECT DISTINCT colour FROM plants", {}, limit=5).rows == (("green",),)
    place.run("ALTER TABLE plants ADD COLUMN scent TEXT;")
    with pytest.raises(RejectedQuery, match="scent"):
        garden.fetch("SELECT scent FROM plants", {}, limit=5)


def test_a_table_that_was_dropped_is_said_to_be_gone_and_the_others_stay(
    garden: SqlDatabase, place: Place
) -> None:
    """And when it comes back it can be read again."""
    garden.structure.seconds_between_looks = 0
    garden.ping()
    place.run("DROP TABLE waterings;")
    with pytest.raises(RejectedQuery, match="no table 'waterings'") as error:
        garden.fetch("SELECT litres FROM waterings", {}, limit=5)
    assert error.value.problem == "unknown_table"
    assert garden.fetch("SELECT count(*) FROM plants", {}, limit=5).rows == ((3,),)
    place.run("CREATE TABLE waterings (litres INTEGER); INSERT INTO waterings VALUES (7);")
    assert garden.fetch("SELECT litres FROM waterings", {}, limit=5).rows == ((7,),)


def test_a_column_that_was_renamed_is_not_shown_by_its_new_name_past_a_rule(
    ruled: SqlDatabase, place: Place
) -> None:
    """A rule that has become one about nothing closes the database until it is corrected."""
    ruled.structure.seconds_between_looks = 0
    ruled.ping()
    place.run("ALTER TABLE plants RENAME COLUMN height TO size;")
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"access.*height"):
            ruled.fetch("SELECT size FROM plants", {}, limit=5)


def test_a_thousand_tables_and_views_are_reflected_with_their_keys(place: Place, opened: Opener) -> None:
    """In a handful of queries, whatever their number."""
    first = "CREATE TABLE t0 (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t0 (id), name TEXT);"
    tables = (
        f"CREATE TABLE t{number} (id INTEGER PRIMARY KEY, up INTEGER REFERENCES t{number - 1} (id));"
        for number in range(1, 100)
    )
    views = (f"CREATE VIEW v{number} AS SELECT id, up FROM t{number % 100};" for number in range(900))
    place.run(f"BEGIN; {first} {' '.join(tables)} {' '.join(views)} COMMIT;")
    schema = opened(place).schema()
    assert len(schema.tables) == 1_000
    table = schema.table("t70", dialect="sqlite")
    assert table is not None
    assert (table.primary_key, table.foreign_keys[0].table) == (("id",), "t69")


def test_a_database_without_tables_is_the_operators_to_correct(place: Place, opened: Opener) -> None:
    """It says so before a question is asked."""
    with pytest.raises(ConfigurationError, match="has no tables"):
        opened(place).ping()


ODD_TABLE = 'my "odd": 100% tåble %s'
ODD_COLUMNS = (
    "select",
    "Ünï çode",
    "a:b",
    ":x",
    "50%",
    "%(x)s",
    "trail ",
    "a.b",
    "MiXed",
    'q"uote',
    "it's",
    "?",
)


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def test_odd_names_are_only_names(place: Place, opened: Opener) -> None:
    """Spaces, quotes, colons, percent signs, reserved words, any script."""
    columns = ", ".join(f"{quoted(name)} VARCHAR(20)" for name in ODD_COLUMNS)
    values = ", ".join(f"'v{number}'" for number in range(len(ODD_COLUMNS)))
    table = quoted(ODD_TABLE)
    place.run(f"CREATE TABLE {table} ({columns}); INSERT INTO {table} VALUES ({values});")
    database = opened(place, tables=(ODD_TABLE,), descriptions={f"{ODD_TABLE}.a.b": "dotted"})
    (found,) = database.schema().tables
    assert found.name == ODD_TABLE
    assert tuple(column.name for column in found.columns) == ODD_COLUMNS
    assert [column.name for column in found.columns if column.description] == ["a.b"]
    for number, name in enumerate(ODD_COLUMNS):
        assert database.values(ODD_TABLE, name, limit=5) == (f"v{number}",)
        statement = f"SELECT {quoted(name)} FROM {table} WHERE {quoted(name)} = :value"
        assert database.fetch(statement, {"value": f"v{number}"}, limit=5) == Table(
            columns=(name,), rows=((f"v{number}",),)
        )


def test_a_name_too_long_to_ask_for_is_left_out(sqlite: Place, opened: Opener) -> None:
    """SQLite allows names of any length."""
    sqlite.run(f"CREATE TABLE a (x, {'y' * 64}); CREATE TABLE {'b' * 64} (x);")
    (table,) = opened(sqlite).schema().tables
    assert [column.name for column in table.columns] == ["x"]


def test_what_cannot_be_read_does_not_keep_the_rest_from_being_read(sqlite: Place, opened: Opener) -> None:
    """A view of a table that is gone fails SQLite's own listing."""
    sqlite.run(GARDEN + "CREATE VIEW lost AS SELECT x FROM gone; CREATE VIEW tall AS SELECT * FROM plants;")
    database = opened(sqlite)
    assert [table.name for table in database.schema().tables] == ["plants", "secrets", "tall", "waterings"]
    assert database.fetch("SELECT count(*) FROM tall", {}, limit=5).rows == ((3,),)


@pytest.mark.parametrize(
    ("sqlite_value", "postgres_value", "cell"),
    [
        ("NULL", "NULL", None),
        ("9223372036854775807", "9223372036854775807", 2**63 - 1),
        ("''", "''", ""),
        ("'😀 \u202e'", "'😀 \u202e'", "😀 \u202e"),
        ("x'00ff'", "'\\x00ff'::bytea", "<2 bytes>"),
        ("9e999", "'Infinity'::float8", "Infinity"),
        ("-9e999", "'-Infinity'::numeric", "-Infinity"),
        ("9e999 - 9e999", "'NaN'::float8", None),
        ("CAST(x'41ff42' AS TEXT)", "'A\ufffdB'", "A\ufffdB"),
        ("0.1", "0.1", 0.1),
    ],
)
def test_odd_values_come_as_plain_cells(
    place: Place, opened: Opener, sqlite_value: str, postgres_value: str, cell: Cell
) -> None:
    """The same on both databases as far as they have them."""
    value = sqlite_value if place.kind == "sqlite" else postgres_value
    place.run(f"CREATE TABLE odd AS SELECT {value} AS value;")
    assert opened(place).fetch("SELECT value FROM odd", {}, limit=5).rows == ((cell,),)


def test_rows_of_megabytes_are_cut_and_a_large_result_ends_early(place: Place, opened: Opener) -> None:
    """Three megabytes in a cell are two thousand characters; results stop at two megabytes."""
    numbers = "SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 3000"
    much, page = "hex(zeroblob(1500000))", "hex(zeroblob(750))"
    if place.kind == "postgres":
        much, page = "repeat('0', 3000000)", "repeat('0', 1500)"
    place.run(
        f"CREATE TABLE giants AS SELECT {much} AS much FROM (SELECT 1 UNION ALL SELECT 2) AS t;"
        f"CREATE TABLE pages AS WITH RECURSIVE n(i) AS ({numbers}) SELECT i, {page} AS page FROM n;"
    )
    database = opened(place)
    rows = database.fetch("SELECT much, length(much) AS n FROM giants", {}, limit=5).rows
    assert [(len(str(much)), n) for much, n in rows] == [(2_000, 3_000_000)] * 2
    table = database.fetch("SELECT page FROM pages", {}, limit=3_000)
    assert table.truncated
    assert 1_200 < len(table.rows) < 1_400
    assert not database.fetch("SELECT i FROM pages", {}, limit=3_000).truncated


def test_references_lead_to_what_can_be_read(sqlite: Place, opened: Opener) -> None:
    """Those to tables that never were, or by another number of columns, lead nowhere."""
    sqlite.run(
        "CREATE TABLE a (x INTEGER, y INTEGER, PRIMARY KEY (x, y));"
        "CREATE TABLE b (x INTEGER REFERENCES gone (x), y INTEGER REFERENCES a, z INTEGER,"
        " FOREIGN KEY (x, z) REFERENCES A);"
    )
    _, table = opened(sqlite).schema().tables
    assert [(key.columns, key.table, key.references) for key in table.foreign_keys] == [
        (("x", "z"), "a", ("x", "y"))
    ]


def test_when_all_connections_are_busy_the_next_asker_is_told(sqlite: Place, opened: Opener) -> None:
    """It waits as long as a statement may take, not longer."""
    sqlite.run(GARDEN)
    database = opened(sqlite, deadline_seconds=0.1)
    database.ping()
    taken = [database.pool.connect() for _ in range(database.pool.size())]
    with pytest.raises(TransientError, match="busy"):
        database.ping()
    for connection in taken:
        connection.close()
    database.ping()


def test_a_value_beyond_what_sqlite_is_given_is_a_clear_error(sqlite: Place, opened: Opener) -> None:
    """Its row can be read without it."""
    sqlite.run("CREATE TABLE films (name TEXT, reel BLOB)")
    sqlite.run("INSERT INTO films VALUES ('Fern', zeroblob(9000000))")
    database = opened(sqlite)
    with pytest.raises(RejectedQuery, match=r"too big.*length\(\)") as error:
        database.fetch("SELECT * FROM films", {}, limit=5)
    assert error.value.problem == "too_large"
    assert database.fetch("SELECT name, length(reel) FROM films", {}, limit=5).rows == (("Fern", 9_000_000),)
