"""What is stored of runs and deliveries, and who leads.

The time in all of these is the database's own clock, in UTC: instances whose clocks differ agree
on who may do what.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, datetime, timedelta

    from oracle.domain.instruments import Source
    from oracle.domain.runs import (
        Claim,
        DeliveryCounts,
        DeliveryRecord,
        Leadership,
        Run,
        RunKind,
        RunState,
    )


class LeaderLock(Protocol):
    """An election among the processes that share a database.

    A leader holds the lock for as long as its heartbeats are answered; each new leader has a higher
    epoch than all before. Two processes may believe that they lead for a moment: the epoch, checked
    in the transactions that write, is what counts.
    """

    async def acquire(self) -> int | None:
        """Return the new epoch, or None while another leads. Raises DatabaseUnavailable.

        Once it has returned an epoch it is called again only after `release`.
        """
        ...

    async def heartbeat(self) -> bool:
        """Return whether the lock is still held. Raises DatabaseUnavailable."""
        ...

    async def release(self) -> None:
        """Give the lock up, if need be by hanging up; never raises, never waits long."""
        ...


class EpochRepository(Protocol):
    """The row that says which epoch is current."""

    async def find_leadership(self) -> Leadership | None:
        """Return the newest leadership, or None if there never was one."""
        ...

    async def require_epoch(self, epoch: int) -> None:
        """Hold the row for the rest of the transaction if that epoch is current.

        Raises StaleEpoch otherwise. A new leader's election waits for transactions that hold it.
        """
        ...

    async def now(self) -> datetime:
        """Return the database's time, aware, in UTC."""
        ...


class RunRepository(Protocol):
    """Runs by source, kind and session, of which there is at most one."""

    async def find_run(self, source: Source, kind: RunKind, session: date) -> Run | None:
        """Return the run, or None."""
        ...

    async def get_run(self, run_id: int) -> Run:
        """Return the run. Raises LookupError."""
        ...

    async def list_runs(
        self, source: Source, kind: RunKind, *, limit: int, states: Sequence[RunState] | None = None
    ) -> Sequence[Run]:
        """Return the newest runs by session, of these states if given."""
        ...

    async def count_runs(
        self, source: Source, since: datetime
    ) -> dict[tuple[RunKind, RunState], int]:
        """Return how many runs that began since then there are, by kind and state."""
        ...

    async def add_run(  # noqa: PLR0913 - one argument per column
        self,
        source: Source,
        kind: RunKind,
        session: date,
        *,
        state: RunState,
        epoch: int,
        content: str = "",
        reason: str = "",
        expires_at: datetime | None = None,
    ) -> Run | None:
        """Store a new run and return it, or None if there is one of that key already."""
        ...

    async def adopt_run(self, run_id: int, epoch: int) -> bool:
        """Raise the run's epoch to this one, unless it has a higher one; say if it is this one."""
        ...

    async def change_state(
        self,
        run_id: int,
        *,
        epoch: int,
        expected: RunState,
        state: RunState,
        reason: str = "",
        needs_hand: bool = False,
    ) -> bool:
        """Change the state if the run has that epoch and that state; say if it was changed."""
        ...


class DeliveryRepository(Protocol):
    """Deliveries: one per run and subscriber."""

    async def add_page(self, run_id: int, *, epoch: int, after: int, limit: int) -> int | None:
        """Add deliveries for the next `limit` subscribers after that id who receive the digest.

        Suppressed addresses get one in the state `suppressed`. Returns the last id that was looked
        at, or None when no subscriber is left. Those that are there already stay as they are.
        Raises StaleEpoch when the run has not that epoch or is not being planned.
        """
        ...

    async def list_wanted_symbols(self) -> Sequence[str]:
        """Return all symbols that subscribers who receive the digest have chosen, sorted."""
        ...

    async def count_recipients(self) -> int:
        """Return how many subscribers receive the digest and are not suppressed."""
        ...

    async def claim(
        self, run_id: int, *, epoch: int, owner: str, limit: int, lease: timedelta
    ) -> Sequence[Claim]:
        """Claim up to `limit` pending deliveries that are due, if the run has that epoch and sends.

        Whoever has unsubscribed, paused, been erased or suppressed since gets no claim, and the
        delivery becomes `suppressed`. Never waits for rows that another sender is claiming.
        """
        ...

    async def count_senders(self, run_id: int) -> int:
        """Return how many owners have deliveries of the run that are `sending`."""
        ...

    async def record_sent(self, accepted: Sequence[tuple[Claim, str]]) -> Collection[int]:
        """Note that the claimed mails were accepted, each under that identifier.

        Returns the ids of the deliveries whose claim was still this sender's. One whose lease ended
        meanwhile, `unknown` of the same attempt, is sent too.
        """
        ...

    async def record_failed(self, claim: Claim, reason: str) -> bool:
        """Note that the recipient was refused for good."""
        ...

    async def record_unknown(self, claim: Claim, reason: str) -> bool:
        """Note that nobody knows whether it was accepted."""
        ...

    async def release(self, claim: Claim, *, retry_in: timedelta, reason: str) -> bool:
        """Give the delivery back: it was certainly not sent, and is due again after that time."""
        ...

    async def end_leases(self, run_id: int, *, epoch: int) -> int:
        """Make `unknown` what is `sending` beyond its lease, up to 1,000; return how many."""
        ...

    async def list_unknown(
        self, run_id: int, *, older_than: timedelta, limit: int
    ) -> Sequence[Claim]:
        """Return deliveries that have been unknown for that long, as the claims they were.

        Of a subscriber who has been erased since, the address is empty and the generation 0.
        """
        ...

    async def list_unknown_among(self, delivery_ids: Sequence[int]) -> Sequence[int]:
        """Return which of these deliveries are unknown."""
        ...

    async def resolve_unknown(
        self, delivery_id: int, attempt: int, *, message_id: str | None
    ) -> bool:
        """Make an unknown attempt `sent` under that identifier or, with None, pending again."""
        ...

    async def expire(self, run_id: int, *, epoch: int, limit: int = 1000) -> int:
        """Make `expired` up to `limit` of what is still pending; return how many, 0 at the end."""
        ...

    async def suppress_pending(self, subscriber_id: int) -> int:
        """Make `suppressed` what is pending for that subscriber, in whatever run."""
        ...

    async def list_of_subscriber(self, subscriber_id: int) -> Sequence[DeliveryRecord]:
        """Return what was sent, or was to be sent, to that subscriber; the newest run first."""
        ...

    async def count_deliveries(self, run_id: int) -> DeliveryCounts:
        """Return how many stand where."""
        ...


class SendingPace(Protocol):
    """The provider's rate, shared by all instances through the database."""

    async def reserve(self, name: str, count: int, *, interval: float) -> float:
        """Reserve `count` moments that are `interval` seconds apart and nobody else's.

        Returns in how many seconds the first one is (by the database's clock), 0 if it is now.
        """
        ...

    async def slow_down(self, name: str, seconds: float) -> None:
        """Let no moment that is still to be reserved come within the next `seconds`."""
        ...
