"""Names SQLite's errors for whoever can mend them.

SQLite has one code for all that is wrong with a statement, so its words decide. They name parts of the
statement, never values of rows; words that are not known here are not repeated.
"""

import re

from tools.errors import (
    ConfigurationError,
    DeadlineExceeded,
    PlumblineError,
    Problem,
    RejectedQuery,
    TransientError,
)

UNUSABLE = {
    "SQLITE_NOTADB": "is not a SQLite database; correct [database] url",
    "SQLITE_CORRUPT": "is damaged; restore it from a backup",
    "SQLITE_CANTOPEN": "cannot be opened; check the path in [database] url and its permissions",
    "SQLITE_PERM": "cannot be opened; check its permissions",
    "SQLITE_READONLY": "has an unfinished transaction; open it once with the program that writes it",
}
"""What is wrong with a file, by SQLite's name of the error."""
_PASSING = {
    "SQLITE_BUSY": "is locked by another program; try again",
    "SQLITE_LOCKED": "is locked by another program; try again",
    "SQLITE_PROTOCOL": "is locked by another program; try again",
    "SQLITE_IOERR": "cannot be read now; try again",
    "SQLITE_NOMEM": "cannot be read now, because memory is short; try again",
    "SQLITE_FULL": "cannot be read now, because the disk is full; try again",
}
_WORDS: tuple[tuple[str, Problem], ...] = (
    (r"no such table: ", "unknown_table"),
    (r"no such column: ", "unknown_column"),
    (r"cannot join using column .* - column not present in both tables", "unknown_column"),
    (r"ambiguous column name: ", "ambiguous"),
    (r"ambiguous reference to ", "ambiguous"),
    (r"integer overflow\Z", "type"),
    (r"(?:row value misused|wrong number of arguments to function )", "type"),
    (r"near .*: syntax error|incomplete input\Z|unrecognized token: ", "syntax"),
    (
        r"misuse of (?:aliased )?(?:aggregate|window function)|.*may not be used as a window function",
        "syntax",
    ),
    (r"no such function: |a GROUP BY clause is required before HAVING", "syntax"),
    (r"SELECTs to the left and right of .* do not have the same number of result columns", "syntax"),
    (r"sub-select returns \d+ columns - expected \d+|no tables specified", "syntax"),
    (
        r"\d+\w\w (?:ORDER|GROUP) BY term (?:out of range|does not match)|aggregate functions are not",
        "syntax",
    ),
    (r"(?:Expression tree|LIKE or GLOB pattern|ORDER BY clause|result set) (?:is )?too ", "too_large"),
    (r"too many (?:terms|columns|arguments|SQL variables)|at most \d+ tables in a join", "too_large"),
    (r"parser stack overflow|too many columns in result set", "too_large"),
)
_MOST_CHARACTERS = 300


def named(error: Exception, *, place: str, seconds: float) -> PlumblineError:
    """Return our error for one of SQLite's.

    Args:
        error: What was raised.
        place: The file's name.
        seconds: The deadline that was set.
    """
    name = getattr(error, "sqlite_errorname", "") or ""
    primary = "_".join(name.split("_")[:2])
    if isinstance(error, MemoryError) or name == "SQLITE_IOERR_WRITE":  # of a limited temporary file
        return RejectedQuery("the statement needs more memory than it may take; ask for less", "too_large")
    if primary == "SQLITE_INTERRUPT":
        return DeadlineExceeded(f"the query ran longer than {seconds:g} seconds; ask for less")
    if primary in UNUSABLE:
        return ConfigurationError(f"database: {place!r} {UNUSABLE[primary]}")
    if primary in _PASSING:
        return TransientError(f"database: {place!r} {_PASSING[primary]}")
    if primary == "SQLITE_TOOBIG":
        return RejectedQuery(
            "a value is too big for a result; select its length() or leave its column out", "too_large"
        )
    if primary == "SQLITE_MISMATCH":
        return RejectedQuery("a value is not of the type that is needed there; cast or compare it", "type")
    return _of_statement(str(error))


def _of_statement(words: str) -> RejectedQuery:
    if words.startswith("no such table: main."):  # what a view names, perhaps a table that may not be read
        return RejectedQuery("a view that the statement reads is broken; leave it out", "unknown_table")
    for pattern, problem in _WORDS:
        if re.match(pattern, words, re.DOTALL):
            line = " ".join(words.split())[:_MOST_CHARACTERS]
            return RejectedQuery(f"the database cannot run the statement: {line}", problem)
    return RejectedQuery("the database refuses the statement: it does more than read allowed tables")
