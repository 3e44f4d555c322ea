"""Names the database's errors for whoever can mend them; addresses and values are never repeated."""

from collections.abc import Iterator
from contextlib import contextmanager

from pydantic import ValidationError
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.exc import TimeoutError as NoConnection

from tools.errors import ConfigurationError, NotFound, PlumblineError, TransientError

_UNUSABLE = {
    "SQLITE_NOTADB": "is not a SQLite database; correct [storage] url, or move the file away to begin anew",
    "SQLITE_CORRUPT": "is damaged; restore it from a backup, or move it away to begin anew",
    "SQLITE_CANTOPEN": "cannot be opened; check its folder and their permissions",
    "SQLITE_PERM": "cannot be opened; check its permissions",
    "SQLITE_AUTH": "cannot be opened; check its permissions",
    "SQLITE_READONLY": "cannot be written; make it and its folder writable",
    "28": "refuses the login; correct user and password in [storage] url",
    "3D": "is not there; create it, or correct [storage] url",
    "42501": "does not allow its role to make and write tables; grant it CREATE and USAGE on the schema",
    "25006": "is read-only; name the primary server in [storage] url",
}
_PASSING = {
    "SQLITE_BUSY": "is locked by another program; end that, or try again",
    "SQLITE_LOCKED": "is locked by another program; end that, or try again",
    "SQLITE_PROTOCOL": "is locked by another program; end that, or try again",
    "SQLITE_IOERR": "cannot be read or written now; see to its disk, and try again",
    "SQLITE_NOMEM": "cannot be read now, because memory is short; try again",
    "SQLITE_FULL": "cannot be written, because the disk is full; make room, and try again",
    "08": "cannot be reached; start it, or correct [storage] url",
    "40": "could not serve because of other transactions; try again",
    "53": "is short of resources; try again",
    "55P03": "is locked by another program; end that, or try again",
    "57": "is restarting or stopping, or took too long; try again",
    "58": "has a fault of its own; ask its operator",
    "XX": "has a fault of its own; ask its operator",
}
_ORPHANED = ("SQLITE_CONSTRAINT_FOREIGNKEY", "23503")
_OTHERWISE = "is not as this version of Plumbline keeps it; restore it from a backup, or begin with a new one"


@contextmanager
def mapped(place: str) -> Iterator[None]:
    """Raise our errors for SQLAlchemy's.

    Args:
        place: What is kept where, such as `storage: the file 'conversations.db'`.
    """
    try:
        yield
    except NoConnection as error:
        raise TransientError(f"{place} serves too many at once; try again") from error
    except SQLAlchemyError as error:
        raise _named(error, place) from error
    except OSError as error:  # psycopg's, when a name of a host is not known
        raise TransientError(f"{place} {_PASSING['08']}") from error
    except ValidationError as error:
        raise ConfigurationError(f"{place} {_OTHERWISE}") from error


def _named(error: SQLAlchemyError, place: str) -> PlumblineError:
    original = error.orig if isinstance(error, DBAPIError) else None
    for code in _codes(original):
        if code in _ORPHANED:
            return NotFound("what this belongs to has been deleted meanwhile")
        if code in _UNUSABLE:
            return ConfigurationError(f"{place} {_UNUSABLE[code]}")
        if code in _PASSING:
            return TransientError(f"{place} {_PASSING[code]}")
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return TransientError(f"{place} {_PASSING['08']}")
    return ConfigurationError(f"{place} {_OTHERWISE}")


def _codes(error: BaseException | None) -> Iterator[str]:
    """Yield what the database calls its error, the more exact first."""
    name = getattr(error, "sqlite_errorname", None)
    if name:
        yield from (name, "_".join(name.split("_")[:2]))
        return
    state = getattr(error, "sqlstate", None)
    if state:
        yield from (state, state[:2])
    elif type(error).__name__ == "OperationalError":  # no connection was made, so there is no code
        yield _unreached(str(error))


def _unreached(words: str) -> str:
    if "authentication failed" in words or "no password supplied" in words:
        return "28"
    if "does not exist" in words and ("database" in words or "role" in words):
        return "3D"
    return "08"
