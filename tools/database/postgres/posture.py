"""Examines whether a PostgreSQL role could write, and makes statements for one that cannot.

A transaction that says READ ONLY is a promise of the session, a role without rights is one of the server.
What counts is everything the login could become: roles it inherits from and those it may only SET ROLE to.
Temporary tables, which PostgreSQL allows everybody, do not count.
"""

from collections.abc import Sequence
from typing import Protocol

from tools.database.schema import quoted_name
from tools.errors import ConfigurationError

_MOST_NAMED = 3

_EXAMINATION = """
WITH become AS (
  SELECT oid, rolname, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
  FROM pg_catalog.pg_roles WHERE pg_has_role(session_user, oid, 'MEMBER')
), relation AS (
  SELECT c.oid, c.relkind, c.relowner, format('%I.%I', n.nspname, c.relname) AS name
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname !~ '^pg_(toast|temp)'
    AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
), power (rank, may) AS (
  SELECT 1, 'is a superuser' FROM become WHERE rolsuper
  UNION SELECT 2, 'may create roles' FROM become WHERE rolcreaterole
  UNION SELECT 2, 'may create databases' FROM become WHERE rolcreatedb
  UNION SELECT 2, 'may replicate' FROM become WHERE rolreplication
  UNION SELECT 2, 'bypasses row security' FROM become WHERE rolbypassrls
  UNION SELECT 3, 'is a member of ' || rolname FROM become
    WHERE rolname IN ('pg_write_all_data', 'pg_execute_server_program', 'pg_read_server_files',
      'pg_write_server_files', 'pg_signal_backend', 'pg_maintain', 'pg_create_subscription', 'pg_checkpoint')
  UNION SELECT 4, 'owns ' || name FROM relation JOIN become ON become.oid = relowner
  UNION SELECT 4, format('owns the database %I', datname)
    FROM pg_catalog.pg_database JOIN become ON become.oid = datdba WHERE datname = current_database()
  UNION SELECT 4, format('owns the schema %I', nspname)
    FROM pg_catalog.pg_namespace JOIN become ON become.oid = nspowner WHERE nspname !~ '^pg_'
  UNION SELECT 5, 'may change ' || name FROM relation CROSS JOIN become
    WHERE relkind <> 'S'
      AND has_table_privilege(become.oid, relation.oid, 'INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER')
  UNION SELECT 5, 'may change columns of ' || name FROM relation CROSS JOIN become
    WHERE relkind <> 'S' AND has_any_column_privilege(become.oid, relation.oid, 'INSERT, UPDATE')
      AND NOT has_table_privilege(become.oid, relation.oid, 'INSERT, UPDATE')
  UNION SELECT 5, 'may advance the sequence ' || name FROM relation CROSS JOIN become
    WHERE relkind = 'S' AND has_sequence_privilege(become.oid, relation.oid, 'USAGE, UPDATE')
  UNION SELECT 6, format('may create in the schema %I', nspname)
    FROM pg_catalog.pg_namespace CROSS JOIN become
    WHERE nspname !~ '^pg_' AND has_schema_privilege(become.oid, pg_namespace.oid, 'CREATE')
  UNION SELECT 6, 'may create schemas' FROM become
    WHERE has_database_privilege(become.oid, current_database(), 'CREATE')
  UNION SELECT 7, format('may use the foreign server %I', srvname)
    FROM pg_catalog.pg_foreign_server CROSS JOIN become
    WHERE has_server_privilege(become.oid, pg_foreign_server.oid, 'USAGE')
  UNION SELECT 7, format('may use the foreign-data wrapper %I', fdwname)
    FROM pg_catalog.pg_foreign_data_wrapper CROSS JOIN become
    WHERE has_foreign_data_wrapper_privilege(become.oid, pg_foreign_data_wrapper.oid, 'USAGE')
  UNION SELECT 8, 'owns or may change large objects' FROM pg_catalog.pg_largeobject_metadata AS large
    WHERE large.lomowner IN (SELECT oid FROM become) OR EXISTS (
      SELECT FROM aclexplode(large.lomacl) AS given
      WHERE given.privilege_type = 'UPDATE'
        AND (given.grantee = 0 OR given.grantee IN (SELECT oid FROM become)))
)
SELECT may FROM power ORDER BY rank, may LIMIT 100
"""
_SUPERUSER = "SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = session_user"


class _Cursor(Protocol):
    def fetchall(self) -> list[tuple[object, ...]]: ...


class Connection(Protocol):
    """What runs a query: a connection of psycopg."""

    def execute(self, query: str) -> _Cursor:
        """Run it."""


def check_posture(connection: Connection, *, place: str, tables: Sequence[str]) -> None:
    """Refuse a login that could write, saying what it may do and how to make one that is fit.

    Args:
        connection: Logged in.
        place: The database's name.
        tables: What a fit role would read; empty means all.

    Raises:
        ConfigurationError: It could.
    """
    powers = powers_of(connection)
    if not powers:
        return
    more = f" and {len(powers) - _MOST_NAMED} more" if len(powers) > _MOST_NAMED else ""
    statements = "; ".join(reader_role("plumbline_reader", database=place, tables=tables))
    raise ConfigurationError(
        f"database: the role for {place!r} could write: it {', '.join(powers[:_MOST_NAMED])}{more}; "
        f"log in as one that can only read ({statements}), or set [database] allow_writable_role = true"
    )


def powers_of(connection: Connection) -> tuple[str, ...]:
    """Return what the login could do besides reading, worst first; at most a hundred things."""
    ((is_superuser,),) = connection.execute(_SUPERUSER).fetchall()
    if is_superuser:
        return ("is a superuser",)  # who may do everything else too
    return tuple(str(may) for (may,) in connection.execute(_EXAMINATION).fetchall())


def reader_role(role: str, *, database: str, tables: Sequence[str]) -> tuple[str, ...]:
    r"""Return the statements with which a superuser makes a role that can only read.

    A password is left to `\password`, which does not write it into logs.

    Args:
        role: Its name.
        database: The database it may connect to.
        tables: Tables and views of the schema `public` that it may read; empty means all there are now.
    """
    name, spelled = quoted_name(role), ", ".join(f"public.{quoted_name(table)}" for table in tables)
    return (
        f"CREATE ROLE {name} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS",
        f"ALTER ROLE {name} SET default_transaction_read_only = on",
        f"ALTER ROLE {name} SET temp_file_limit = '256MB'",
        f"REVOKE CREATE ON SCHEMA public FROM PUBLIC, {name}",
        f"GRANT CONNECT ON DATABASE {quoted_name(database)} TO {name}",
        f"GRANT USAGE ON SCHEMA public TO {name}",
        f"GRANT SELECT ON {spelled or 'ALL TABLES IN SCHEMA public'} TO {name}",
    )
