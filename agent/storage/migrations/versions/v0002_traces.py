"""Recordings of runs."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_Moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make their tables."""
    _traces()
    _what_they_hold()
    op.create_table(
        "plumbline_forgotten_threads",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("moment", _Moment, nullable=False),
        sa.PrimaryKeyConstraint("digest", name="plumbline_forgotten_threads_pkey"),
    )


def _traces() -> None:
    op.create_table(
        "plumbline_traces",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text()),
        sa.Column("question", sa.Text(), nullable=False),
        sa.Column("folded", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("route", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("degraded", sa.Boolean(), nullable=False),
        sa.Column("faithfulness", sa.Double()),
        sa.Column("exit_reason", sa.Text(), nullable=False),
        sa.Column("error", sa.Text()),
        sa.Column("started", _Moment, nullable=False),
        sa.Column("since", _Moment, nullable=False),
        sa.Column("duration_ms", sa.Double(), nullable=False),
        sa.Column("steps", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.BigInteger(), nullable=False),
        sa.Column("model_calls", sa.BigInteger(), nullable=False),
        sa.Column("input_tokens", sa.BigInteger(), nullable=False),
        sa.Column("output_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_usd", sa.Double(), nullable=False),
        sa.Column("scrubbed", sa.Boolean(), nullable=False),
        sa.Column("imported", sa.Boolean(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="plumbline_traces_pkey"),
    )
    op.create_index("plumbline_traces_latest", "plumbline_traces", ["started", "id"])
    op.create_index("plumbline_traces_own", "plumbline_traces", ["owner", "started", "id"])
    op.create_index("plumbline_traces_parent", "plumbline_traces", ["parent"])
    op.create_index("plumbline_traces_thread", "plumbline_traces", ["thread_id", "owner"])


def _what_they_hold() -> None:
    op.create_table(
        "plumbline_trace_documents",
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        _of_a_trace("plumbline_trace_documents"),
        sa.PrimaryKeyConstraint("trace_id", name="plumbline_trace_documents_pkey"),
    )
    op.create_table(
        "plumbline_trace_attachments",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name="plumbline_trace_attachments_pkey"),
    )
    op.create_table(
        "plumbline_trace_links",
        sa.Column("trace_id", sa.Text(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        _of_a_trace("plumbline_trace_links"),
        sa.ForeignKeyConstraint(
            ["digest"], ["plumbline_trace_attachments.digest"], name="plumbline_trace_links_digest_fkey"
        ),
        sa.PrimaryKeyConstraint("trace_id", "digest", name="plumbline_trace_links_pkey"),
    )
    op.create_index("plumbline_trace_links_digest", "plumbline_trace_links", ["digest"])


def _of_a_trace(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["trace_id"], ["plumbline_traces.id"], name=f"{table}_trace_id_fkey", ondelete="CASCADE"
    )
