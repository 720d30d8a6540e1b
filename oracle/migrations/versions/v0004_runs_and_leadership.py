"""Runs of scheduled work with their deliveries, who leads, and the pace of sending.

Revision ID: 0004
Revises: 0003
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}


def _instant() -> sa.types.TypeEngine[Any]:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")


def _row_id() -> sa.types.TypeEngine[Any]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "leadership",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("holder", sa.String(64), nullable=False),
        sa.Column("elected_at", _instant(), nullable=False),
        sa.Column("seen_at", _instant(), nullable=False),
        sa.Column("held_until", _instant(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_leadership"),
        **TABLE,
    )
    op.create_table(
        "sending_pace",
        sa.Column("name", sa.String(16), nullable=False),
        sa.Column("free_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_sending_pace"),
        **TABLE,
    )
    _create_runs()
    _create_deliveries()


def downgrade() -> None:
    """Drop the tables, those that refer to others first."""
    for name in ("deliveries", "runs", "sending_pace", "leadership"):
        op.drop_table(name)


def _create_runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", _row_id(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("session", sa.Date, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("content", sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql"), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("needs_hand", sa.Boolean, nullable=False),
        sa.Column("started_at", _instant(), nullable=False),
        sa.Column("finished_at", _instant()),
        sa.Column("expires_at", _instant()),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
        sa.UniqueConstraint("source", "kind", "session", name="uq_runs_source_kind_session"),
        sa.CheckConstraint(
            "state IN ('planned', 'sending', 'stopped', 'finished', 'missed')",
            name=op.f("ck_runs_state_known"),
        ),
        **TABLE,
    )
    op.create_index("ix_runs_source_kind_state", "runs", ["source", "kind", "state"])


def _create_deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("id", _row_id(), autoincrement=True, nullable=False),
        sa.Column("run_id", _row_id(), nullable=False),
        sa.Column("subscriber_id", sa.BigInteger, nullable=False),
        sa.Column("symbols", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempt", sa.Integer, nullable=False),
        sa.Column("epoch", sa.BigInteger, nullable=False),
        sa.Column("owner", sa.String(64)),
        sa.Column("lease_until", _instant()),
        sa.Column("due_at", _instant(), nullable=False),
        sa.Column("message_id", sa.String(255)),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("added_at", _instant(), nullable=False),
        sa.Column("changed_at", _instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_deliveries"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_deliveries_run_id_runs"),
        sa.UniqueConstraint("run_id", "subscriber_id", name="uq_deliveries_run_id_subscriber_id"),
        sa.CheckConstraint(
            "state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'suppressed', 'expired')",
            name=op.f("ck_deliveries_state_known"),
        ),
        **TABLE,
    )
    op.create_index(
        "ix_deliveries_run_id_state_due_at", "deliveries", ["run_id", "state", "due_at"]
    )
    op.create_index("ix_deliveries_subscriber_id_state", "deliveries", ["subscriber_id", "state"])
