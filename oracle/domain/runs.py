"""Runs of scheduled work, and the deliveries that a digest's run consists of.

Whatever several processes believe about who leads, these rows say what happened: a run exists once
per kind and session, a delivery once per run and subscriber, and every change names the epoch of
the leader in whose name it is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from oracle.domain.instruments import Source


class RunKind(StrEnum):
    """What is run once for a session."""

    BARS = "bars"
    FORECAST = "forecast"
    SETTLEMENT = "settlement"
    DIGEST = "digest"


class RunState(StrEnum):
    """Where a run stands.

    `planned`: its content is frozen, deliveries are being added. `sending`: deliveries may be
    claimed. `stopped`: a breaker or the provider ended it; it goes on by hand or when the provider
    is back. `finished`: nothing is left to do. `missed`: its window closed before it began.
    """

    PLANNED = "planned"
    SENDING = "sending"
    STOPPED = "stopped"
    FINISHED = "finished"
    MISSED = "missed"


OPEN_STATES = frozenset({RunState.PLANNED, RunState.SENDING, RunState.STOPPED})


@dataclass(frozen=True, slots=True)
class Run:
    """One run. `content` is JSON, frozen when the run was planned; `expires_at` ends its window.

    `reason` says why it was stopped or missed; `needs_hand` that only a person lets it go on.
    """

    id: int
    source: Source
    kind: RunKind
    session: date
    state: RunState
    epoch: int
    content: str
    reason: str
    needs_hand: bool
    started_at: datetime
    finished_at: datetime | None
    expires_at: datetime | None


class DeliveryState(StrEnum):
    """Where one recipient's mail stands.

    `sending` is claimed by a sender until its lease ends. `unknown`: it was handed over and no
    answer came, so it may have been accepted. `failed`: refused for good.
    """

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SUPPRESSED = "suppressed"
    EXPIRED = "expired"


UNFINISHED_DELIVERIES = frozenset(
    {DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNKNOWN}
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that one sender may make now: attempt `attempt`, until its lease ends.

    `address` was read, and the subscriber's state checked, in the transaction of the claim.
    `symbols` is what the run froze of the subscriber's own choice.
    """

    delivery_id: int
    run_id: int
    subscriber_id: int
    generation: int
    address: str
    symbols: tuple[str, ...]
    attempt: int
    epoch: int
    owner: str


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    """What is kept of one mail to a subscriber: of which session, how it stands, since when."""

    session: date
    state: DeliveryState
    attempt: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """How many deliveries of a run stand where, and when the one that is due first was added."""

    by_state: dict[DeliveryState, int]
    oldest_pending_at: datetime | None

    def of(self, *states: DeliveryState) -> int:
        """Return how many are in any of these states."""
        return sum(self.by_state.get(state, 0) for state in states)

    @property
    def total(self) -> int:
        """All deliveries of the run."""
        return sum(self.by_state.values())

    @property
    def unfinished(self) -> int:
        """Those that something may still happen to."""
        return self.of(*UNFINISHED_DELIVERIES)


@dataclass(frozen=True, slots=True)
class Leadership:
    """Who leads, as the database tells it: the epoch, its holder, and the last sign of life."""

    epoch: int
    holder: str
    elected_at: datetime
    seen_at: datetime


class MailEventKind(StrEnum):
    """What a provider reports of a mail it had accepted."""

    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    DELAYED = "delayed"
    COMPLAINED = "complained"
    REJECTED = "rejected"


@dataclass(frozen=True, slots=True)
class MailEvent:
    """One report of the provider; `id` names it, however often it comes.

    `delivery_id` and `attempt` come back from the tags that the mail was sent with, None where it
    had none. `is_permanent` tells a bounce for good from one that may pass. `fingerprints` are
    those of the addresses it concerns.
    """

    id: str
    kind: MailEventKind
    message_id: str
    delivery_id: int | None
    attempt: int | None
    fingerprints: tuple[str, ...]
    is_permanent: bool
    detail: str
    happened_at: datetime
