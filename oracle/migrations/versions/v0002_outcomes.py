"""The record: what became of predictions, and the splits that settling has to know of.

Revision ID: 0002
Revises: 0001
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE: dict[str, Any] = {
    "mysql_engine": "InnoDB",
    "mysql_charset": "utf8mb4",
    "mysql_collate": "utf8mb4_bin",
}
INDEX = "ix_predictions_source_target"


def _instant() -> sa.types.TypeEngine[Any]:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql")


def _row_id() -> sa.types.TypeEngine[Any]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables, and the index by which what is due is found."""
    _create_splits()
    _create_outcomes()
    with op.batch_alter_table("predictions") as table:
        table.create_index(INDEX, ["source", "target"])


def downgrade() -> None:
    """Drop the tables, those that refer to others first, and the index."""
    with op.batch_alter_table("predictions") as table:
        table.drop_index(INDEX)
    for name in ("outcome_revisions", "outcomes", "splits"):
        op.drop_table(name)


def _create_splits() -> None:
    op.create_table(
        "splits",
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("symbol", sa.String(16), nullable=False),
        sa.Column("session", sa.Date, nullable=False),
        sa.Column("ratio", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("source", "symbol", "session", name="pk_splits"),
        sa.CheckConstraint("ratio > 0", name=op.f("ck_splits_ratio_positive")),
        **TABLE,
    )


def _create_outcomes() -> None:
    op.create_table(
        "outcomes",
        sa.Column("prediction_id", _row_id(), autoincrement=False, nullable=False),
        sa.Column("actual", sa.Double, nullable=False),
        sa.Column("error", sa.Double, nullable=False),
        sa.Column("naive_error", sa.Double, nullable=False),
        sa.Column("crps", sa.Double, nullable=False),
        sa.Column("crps_gaussian", sa.Double),
        sa.Column("crps_empirical", sa.Double),
        sa.Column("inside_50", sa.Boolean, nullable=False),
        sa.Column("inside_80", sa.Boolean, nullable=False),
        sa.Column("inside_95", sa.Boolean, nullable=False),
        sa.Column("predicted_move", sa.String(16), nullable=False),
        sa.Column("actual_move", sa.String(16), nullable=False),
        sa.Column("score", sa.Double),
        sa.Column("input_healed", sa.Boolean, nullable=False),
        sa.Column("settled_at", _instant(), nullable=False),
        sa.Column("revised_at", _instant()),
        sa.Column("revisions", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("prediction_id", name="pk_outcomes"),
        sa.ForeignKeyConstraint(
            ["prediction_id"], ["predictions.id"], name="fk_outcomes_prediction_id_predictions"
        ),
        sa.CheckConstraint("actual > 0", name=op.f("ck_outcomes_actual_positive")),
        **TABLE,
    )
    op.create_table(
        "outcome_revisions",
        sa.Column("prediction_id", _row_id(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("actual", sa.Double, nullable=False),
        sa.Column("input_healed", sa.Boolean, nullable=False),
        sa.Column("replaced_at", _instant(), nullable=False),
        sa.PrimaryKeyConstraint("prediction_id", "number", name="pk_outcome_revisions"),
        sa.ForeignKeyConstraint(
            ["prediction_id"],
            ["outcomes.prediction_id"],
            name="fk_outcome_revisions_prediction_id_outcomes",
        ),
        **TABLE,
    )
