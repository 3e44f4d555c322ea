"""Opens PostgreSQL connections, sets up transactions that can only read, and names its errors.

Each statement runs in a transaction of its own that is read-only, short and always rolled back. The
server's role should be able to read the configured tables and nothing else; this is the second line.
"""

from collections.abc import Iterator

import psycopg

from tools.errors import ConfigurationError, DeadlineExceeded, PlumblineError, RejectedQuery, TransientError

DriverError = psycopg.Error
_WORK_MEMORY = "32MB"
_MOST_WAIT_MILLISECONDS = 2_000


def connect(address: str, *, wait_seconds: int) -> psycopg.Connection[tuple[object, ...]]:
    """Open a connection; its transactions begin with `session_statements`.

    Raises:
        ConfigurationError: The address has options that do not exist.
    """
    try:
        return psycopg.connect(address, connect_timeout=wait_seconds)
    except psycopg.ProgrammingError as error:
        raise ConfigurationError(
            "database: [database] url has options that PostgreSQL does not know; correct them"
        ) from error


def session_statements(deadline_seconds: float) -> Iterator[str]:
    """Yield what to run at the start of each transaction."""
    milliseconds = max(1, round(deadline_seconds * 1_000))
    yield "SET TRANSACTION READ ONLY"
    yield f"SET LOCAL statement_timeout = {milliseconds}"
    yield f"SET LOCAL lock_timeout = {min(milliseconds, _MOST_WAIT_MILLISECONDS)}"
    yield f"SET LOCAL idle_in_transaction_session_timeout = {milliseconds + 1_000}"
    yield f"SET LOCAL work_mem = '{_WORK_MEMORY}'"
    yield "SET LOCAL search_path = public"
    yield "SET LOCAL standard_conforming_strings = on"


def mapped(error: psycopg.Error, *, where: str, seconds: float) -> PlumblineError:
    """Return our error for one of psycopg's.

    Args:
        error: What was raised.
        where: The database's address without its password.
        seconds: The deadline that was set.
    """
    if isinstance(error, psycopg.errors.QueryCanceled):
        return DeadlineExceeded(f"the query ran longer than {seconds:g} seconds; ask for less")
    if isinstance(error, psycopg.errors.LockNotAvailable):
        return TransientError(f"database: a table at {where} is locked; try again")
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return _away(error, where)
    first = (str(error).strip() or type(error).__name__).splitlines()[0]
    return RejectedQuery(f"the database refuses the statement: {first[:300]}")


def _away(error: psycopg.Error, where: str) -> PlumblineError:
    # A failed connection carries no code of its own, only the server's words.
    words = str(error)
    if isinstance(
        error, psycopg.errors.InvalidPassword | psycopg.errors.InvalidAuthorizationSpecification
    ) or ("authentication failed" in words or "no password supplied" in words):
        return ConfigurationError(f"database: {where} refuses the login; correct user and password")
    if "does not exist" in words and ("database" in words or "role" in words):
        return ConfigurationError(f"database: there is no such database or role at {where}; correct the url")
    return TransientError(f"database: {where} cannot be reached; start it or correct [database] url")
