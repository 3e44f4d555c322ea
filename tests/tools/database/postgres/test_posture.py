"""Which PostgreSQL roles are fit to read with."""

from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy.engine import make_url

from tests.postgres_server import reader_of
from tools.database.engine import open_database
from tools.database.postgres.posture import powers_of, reader_role
from tools.errors import ConfigurationError

TABLES = """
CREATE TABLE goods (id integer PRIMARY KEY, name text);
CREATE TABLE ledger (id integer, amount numeric);
CREATE SEQUENCE tickets;
CREATE FOREIGN DATA WRAPPER elsewhere;
CREATE SERVER far FOREIGN DATA WRAPPER elsewhere;
SELECT lo_create(4711);
CREATE SCHEMA annex;
"""


@pytest.fixture(scope="module")
def shop(postgres_url: str) -> str:
    """Give the tests of this file a database of their own."""
    with psycopg.connect(postgres_url, autocommit=True) as connection:
        connection.execute("CREATE DATABASE posture")
    url = make_url(postgres_url).set(database="posture").render_as_string()
    with psycopg.connect(url) as connection:
        connection.execute(TABLES.encode())
    return url


@contextmanager
def role_after(shop: str, *statements: str) -> Iterator[str]:
    """Make a fit role called `odd_reader`, run the statements, and undo it all."""
    url = reader_of(shop, role="odd_reader")
    with psycopg.connect(shop, autocommit=True) as connection:
        try:
            for statement in statements:
                connection.execute(statement.encode())
            yield url
        finally:
            connection.execute("REVOKE DELETE ON ledger FROM PUBLIC")
            connection.execute("ALTER DATABASE posture OWNER TO postgres")
            for role in ("odd_reader", "leaders", "writers"):
                if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", (role,)).fetchall():
                    connection.execute(f"REASSIGN OWNED BY {role} TO postgres".encode())
                    connection.execute(f"DROP OWNED BY {role}".encode())
                    connection.execute(f"DROP ROLE {role}".encode())


def powers(url: str) -> tuple[str, ...]:
    with psycopg.connect(url) as connection:
        return powers_of(connection)


def test_the_role_that_we_advise_is_fit(shop: str) -> None:
    """It has no power, reads what it was granted and nothing else."""
    with role_after(shop) as url:
        assert powers(url) == ()
        database = open_database(url, tables=(), deadline_seconds=5)
        assert [table.name for table in database.schema().tables] == ["goods", "ledger"]
        database.close()


@pytest.mark.parametrize(
    ("statements", "power"),
    [
        (["ALTER ROLE odd_reader SUPERUSER"], "is a superuser"),
        (["ALTER ROLE odd_reader CREATEROLE"], "may create roles"),
        (["ALTER ROLE odd_reader CREATEDB"], "may create databases"),
        (["ALTER ROLE odd_reader REPLICATION"], "may replicate"),
        (["ALTER ROLE odd_reader BYPASSRLS"], "bypasses row security"),
        (["GRANT pg_write_all_data TO odd_reader"], "is a member of pg_write_all_data"),
        (["GRANT pg_read_server_files TO odd_reader"], "is a member of pg_read_server_files"),
        (["GRANT pg_signal_backend TO odd_reader"], "is a member of pg_signal_backend"),
        (["GRANT INSERT ON goods TO odd_reader"], "may change public.goods"),
        (["GRANT TRUNCATE ON goods TO odd_reader"], "may change public.goods"),
        (["GRANT UPDATE (name) ON goods TO odd_reader"], "may change columns of public.goods"),
        (["GRANT DELETE ON ledger TO PUBLIC"], "may change public.ledger"),
        (["ALTER TABLE goods OWNER TO odd_reader"], "owns public.goods"),
        (["ALTER DATABASE posture OWNER TO odd_reader"], "owns the database posture"),
        (["ALTER SCHEMA annex OWNER TO odd_reader"], "owns the schema annex"),
        (["GRANT USAGE ON SEQUENCE tickets TO odd_reader"], "may advance the sequence public.tickets"),
        (["GRANT CREATE ON SCHEMA public TO odd_reader"], "may create in the schema public"),
        (["GRANT CREATE ON DATABASE posture TO odd_reader"], "may create schemas"),
        (["GRANT USAGE ON FOREIGN SERVER far TO odd_reader"], "may use the foreign server far"),
        (
            ["GRANT USAGE ON FOREIGN DATA WRAPPER elsewhere TO odd_reader"],
            "may use the foreign-data wrapper elsewhere",
        ),
        (["GRANT UPDATE ON LARGE OBJECT 4711 TO odd_reader"], "owns or may change large objects"),
        (
            ["CREATE ROLE writers", "GRANT UPDATE ON goods TO writers", "GRANT writers TO odd_reader"],
            "may change public.goods",
        ),
        (
            [
                "CREATE ROLE writers",
                "CREATE ROLE leaders",
                "GRANT UPDATE ON goods TO writers",
                "GRANT writers TO leaders",
                "GRANT leaders TO odd_reader WITH INHERIT FALSE, SET TRUE",
            ],
            "may change public.goods",
        ),
        (["CREATE ROLE leaders SUPERUSER", "GRANT leaders TO odd_reader"], "is a superuser"),
    ],
    ids=lambda value: value[-1] if isinstance(value, list) else "",
)
def test_a_role_that_could_write_is_refused_with_what_it_may_do(
    shop: str, statements: list[str], power: str
) -> None:
    """Of its own, by inheritance, or after SET ROLE."""
    with role_after(shop, *statements) as url:
        assert power in powers(url)
        database = open_database(url, tables=("goods",), deadline_seconds=5)
        with pytest.raises(
            ConfigurationError, match=r"could write.*GRANT SELECT ON.*allow_writable"
        ) as error:
            database.ping()
        assert power in str(error.value)
        assert "\n" not in str(error.value)
        database.close()
        allowed = open_database(url, tables=("goods",), deadline_seconds=5, allow_writable_role=True)
        allowed.ping()
        allowed.close()


def test_what_a_role_may_do_is_counted_not_listed_at_length(shop: str) -> None:
    """Three powers are named; the rest is a number."""
    grants = [f"GRANT {right} TO odd_reader" for right in ("INSERT ON goods", "UPDATE ON ledger")]
    more = ["ALTER ROLE odd_reader CREATEROLE CREATEDB BYPASSRLS", *grants]
    with role_after(shop, *more) as url:
        database = open_database(url, tables=("goods",), deadline_seconds=5)
        with pytest.raises(ConfigurationError, match="and 2 more"):
            database.ping()
        database.close()


def test_names_in_the_advice_are_quoted() -> None:
    """Whatever signs they hold."""
    statements = reader_role('a "b"', database="my db", tables=('t"x', "Y"))
    assert statements[0].startswith('CREATE ROLE "a ""b""" LOGIN NOSUPERUSER')
    assert statements[-1] == 'GRANT SELECT ON public."t""x", public."Y" TO "a ""b"""'
    assert "ALL TABLES IN SCHEMA public" in reader_role("r", database="d", tables=())[-1]
