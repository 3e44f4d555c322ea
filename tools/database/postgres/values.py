"""Reads PostgreSQL's values so that none is lost because Python has no room for it.

Python's dates end in the year 9999, its time spans have no months, its JSON no exact numbers, and text that
is not valid UTF-8 is no text. Such values come as PostgreSQL writes them.
"""

from typing import Any

import psycopg
from psycopg.abc import Buffer
from psycopg.adapt import Loader

_AS_WRITTEN = (
    *("text", "varchar", "bpchar", "name", "xml", "json", "jsonb"),
    *("date", "time", "timetz", "timestamp", "timestamptz", "interval"),
    *("int4range", "int8range", "numrange", "daterange", "tsrange", "tstzrange"),
    *(
        "int4multirange",
        "int8multirange",
        "nummultirange",
        "datemultirange",
        "tsmultirange",
        "tstzmultirange",
    ),
)
_UNKNOWN_TYPES = 0
"""The type number under which psycopg looks for what it knows nothing else for: enums, money, extensions."""


class _Written(Loader):
    """Takes a value as the server writes it; what is not UTF-8 in it is replaced."""

    def load(self, data: Buffer) -> str:
        return bytes(data).decode("utf-8", "replace")


def adapt(connection: psycopg.Connection[Any]) -> None:  # Any: rows do not matter here
    """Read the values of one connection as this module says."""
    for kind in (*_AS_WRITTEN, _UNKNOWN_TYPES):
        connection.adapters.register_loader(kind, _Written)
