"""Names PostgreSQL's errors for whoever can mend them.

The server's words are repeated only where they speak of the statement. Those about values quote the data
(`invalid input syntax for type integer: "…"`), and its hints name columns that may be hidden.
"""

from collections.abc import Iterator

import psycopg

from tools.errors import (
    ConfigurationError,
    DeadlineExceeded,
    PlumblineError,
    Problem,
    RejectedQuery,
    TransientError,
)

_ABOUT_STATEMENT: dict[str, Problem] = {
    "42P01": "unknown_table",
    "42703": "unknown_column",
    "42702": "ambiguous",
    "42725": "ambiguous",
    "42712": "ambiguous",
    "42P09": "ambiguous",
    "42804": "type",
    "42883": "type",
    "42846": "type",
    "42P18": "type",
    "42P22": "type",
    "42": "syntax",
    "21": "syntax",
    "0A": "syntax",
    "54": "too_large",
}
"""By SQLSTATE or its class: the server speaks of the statement alone, so its words may be repeated."""
_ABOUT_VALUES: dict[str, tuple[str, Problem]] = {
    "22012": ("something is divided by zero; divide by NULLIF(…, 0)", "type"),
    "22003": ("a number is out of the range of its type; cast to a larger one", "type"),
    "22P02": ("a text is not of the type that it is compared with or cast to", "type"),
    "22007": ("a text is not a date or time, though it is used as one", "type"),
    "22008": ("a date or time is out of range", "type"),
    "22021": ("a value holds characters that the database does not know", "parameters"),
    "22P05": ("a value holds characters that the database does not know", "parameters"),
    "22": ("a value is not fit for what is done with it", "type"),
    "42501": ("it reads what the database's role may not read", "refused"),
    "25": ("it does more than read", "refused"),
    "53200": ("it needs more memory than it may take; ask for less", "too_large"),
    "53400": ("it needs more room than it may take; ask for less", "too_large"),
}
_PASSING = {
    "55P03": "has a table that is locked; try again",
    "53": "is short of resources; try again",
    "57": "is restarting or stopping; try again",
    "40": "could not serve because of other transactions; try again",
    "58": "has a fault of its own; ask its operator",
    "XX": "has a fault of its own; ask its operator",
}
_MOST_CHARACTERS = 300


def named(error: Exception, *, place: str, seconds: float) -> PlumblineError:
    """Return our error for one of psycopg's.

    Args:
        error: What was raised.
        place: The database's name.
        seconds: The deadline that was set.
    """
    if isinstance(error, MemoryError):
        return RejectedQuery("the result needs more memory than it may take; ask for less", "too_large")
    if isinstance(error, psycopg.errors.QueryCanceled):
        return DeadlineExceeded(f"the query ran longer than {seconds:g} seconds; ask for less")
    state = getattr(error, "sqlstate", None) or ""
    for code in _codes(state):
        if code in _ABOUT_VALUES:
            words, problem = _ABOUT_VALUES[code]
            return RejectedQuery(f"the database cannot run the statement: {words}", problem)
        if code in _ABOUT_STATEMENT:
            return RejectedQuery(_words(error), _ABOUT_STATEMENT[code])
        if code in _PASSING:
            return TransientError(f"database: {place!r} {_PASSING[code]}")
    if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
        return _away(error, place)
    return RejectedQuery("the database refuses the statement or its values")


def _codes(state: str) -> Iterator[str]:
    """Yield a SQLSTATE and its class, the more exact first."""
    if state:
        yield from (state, state[:2])


def _words(error: Exception) -> str:
    diagnosis = error.diag.message_primary if isinstance(error, psycopg.Error) else None
    line = " ".join((diagnosis or "it is not valid").split())[:_MOST_CHARACTERS]
    return f"the database cannot run the statement: {line}"


def _away(error: Exception, place: str) -> PlumblineError:
    # A failed connection carries no code of its own, only the server's words.
    words = str(error)
    if isinstance(
        error, psycopg.errors.InvalidPassword | psycopg.errors.InvalidAuthorizationSpecification
    ) or ("authentication failed" in words or "no password supplied" in words):
        return ConfigurationError(f"database: {place!r} refuses the login; correct user and password")
    if "does not exist" in words and ("database" in words or "role" in words):
        return ConfigurationError(
            f"database: there is no such database or role for {place!r}; correct [database] url"
        )
    return TransientError(f"database: {place!r} cannot be reached; start it or correct [database] url")
