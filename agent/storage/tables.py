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
    Double,
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


def readable(text: str) -> str:
    """Return a text as it is kept: what PostgreSQL or UTF-8 cannot hold becomes U+FFFD."""
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


class Words(TypeDecorator[str]):
    """Any text; what PostgreSQL or UTF-8 cannot hold is kept as U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        """Replace NUL and broken surrogates."""
        del dialect
        return None if value is None else readable(value)


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

traces = Table(
    "plumbline_traces",
    metadata,
    Column("id", Words, primary_key=True),
    Column("thread_id", Words, nullable=False),
    Column("owner", Words, nullable=False),
    Column("kind", Words, nullable=False),
    Column("parent", Words, index=True),
    Column("question", Words, nullable=False),
    Column("folded", Words, nullable=False),
    Column("outcome", Words, nullable=False),
    Column("status", Words, nullable=False),
    Column("route", Words, nullable=False),
    Column("mode", Words, nullable=False),
    Column("degraded", Boolean, nullable=False),
    Column("faithfulness", Double),
    Column("exit_reason", Words, nullable=False),
    Column("error", Words),
    Column("started", Moment, nullable=False),
    Column("since", Moment, nullable=False),
    Column("duration_ms", Double, nullable=False),
    Column("steps", BigInteger, nullable=False),
    Column("calls", BigInteger, nullable=False),
    Column("model_calls", BigInteger, nullable=False),
    Column("input_tokens", BigInteger, nullable=False),
    Column("output_tokens", BigInteger, nullable=False),
    Column("cost_usd", Double, nullable=False),
    Column("scrubbed", Boolean, nullable=False),
    Column("imported", Boolean, nullable=False),
    Column("bytes", BigInteger, nullable=False),
)
"""Recordings of runs, also of those that `runs` does not know, as the command line's."""
Index("plumbline_traces_latest", traces.c.started, traces.c.id)
Index("plumbline_traces_own", traces.c.owner, traces.c.started, traces.c.id)
Index("plumbline_traces_thread", traces.c.thread_id, traces.c.owner)

trace_documents = Table(
    "plumbline_trace_documents",
    metadata,
    Column("trace_id", Words, _belongs("plumbline_traces.id"), primary_key=True),
    Column("document", LargeBinary, nullable=False),
)
"""Apart from `traces`, so that lists do not read them."""

trace_attachments = Table(
    "plumbline_trace_attachments",
    metadata,
    Column("digest", Words, primary_key=True),
    Column("value", LargeBinary, nullable=False),
)

trace_links = Table(
    "plumbline_trace_links",
    metadata,
    Column("trace_id", Words, _belongs("plumbline_traces.id"), primary_key=True),
    Column("digest", Words, ForeignKey("plumbline_trace_attachments.digest"), primary_key=True, index=True),
)

forgotten_threads = Table(
    "plumbline_forgotten_threads",
    metadata,
    Column("digest", Words, primary_key=True),
    Column("moment", Moment, nullable=False),
)
"""Threads that were deleted lately, by a digest that does not tell them."""
