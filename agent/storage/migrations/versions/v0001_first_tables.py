"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Moment = sa.DateTime(timezone=True)
_Place = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all of them."""
    _threads()
    _runs()
    _messages()
    _of_runs()
    _handoffs()
    _of_the_installation()


def _threads() -> None:
    op.create_table(
        "plumbline_threads",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("created", _Moment, nullable=False),
        sa.Column("updated", _Moment, nullable=False),
        sa.Column("history", sa.Text(), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("fingerprint", sa.Text()),
        sa.PrimaryKeyConstraint("id", name="plumbline_threads_pkey"),
    )
    op.create_index("plumbline_threads_continued", "plumbline_threads", ["owner", "fingerprint"])
    op.create_index("plumbline_threads_latest", "plumbline_threads", ["owner", "updated", "id"])


def _runs() -> None:
    op.create_table(
        "plumbline_runs",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("started", _Moment, nullable=False),
        sa.Column("ended", _Moment),
        sa.Column("answer", sa.Text()),
        sa.Column("error", sa.Text()),
        sa.Column("site", sa.Text()),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("beat", _Moment, nullable=False),
        sa.Column("cancel", sa.Boolean(), nullable=False),
        _belonging("runs", "thread_id", "plumbline_threads"),
        sa.PrimaryKeyConstraint("id", name="plumbline_runs_pkey"),
    )
    op.create_index("plumbline_runs_thread_id", "plumbline_runs", ["thread_id"])
    running = sa.text("status = 'running'")
    op.create_index(
        "plumbline_runs_one_running",
        "plumbline_runs",
        ["thread_id"],
        unique=True,
        sqlite_where=running,
        postgresql_where=running,
    )


def _messages() -> None:
    op.create_table(
        "plumbline_messages",
        sa.Column("place", _Place, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("created", _Moment, nullable=False),
        _belonging("messages", "thread_id", "plumbline_threads"),
        _belonging("messages", "run_id", "plumbline_runs"),
        sa.PrimaryKeyConstraint("place", name="plumbline_messages_pkey"),
        sa.UniqueConstraint("id", name="plumbline_messages_id_key"),
    )
    op.create_index("plumbline_messages_oldest", "plumbline_messages", ["thread_id", "place"])
    op.create_index("plumbline_messages_run_id", "plumbline_messages", ["run_id"])


def _of_runs() -> None:
    op.create_table(
        "plumbline_events",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        _belonging("events", "run_id", "plumbline_runs"),
        sa.PrimaryKeyConstraint("run_id", "sequence", name="plumbline_events_pkey"),
    )
    op.create_table(
        "plumbline_feedback",
        sa.Column("run_id", sa.Text(), nullable=False),
        sa.Column("thumb", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("correction", sa.Text(), nullable=False),
        sa.Column("created", _Moment, nullable=False),
        _belonging("feedback", "run_id", "plumbline_runs"),
        sa.PrimaryKeyConstraint("run_id", name="plumbline_feedback_pkey"),
    )


def _handoffs() -> None:
    op.create_table(
        "plumbline_handoffs",
        sa.Column("place", _Place, autoincrement=True, nullable=False),
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("site", sa.Text()),
        sa.Column("contact", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("created", _Moment, nullable=False),
        _belonging("handoffs", "thread_id", "plumbline_threads"),
        sa.PrimaryKeyConstraint("place", name="plumbline_handoffs_pkey"),
        sa.UniqueConstraint("id", name="plumbline_handoffs_id_key"),
    )
    op.create_index("plumbline_handoffs_thread_id", "plumbline_handoffs", ["thread_id"])


def _of_the_installation() -> None:
    op.create_table(
        "plumbline_keys",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("groups", sa.Text(), nullable=False),
        sa.Column("attributes", sa.Text(), nullable=False),
        sa.Column("created", _Moment, nullable=False),
        sa.Column("revoked", _Moment),
        sa.PrimaryKeyConstraint("id", name="plumbline_keys_pkey"),
    )
    op.create_table(
        "plumbline_secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="plumbline_secrets_pkey"),
    )


def _belonging(table: str, column: str, to: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        [column], [f"{to}.id"], name=f"plumbline_{table}_{column}_fkey", ondelete="CASCADE"
    )
