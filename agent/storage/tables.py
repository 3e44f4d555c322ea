"""The tables. A change here needs a migration of its own; a test holds the two together."""

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)
from sqlalchemy.types import TypeDecorator

VERSION_TABLE = "plumbline_version"


class Words(TypeDecorator[str]):
    """Any text; what PostgreSQL or UTF-8 cannot hold is kept as U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace NUL and broken surrogates."""
        del dialect
        if value is None:
            return None
        return value.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Moment(TypeDecorator[datetime]):
    """A time, always in UTC and aware of it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn to UTC, which SQLite does not note down."""
        del dialect
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return it in UTC, whatever the session's time zone is."""
        del dialect
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Tuples(TypeDecorator[tuple[Any, ...]]):  # Any: texts, or tuples of plain values
    """Tuples of plain values, as JSON."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Any, ...] | None, dialect: Dialect) -> str | None:
        """Write them; escapes keep any text whole."""
        del dialect
        return None if value is None else json.dumps(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Any, ...] | None:
        """Read them back, tuples all through."""
        del dialect
        return None if value is None else _tuples(json.loads(value))


def _tuples(values: list[Any]) -> tuple[Any, ...]:
    return tuple(_tuples(value) if isinstance(value, list) else value for value in values)


def _belongs(to: str) -> ForeignKey:
    return ForeignKey(to, ondelete="CASCADE")


metadata = MetaData(
    naming_convention={
        "ix": "%(table_name)s_%(column_0_N_name)s",
        "uq": "%(table_name)s_%(column_0_N_name)s_key",
        "pk": "%(table_name)s_pkey",
        "fk": "%(table_name)s_%(column_0_N_name)s_fkey",
    }
)
threads = Table(
    "plumbline_threads",
    metadata,
    Column("id", Words, primary_key=True),
    Column("owner", Words, nullable=False),
    Column("title", Words, nullable=False),
    Column("created", Moment, nullable=False),
    Column("updated", Moment, nullable=False),
    Column("history", Tuples, nullable=False),
    Column("listed", Boolean, nullable=False),
    Column("fingerprint", Words),
)
Index("plumbline_threads_latest", threads.c.owner, threads.c.updated, threads.c.id)
Index("plumbline_threads_continued", threads.c.owner, threads.c.fingerprint)

runs = Table(
    "plumbline_runs",
    metadata,
    Column("id", Words, primary_key=True),
    Column("thread_id", Words, _belongs("plumbline_threads.id"), nullable=False, index=True),
    Column("owner", Words, nullable=False),
    Column("question", Words, nullable=False),
    Column("status", Words, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("started", Moment, nullable=False),
    Column("ended", Moment),
    Column("answer", Text),
    Column("error", Words),
    Column("site", Words),
    Column("groups", Tuples, nullable=False),
    Column("attributes", Tuples, nullable=False),
    Column("beat", Moment, nullable=False),
    Column("cancel", Boolean, nullable=False),
)
Index(
    "plumbline_runs_one_running",
    runs.c.thread_id,
    unique=True,
    sqlite_where=text("status = 'running'"),
    postgresql_where=text("status = 'running'"),
)

messages = Table(
    "plumbline_messages",
    metadata,
    Column("place", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", Words, nullable=False, unique=True),
    Column("thread_id", Words, _belongs("plumbline_threads.id"), nullable=False),
    Column("run_id", Words, _belongs("plumbline_runs.id"), nullable=False, index=True),
    Column("role", Words, nullable=False),
    Column("content", Words, nullable=False),
    Column("created", Moment, nullable=False),
)
Index("plumbline_messages_oldest", messages.c.thread_id, messages.c.place)

events = Table(
    "plumbline_events",
    metadata,
    Column("run_id", Words, _belongs("plumbline_runs.id"), primary_key=True),
    Column("sequence", Integer, primary_key=True, autoincrement=False),
    Column("event", Text, nullable=False),
)

feedback = Table(
    "plumbline_feedback",
    metadata,
    Column("run_id", Words, _belongs("plumbline_runs.id"), primary_key=True),
    Column("thumb", Words, nullable=False),
    Column("reason", Words, nullable=False),
    Column("correction", Words, nullable=False),
    Column("created", Moment, nullable=False),
)

handoffs = Table(
    "plumbline_handoffs",
    metadata,
    Column("place", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    Column("id", Words, nullable=False, unique=True),
    Column("thread_id", Words, _belongs("plumbline_threads.id"), nullable=False, index=True),
    Column("owner", Words, nullable=False),
    Column("site", Words),
    Column("contact", Words, nullable=False),
    Column("note", Words, nullable=False),
    Column("created", Moment, nullable=False),
)

keys = Table(
    "plumbline_keys",
    metadata,
    Column("id", Words, primary_key=True),
    Column("name", Words, nullable=False),
    Column("owner", Words, nullable=False),
    Column("digest", Words, nullable=False),
    Column("scopes", Tuples, nullable=False),
    Column("groups", Tuples, nullable=False),
    Column("attributes", Tuples, nullable=False),
    Column("created", Moment, nullable=False),
    Column("revoked", Moment),
)

secrets = Table(
    "plumbline_secrets",
    metadata,
    Column("name", Words, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)
