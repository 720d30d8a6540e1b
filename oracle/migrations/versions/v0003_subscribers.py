"""Subscribers of the digest, suppressed addresses, and what the mail provider reports.

Revision ID: 0003
Revises: 0002
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0003"
down_revision = "0002"
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
    _create_subscribers()
    op.create_table(
        "suppressions",
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("suppressed_at", _instant(), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_suppressions"),
        sa.CheckConstraint(
            "reason IN ('bounce', 'complaint', 'manual')",
            name=op.f("ck_suppressions_reason_known"),
        ),
        **TABLE,
    )
    op.create_table(
        "mail_events",
        sa.Column("id", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("message_id", sa.String(255), nullable=False),
        sa.Column("delivery_id", sa.BigInteger),
        sa.Column("attempt", sa.Integer),
        sa.Column("fingerprints", sa.Text, nullable=False),
        sa.Column("permanent", sa.Boolean, nullable=False),
        sa.Column("detail", sa.Text, nullable=False),
        sa.Column("happened_at", _instant(), nullable=False),
        sa.Column("stored_at", _instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mail_events"),
        **TABLE,
    )
    op.create_index("ix_mail_events_delivery_id_attempt", "mail_events", ["delivery_id", "attempt"])
    op.create_index("ix_mail_events_stored_at", "mail_events", ["stored_at"])


def downgrade() -> None:
    """Drop the tables."""
    for name in ("mail_events", "suppressions", "subscribers"):
        op.drop_table(name)


def _create_subscribers() -> None:
    op.create_table(
        "subscribers",
        sa.Column("id", _row_id(), autoincrement=True, nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("address_key", sa.String(254), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("paused", sa.Boolean, nullable=False),
        sa.Column("symbols", sa.Text, nullable=False),
        sa.Column("origin", sa.String(16), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("created_at", _instant(), nullable=False),
        sa.Column("confirmed_at", _instant()),
        sa.Column("unsubscribed_at", _instant()),
        sa.Column("confirmation_sent_at", _instant()),
        sa.Column("confirmations_sent", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_subscribers"),
        sa.UniqueConstraint("address_key", name="uq_subscribers_address_key"),
        sa.CheckConstraint(
            "state IN ('pending', 'confirmed', 'unsubscribed')",
            name=op.f("ck_subscribers_state_known"),
        ),
        sqlite_autoincrement=True,
        **TABLE,
    )
    op.create_index("ix_subscribers_state", "subscribers", ["state"])
    op.create_index("ix_subscribers_fingerprint", "subscribers", ["fingerprint"])
