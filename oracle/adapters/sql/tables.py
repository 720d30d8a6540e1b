"""The tables as the code sees them; `oracle.migrations` is how they come to be.

Every text compares by code point (utf8mb4_bin, which MySQL and MariaDB both have, as SQLite does by
itself): `BRK-B` is not `brk-b`, and no two different symbols are ever equal. Rows of different
sources never meet: the source leads every key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from oracle.adapters.sql.column_types import JsonList, LongText, Real, RowId, UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy.schema import SchemaItem

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One width for each kind of name. What comes from outside without a bound is Text.
SOURCE = String(16)
SYMBOL = String(16)
CURRENCY = String(8)
VERSION = String(64)
SHA256 = String(64)


def define(name: str, *items: SchemaItem, **options: Any) -> Table:
    """Return the table, spelt so that all databases hold and compare it alike."""
    # RETURNING is left alone: MySQL has none, and all databases shall run the same statements.
    return Table(
        name,
        metadata,
        *items,
        implicit_returning=False,
        mysql_engine="InnoDB",
        mysql_charset="utf8mb4",
        mysql_collate="utf8mb4_bin",
        **options,
    )


bars = define(
    "bars",
    Column("source", SOURCE, primary_key=True),
    Column("symbol", SYMBOL, primary_key=True),
    Column("session", Date, primary_key=True),
    Column("open", Real),
    Column("high", Real),
    Column("low", Real),
    Column("close", Real),
    Column("adj_close", Real),
    Column("volume", Real),
    CheckConstraint("close > 0", name="close_positive"),
    CheckConstraint("volume >= 0", name="volume_not_negative"),
)

bar_fetches = define(
    "bar_fetches",
    Column("source", SOURCE, primary_key=True),
    Column("symbol", SYMBOL, primary_key=True),
    Column("currency", CURRENCY, nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
)

splits = define(
    "splits",
    Column("source", SOURCE, primary_key=True),
    Column("symbol", SYMBOL, primary_key=True),
    Column("session", Date, primary_key=True),
    Column("ratio", Real, nullable=False),
    CheckConstraint("ratio > 0", name="ratio_positive"),
)

quotes = define(
    "quotes",
    Column("source", SOURCE, primary_key=True),
    Column("symbol", SYMBOL, primary_key=True),
    Column("price", Real, nullable=False),
    Column("currency", CURRENCY, nullable=False),
    Column("as_of", UtcDateTime, nullable=False),
    Column("market_state", String(16), nullable=False),
    Column("fetched_at", UtcDateTime, nullable=False),
    CheckConstraint("price > 0", name="price_positive"),
)

symbol_lookups = define(
    "symbol_lookups",
    Column("source", SOURCE, primary_key=True),
    Column("symbol", SYMBOL, primary_key=True),
    # All NULL when the feed does not know the symbol.
    Column("instrument_symbol", SYMBOL),
    Column("name", Text),
    Column("exchange", Text),
    Column("currency", CURRENCY),
    Column("aliases", JsonList),
    Column("reason", Text, nullable=False),
    Column("looked_up_at", UtcDateTime, nullable=False),
)

fits = define(
    "fits",
    Column("source", SOURCE, primary_key=True),
    Column("as_of", Date, primary_key=True),
    Column("pool_version", VERSION, primary_key=True),
    Column("model_version", VERSION, primary_key=True),
    Column("payload", LongText, nullable=False),
    Column("fingerprint", SHA256, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
)

predictions = define(
    "predictions",
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("source", SOURCE, nullable=False),
    Column("symbol", SYMBOL, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("target", Date, nullable=False),
    Column("model_version", VERSION, nullable=False),
    Column("origin", String(8), nullable=False),
    Column("current_price", Real, nullable=False),
    Column("currency", CURRENCY, nullable=False),
    Column("point", Real),
    Column("quantiles", JsonList, nullable=False),
    Column("fingerprint", SHA256, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("abstained", Boolean, nullable=False),
    Column("reasons", JsonList, nullable=False),
    UniqueConstraint("source", "symbol", "as_of", "model_version", "origin"),
    Index(None, "source", "target"),
    CheckConstraint("current_price > 0", name="current_price_positive"),
    CheckConstraint("target > as_of", name="target_after_as_of"),
    CheckConstraint("origin IN ('live', 'replay')", name="origin_known"),
)

rankings = define(
    "rankings",
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("source", SOURCE, nullable=False),
    Column("selection", SHA256, nullable=False),
    Column("model_version", VERSION, nullable=False),
    Column("as_of", Date, nullable=False),
    Column("target", Date, nullable=False),
    Column("fingerprint", SHA256, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    # All NULL when nothing is a clear buy.
    Column("best_symbol", SYMBOL),
    Column("best_name", Text),
    Column("best_reason", Text),
    UniqueConstraint("fingerprint"),
    Index(None, "source", "selection", "model_version", "as_of"),
    CheckConstraint("target > as_of", name="target_after_as_of"),
)

ranking_items = define(
    "ranking_items",
    Column("ranking_id", RowId, ForeignKey("rankings.id"), primary_key=True, autoincrement=False),
    Column("rank", Integer, primary_key=True, autoincrement=False),
    Column("symbol", SYMBOL, nullable=False),
    Column("name", Text, nullable=False),
    Column("score", Real),
    Column("prediction_id", RowId, ForeignKey("predictions.id"), nullable=False),
    Index(None, "prediction_id"),
)

ranking_unavailable = define(
    "ranking_unavailable",
    Column("ranking_id", RowId, ForeignKey("rankings.id"), primary_key=True, autoincrement=False),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("symbol", SYMBOL, nullable=False),
    Column("reason", Text, nullable=False),
)

outcomes = define(
    "outcomes",
    Column(
        "prediction_id", RowId, ForeignKey("predictions.id"), primary_key=True, autoincrement=False
    ),
    Column("actual", Real, nullable=False),
    Column("error", Real, nullable=False),
    Column("naive_error", Real, nullable=False),
    Column("crps", Real, nullable=False),
    # NULL where too few sessions were known for the baseline.
    Column("crps_gaussian", Real),
    Column("crps_empirical", Real),
    Column("inside_50", Boolean, nullable=False),
    Column("inside_80", Boolean, nullable=False),
    Column("inside_95", Boolean, nullable=False),
    Column("predicted_move", String(16), nullable=False),
    Column("actual_move", String(16), nullable=False),
    Column("score", Real),
    Column("input_healed", Boolean, nullable=False),
    Column("settled_at", UtcDateTime, nullable=False),
    Column("revised_at", UtcDateTime),
    Column("revisions", Integer, nullable=False),
    CheckConstraint("actual > 0", name="actual_positive"),
)

outcome_revisions = define(
    "outcome_revisions",
    Column(
        "prediction_id",
        RowId,
        ForeignKey("outcomes.prediction_id"),
        primary_key=True,
        autoincrement=False,
    ),
    Column("number", Integer, primary_key=True, autoincrement=False),
    # What the outcome said until it was replaced.
    Column("actual", Real, nullable=False),
    Column("input_healed", Boolean, nullable=False),
    Column("replaced_at", UtcDateTime, nullable=False),
)
