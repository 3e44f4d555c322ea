"""Hostile and benign statements, and access rules, on a real PostgreSQL with a role that can only read."""

import re
from collections.abc import Iterator
from contextlib import suppress

import psycopg
import pytest

from tests.postgres_server import PostgresMissing, postgres_server
from tests.tools.database.corpora import (
    CANARY,
    PARAMETERS,
    READABLE,
    TELLTALES,
    definitions,
    files_to_be_written,
    statements,
    unescaped,
)
from tools.database.engine import SqlDatabase, open_database
from tools.database.guarding.policy import AccessRule
from tools.errors import PlumblineError, RejectedQuery
from tools.types import Principal

HOSTILE = statements("hostile", "postgres")
MEMORY_BOMB = re.compile(r"repeat\(|[lr]pad\(|generate_series|array_fill|factorial|\^|!$", re.IGNORECASE)
"""What only a process of its own can bear without the guard; it is measured there."""

_STUCK = {psycopg.pq.TransactionStatus.ACTIVE, psycopg.pq.TransactionStatus.UNKNOWN}
"""In the middle of a COPY, or gone: such a connection takes no other statement."""

PREPARED = f"""
CREATE SEQUENCE orders_order_id_seq;
CREATE ROLE reader LOGIN;
GRANT SELECT ON {", ".join(READABLE)} TO reader;
"""
ACCOUNTS = """
CREATE TABLE accounts (account_id INTEGER PRIMARY KEY, owner INTEGER, balance NUMERIC(10, 2), pin TEXT,
  details JSON);
CREATE TABLE notes (account_id INTEGER, note TEXT);
INSERT INTO accounts VALUES (1, 1, 50, '1111', '{}'), (2, 1, 70, '2222', '{}'),
  (3, 2, %(other)s, %(pin)s, '{}');
INSERT INTO notes VALUES (1, 'a'), (2, 'b'), (3, %(pin)s);
GRANT SELECT ON accounts, notes TO reader;
"""
RULES = (
    AccessRule(table="accounts", hidden=("pin",), masked=("details",), rows="owner = :customer"),
    AccessRule(table="notes", rows="account_id < 3"),
)
ASKER = Principal(attributes=(("customer", 1),))


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Run one PostgreSQL with the shop in it, and two databases that differ only in what may not be seen."""
    try:
        with postgres_server() as url:
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute((definitions() + PREPARED).encode())
                connection.execute("CREATE DATABASE one")
                connection.execute("CREATE DATABASE other")
            for name, other, pin in (("one", 100, "9999"), ("other", -7, "x")):
                with psycopg.connect(inside(url, name), cursor_factory=psycopg.ClientCursor) as connection:
                    connection.execute(ACCOUNTS, {"other": other, "pin": pin})
            yield url
    except PostgresMissing as missing:
        pytest.skip(str(missing))


def inside(url: str, database: str) -> str:
    """Return the address of another database on the same server."""
    return url.replace("/postgres?", f"/{database}?")


def as_reader(url: str) -> str:
    """Return the address for the role that can only read."""
    return url.replace("postgres@", "reader@")


@pytest.fixture
def database(server: str) -> Iterator[SqlDatabase]:
    """Open the shop as the tool does."""
    opened = open_database(as_reader(server), tables=READABLE, deadline_seconds=2.0)
    yield opened
    opened.close()


@pytest.fixture
def pair(server: str) -> Iterator[tuple[SqlDatabase, SqlDatabase]]:
    """Open the two databases that look alike to the asker."""
    opened = [
        open_database(as_reader(inside(server, name)), tables=(), deadline_seconds=2.0, rules=RULES)
        for name in ("one", "other")
    ]
    yield opened[0], opened[1]
    for each in opened:
        each.close()


def state(url: str) -> object:
    """Return what any write would change: every table and sequence, the catalogue, roles, and files."""
    queries = [f"SELECT * FROM {name} ORDER BY 1, 2" for name in (*READABLE, "secrets")]
    queries += [
        "SELECT last_value, is_called FROM orders_order_id_seq",
        "SELECT relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace ORDER BY 1",
        "SELECT rolname, rolsuper FROM pg_roles ORDER BY 1",
        "SELECT count(*) FROM pg_largeobject_metadata",
        "SELECT slot_name FROM pg_replication_slots",
        "SELECT setconfig::text FROM pg_db_role_setting",
    ]
    with psycopg.connect(url) as connection:
        return [connection.execute(query.encode()).fetchall() for query in queries], files_to_be_written()


def test_no_hostile_statement_gets_through_the_engine(database: SqlDatabase, server: str) -> None:
    """None writes, none reads the canary, and only those marked as harmless give rows at all."""
    before = state(server)
    found = {}
    for line in HOSTILE:
        with suppress(PlumblineError):
            found[line] = repr(database.fetch(unescaped(line), PARAMETERS, limit=50))
    assert state(server) == before
    assert not any(telltale in text for text in found.values() for telltale in TELLTALES)
    assert set(found) == {line for line in HOSTILE if line.startswith("harmless|")}


def test_past_the_guard_the_role_and_session_still_write_nothing(server: str) -> None:
    """The second layer alone, by the protocol that takes several statements at once."""
    before = state(server)
    opened = open_database(as_reader(server), tables=READABLE, deadline_seconds=0.1)
    source, tried, ran = opened.source, [], []
    connection = source.connect()
    for line in HOSTILE:
        if MEMORY_BOMB.search(line):
            continue
        if connection.closed or connection.info.transaction_status in _STUCK:
            connection.close()
            connection = source.connect()
        connection.rollback()
        source.begin(connection)
        tried.append(line)
        with suppress(psycopg.Error, ValueError):
            cursor = connection.execute(unescaped(line).encode())
            rows = cursor.fetchmany(1_000) if cursor.description else []
            ran.append(line)
            assert not any(telltale in repr(rows) for telltale in TELLTALES), line
    connection.close()
    opened.close()
    assert state(server) == before
    assert len(tried) > 0.9 * len(HOSTILE)
    assert 0 < len(ran) < 0.5 * len(HOSTILE), ran


def test_every_benign_statement_runs(database: SqlDatabase) -> None:
    """What analysts and language models write is neither refused nor broken by being written anew."""
    failed = []
    for line in statements("benign", "postgres"):
        try:
            database.fetch(line, PARAMETERS, limit=50)
        except PlumblineError as error:
            failed.append((line, str(error)))
    assert not failed


def outcome(database: SqlDatabase, statement: str, asker: Principal = ASKER) -> object:
    """Return the rows or the error of a statement."""
    try:
        return database.fetch(statement, {}, limit=50, principal=asker).rows
    except RejectedQuery as error:
        return (error.problem, str(error))


ORACLES = """
SELECT 1 / (balance - 100) FROM accounts
SELECT account_id FROM accounts WHERE 1 / (balance - 100) < 5
SELECT account_id FROM accounts WHERE account_id = 3 AND 1 / (balance - 100) > 0
SELECT 1 FROM accounts WHERE CASE WHEN owner = 2 THEN 1 / (balance - 100) > 0 ELSE FALSE END
SELECT count(*) FROM accounts GROUP BY 1 / (balance - 100)
SELECT account_id FROM accounts ORDER BY 1 / (balance - 100)
SELECT sum(1 / (balance - 100)) OVER (PARTITION BY owner) FROM accounts
SELECT count(*) FILTER (WHERE 1 / (balance - 100) > 0) FROM accounts
SELECT n.note FROM notes n JOIN accounts a ON a.account_id = n.account_id AND 1 / (a.balance - 100) < 9
SELECT n.note::integer FROM notes n WHERE n.note <> 'a' AND n.note <> 'b'
SELECT note FROM notes WHERE note::integer > 0 AND note = '9999'
SELECT count(*) FROM notes n LEFT JOIN accounts a USING (account_id) WHERE a.owner IS NULL
SELECT count(*), max(balance), min(account_id), string_agg(owner::text, ',') FROM accounts
SELECT a.balance + b.balance FROM accounts a CROSS JOIN accounts b
WITH a AS (SELECT * FROM accounts) SELECT max(1 / (balance - 100)) FROM a
SELECT (SELECT max(1 / (balance - 100)) FROM accounts)
SELECT 1 WHERE EXISTS (SELECT 1 FROM accounts WHERE balance = 100)
SELECT 1 WHERE 100 IN (SELECT balance FROM accounts)
SELECT account_id FROM accounts EXCEPT SELECT account_id FROM notes
SELECT accounts.* FROM accounts NATURAL JOIN notes
SELECT * FROM accounts AS a (one, two, three, four)
SELECT details FROM accounts
SELECT pin FROM accounts
SELECT accounts.pin FROM accounts
SELECT account_id FROM accounts WHERE pin = '9999'
SELECT a.account_id FROM accounts a JOIN accounts b USING (pin)
SELECT a FROM accounts a
SELECT a.*::text FROM accounts a
""".strip().splitlines()


@pytest.mark.parametrize("statement", ORACLES)
def test_nothing_hidden_can_be_asked_about(pair: tuple[SqlDatabase, SqlDatabase], statement: str) -> None:
    """Two databases that differ only in what may not be seen answer alike, errors included."""
    one, other = outcome(pair[0], statement), outcome(pair[1], statement)
    assert one == other
    assert "9999" not in repr(one)
    assert "division" not in repr(one)


def test_without_rules_the_same_statements_tell_the_databases_apart(server: str) -> None:
    """So the comparison above means something; the first is the division-by-zero oracle."""
    one, other = (
        open_database(as_reader(inside(server, name)), tables=(), deadline_seconds=2.0)
        for name in ("one", "other")
    )
    told = [line for line in ORACLES if outcome(one, line) != outcome(other, line)]
    one.close()
    other.close()
    assert ORACLES[0] in told
    assert len(told) > 0.5 * len(ORACLES)


def test_masked_columns_keep_their_type_and_lose_their_values(
    pair: tuple[SqlDatabase, SqlDatabase],
) -> None:
    """Also a type that nothing else can be cast to."""
    assert outcome(pair[0], "SELECT account_id, details FROM accounts ORDER BY 1") == ((1, None), (2, None))


def test_who_lacks_the_attribute_sees_no_row(pair: tuple[SqlDatabase, SqlDatabase]) -> None:
    """A rule that cannot be applied holds for nothing."""
    nobody = Principal(attributes=(("customer", None),))
    assert outcome(pair[0], "SELECT count(*) FROM accounts", nobody) == ((0,),)


def test_the_canary_would_be_seen_if_it_were_read(server: str) -> None:
    """The search for it is able to find it."""
    with psycopg.connect(server) as connection:
        assert CANARY in repr(connection.execute("SELECT * FROM secrets").fetchall())
