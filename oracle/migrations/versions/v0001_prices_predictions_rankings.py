"""The first tables: prices, fits, predictions and rankings.

Revision ID: 0001
Revises:
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0001"
down_revision = None
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
    """Create all tables."""
    _create_price_tables()
    _create_forecast_tables()
    _create_ranking_tables()


def downgrade() -> None:
    """Drop all tables, those that refer to others first."""
    for name in (
        "ranking_unavailable",
        "ranking_items",
        "rankings",
        "predictions",
        "fits",
        "symbol_lookups",
        "quotes",
        "bar_fetches",
        "bars",
    ):
        op.drop_table(name)


def _create_price_tables() -> None:
    op.create_table(
        "bars",
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("symbol", sa.String(16), nullable=False),
        sa.Column("session", sa.Date, nullable=False),
        sa.Column("open", sa.Double),
        sa.Column("high", sa.Double),
        sa.Column("low", sa.Double),
        sa.Column("close", sa.Double),
        sa.Column("adj_close", sa.Double),
        sa.Column("volume", sa.Double),
        sa.PrimaryKeyConstraint("source", "symbol", "session", name="pk_bars"),
        sa.CheckConstraint("close > 0", name=op.f("ck_bars_close_positive")),
        sa.CheckConstraint("volume >= 0", name=op.f("ck_bars_volume_not_negative")),
        **TABLE,
    )
    op.create_table(
        "bar_fetches",
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("symbol", sa.String(16), nullable=False),
        sa.Column("currency", sa.String(8), nullable=False),
        sa.Column("fetched_at", _instant(), nullable=False),
        sa.PrimaryKeyConstraint("source", "symbol", name="pk_bar_fetches"),
        **TABLE,
    )
    op.create_table(
        "quotes",
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("symbol", sa.String(16), nullable=False),
        sa.Column("price", sa.Double, nullable=False),
        sa.Column("currency", sa.String(8), nullable=False),
        sa.Column("as_of", _instant(), nullable=False),
        sa.Column("market_state", sa.String(16), nullable=False),
        sa.Column("fetched_at", _instant(), nullable=False),
        sa.PrimaryKeyConstraint("source", "symbol", name="pk_quotes"),
        sa.CheckConstraint("price > 0", name=op.f("ck_quotes_price_positive")),
        **TABLE,
    )
    op.create_table(
        "symbol_lookups",
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("symbol", sa.String(16), nullable=False),
        sa.Column("instrument_symbol", sa.String(16)),
        sa.Column("name", sa.Text),
        sa.Column("exchange", sa.Text),
        sa.Column("currency", sa.String(8)),
        sa.Column("aliases", sa.Text),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("looked_up_at", _instant(), nullable=False),
        sa.PrimaryKeyConstraint("source", "symbol", name="pk_symbol_lookups"),
        **TABLE,
    )


def _create_forecast_tables() -> None:
    op.create_table(
        "fits",
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("pool_version", sa.String(64), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("payload", sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql"), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_at", _instant(), nullable=False),
        sa.PrimaryKeyConstraint("source", "as_of", "pool_version", "model_version", name="pk_fits"),
        **TABLE,
    )
    op.create_table(
        "predictions",
        sa.Column("id", _row_id(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("symbol", sa.String(16), nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("target", sa.Date, nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("origin", sa.String(8), nullable=False),
        sa.Column("current_price", sa.Double, nullable=False),
        sa.Column("currency", sa.String(8), nullable=False),
        sa.Column("point", sa.Double),
        sa.Column("quantiles", sa.Text, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_at", _instant(), nullable=False),
        sa.Column("abstained", sa.Boolean, nullable=False),
        sa.Column("reasons", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_predictions"),
        sa.UniqueConstraint(
            "source",
            "symbol",
            "as_of",
            "model_version",
            "origin",
            name="uq_predictions_source_symbol_as_of_model_version_origin",
        ),
        sa.CheckConstraint("current_price > 0", name=op.f("ck_predictions_current_price_positive")),
        sa.CheckConstraint("target > as_of", name=op.f("ck_predictions_target_after_as_of")),
        sa.CheckConstraint(
            "origin IN ('live', 'replay')", name=op.f("ck_predictions_origin_known")
        ),
        **TABLE,
    )


def _create_ranking_tables() -> None:
    op.create_table(
        "rankings",
        sa.Column("id", _row_id(), autoincrement=True, nullable=False),
        sa.Column("source", sa.String(16), nullable=False),
        sa.Column("selection", sa.String(64), nullable=False),
        sa.Column("model_version", sa.String(64), nullable=False),
        sa.Column("as_of", sa.Date, nullable=False),
        sa.Column("target", sa.Date, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_at", _instant(), nullable=False),
        sa.Column("best_symbol", sa.String(16)),
        sa.Column("best_name", sa.Text),
        sa.Column("best_reason", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_rankings"),
        sa.UniqueConstraint("fingerprint", name="uq_rankings_fingerprint"),
        sa.CheckConstraint("target > as_of", name=op.f("ck_rankings_target_after_as_of")),
        **TABLE,
    )
    op.create_index(
        "ix_rankings_source_selection_model_version_as_of",
        "rankings",
        ["source", "selection", "model_version", "as_of"],
    )
    op.create_table(
        "ranking_items",
        sa.Column("ranking_id", _row_id(), autoincrement=False, nullable=False),
        sa.Column("rank", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("symbol", sa.String(16), nullable=False),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("score", sa.Double),
        sa.Column("prediction_id", _row_id(), nullable=False),
        sa.PrimaryKeyConstraint("ranking_id", "rank", name="pk_ranking_items"),
        sa.ForeignKeyConstraint(
            ["ranking_id"], ["rankings.id"], name="fk_ranking_items_ranking_id_rankings"
        ),
        sa.ForeignKeyConstraint(
            ["prediction_id"], ["predictions.id"], name="fk_ranking_items_prediction_id_predictions"
        ),
        sa.Index("ix_ranking_items_prediction_id", "prediction_id"),
        **TABLE,
    )
    op.create_table(
        "ranking_unavailable",
        sa.Column("ranking_id", _row_id(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("symbol", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("ranking_id", "position", name="pk_ranking_unavailable"),
        sa.ForeignKeyConstraint(
            ["ranking_id"], ["rankings.id"], name="fk_ranking_unavailable_ranking_id_rankings"
        ),
        **TABLE,
    )
