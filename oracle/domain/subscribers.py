"""Subscribers of the evening digest, and the addresses that are never written to again."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

MAX_OWN_SYMBOLS = 10


class SubscriberState(StrEnum):
    """Where a subscriber stands: asked to confirm, confirmed, or gone by their own wish."""

    PENDING = "pending"
    CONFIRMED = "confirmed"
    UNSUBSCRIBED = "unsubscribed"


class SuppressionReason(StrEnum):
    """Why an address is never written to again."""

    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    MANUAL = "manual"


@dataclass(frozen=True, slots=True)
class EmailAddress:
    """An address as it is written on a mail, and `key`, the one spelling that tells it apart."""

    text: str = field(repr=False)
    key: str = field(repr=False)

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the key: names the address where the address itself must not stand."""
        return sha256(self.key.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Subscriber:
    """One who asked for the digest.

    `symbols` are their own choice, at most ten, topped up from the watchlist; empty is the
    watchlist itself. `generation` is part of every token that was given out: raising it makes all
    of them void. `version` counts the changes of the row, which is how two of them do not undo
    each other. `confirmations_sent` counts the mails of the day (in UTC) of
    `confirmation_sent_at`. `origin` says how they came or were confirmed: `site`, `api`, `import`
    or `command`.
    """

    id: int
    address: EmailAddress
    state: SubscriberState
    is_paused: bool
    symbols: tuple[str, ...]
    generation: int
    created_at: datetime
    confirmed_at: datetime | None
    unsubscribed_at: datetime | None
    confirmation_sent_at: datetime | None
    confirmations_sent: int
    version: int
    origin: str = ""

    @property
    def receives_digest(self) -> bool:
        """Whether the digest is meant for them; their address may be suppressed all the same."""
        return self.state is SubscriberState.CONFIRMED and not self.is_paused


@dataclass(frozen=True, slots=True)
class Suppression:
    """An address, by its fingerprint, that is never written to again, and since when."""

    fingerprint: str
    reason: SuppressionReason
    detail: str
    suppressed_at: datetime
