"""The tables of subscribers, runs, deliveries and leadership; as `tables`, see there."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Text,
    UniqueConstraint,
)

from oracle.adapters.sql.column_types import JsonList, LongText, Real, RowId, UtcDateTime
from oracle.adapters.sql.tables import SHA256, SOURCE, define, metadata

__all__ = [
    "deliveries",
    "leadership",
    "mail_events",
    "metadata",
    "runs",
    "sending_pace",
    "subscribers",
    "suppressions",
]

ADDRESS = String(254)
"""The longest address that can be mailed to (RFC 5321)."""

STATE = String(16)
OWNER = String(64)
IDENTIFIER = String(255)

subscribers = define(
    "subscribers",
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("address", ADDRESS, nullable=False),
    Column("address_key", ADDRESS, nullable=False),
    Column("fingerprint", SHA256, nullable=False),
    Column("state", STATE, nullable=False),
    Column("paused", Boolean, nullable=False),
    Column("symbols", JsonList, nullable=False),
    Column("origin", STATE, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),
    Column("unsubscribed_at", UtcDateTime),
    Column("confirmation_sent_at", UtcDateTime),
    Column("confirmations_sent", Integer, nullable=False),
    Column("version", Integer, nullable=False),
    UniqueConstraint("address_key"),
    Index(None, "state"),
    Index(None, "fingerprint"),
    CheckConstraint("state IN ('pending', 'confirmed', 'unsubscribed')", name="state_known"),
    # A number is never given twice: links in old mails carry it, and so do deliveries.
    sqlite_autoincrement=True,
)

suppressions = define(
    "suppressions",
    Column("fingerprint", SHA256, primary_key=True),
    Column("reason", STATE, nullable=False),
    Column("detail", Text, nullable=False),
    Column("suppressed_at", UtcDateTime, nullable=False),
    CheckConstraint("reason IN ('bounce', 'complaint', 'manual')", name="reason_known"),
)

mail_events = define(
    "mail_events",
    Column("id", IDENTIFIER, primary_key=True),
    Column("kind", STATE, nullable=False),
    Column("message_id", IDENTIFIER, nullable=False),
    Column("delivery_id", BigInteger),
    Column("attempt", Integer),
    Column("fingerprints", JsonList, nullable=False),
    Column("permanent", Boolean, nullable=False),
    Column("detail", Text, nullable=False),
    Column("happened_at", UtcDateTime, nullable=False),
    Column("stored_at", UtcDateTime, nullable=False),
    Index(None, "delivery_id", "attempt"),
    Index(None, "stored_at"),
    Index(None, "kind", "stored_at"),
)

leadership = define(
    "leadership",
    # One row: the name of what is led.
    Column("name", STATE, primary_key=True),
    Column("epoch", BigInteger, nullable=False),
    Column("holder", OWNER, nullable=False),
    Column("elected_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    # Until when a leader without a connection-bound lock (SQLite) holds it.
    Column("held_until", UtcDateTime, nullable=False),
)

runs = define(
    "runs",
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("source", SOURCE, nullable=False),
    Column("kind", STATE, nullable=False),
    Column("session", Date, nullable=False),
    Column("state", STATE, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("content", LongText, nullable=False),
    Column("reason", Text, nullable=False),
    Column("needs_hand", Boolean, nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("finished_at", UtcDateTime),
    Column("expires_at", UtcDateTime),
    UniqueConstraint("source", "kind", "session"),
    Index(None, "source", "kind", "state"),
    CheckConstraint(
        "state IN ('planned', 'sending', 'stopped', 'finished', 'missed')", name="state_known"
    ),
)

deliveries = define(
    "deliveries",
    Column("id", RowId, primary_key=True, autoincrement=True),
    Column("run_id", RowId, ForeignKey("runs.id"), nullable=False),
    # No foreign key: the row outlives a subscriber who is erased, as a mere number.
    Column("subscriber_id", BigInteger, nullable=False),
    Column("symbols", JsonList, nullable=False),
    Column("state", STATE, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("owner", OWNER),
    Column("lease_until", UtcDateTime),
    Column("due_at", UtcDateTime, nullable=False),
    Column("message_id", IDENTIFIER),
    Column("reason", Text, nullable=False),
    Column("added_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    UniqueConstraint("run_id", "subscriber_id"),
    Index(None, "run_id", "state", "due_at"),
    Index(None, "subscriber_id", "state"),
    CheckConstraint(
        "state IN ('pending', 'sending', 'sent', 'failed', 'unknown', 'suppressed', 'expired')",
        name="state_known",
    ),
)

sending_pace = define(
    "sending_pace",
    Column("name", STATE, primary_key=True),
    # Seconds since 1970 by the database's clock: the first moment that nobody has reserved.
    Column("free_at", Real, nullable=False),
)
