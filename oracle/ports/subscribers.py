"""What is stored of subscribers and of suppressed addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from oracle.domain.runs import MailEvent, MailEventKind
    from oracle.domain.subscribers import (
        EmailAddress,
        Subscriber,
        SubscriberState,
        Suppression,
    )


class SubscriberRepository(Protocol):
    """Subscribers by id and by the key of their address, which is unique."""

    async def find_subscriber(self, subscriber_id: int) -> Subscriber | None:
        """Return the subscriber, or None."""
        ...

    async def find_by_key(self, key: str) -> Subscriber | None:
        """Return whose address has that key, or None."""
        ...

    async def find_by_fingerprint(self, fingerprint: str) -> Subscriber | None:
        """Return whose address has that fingerprint, or None."""
        ...

    async def list_by_keys(self, keys: Sequence[str]) -> Sequence[Subscriber]:
        """Return those whose address has one of these keys."""
        ...

    async def add_subscribers(
        self,
        addresses: Sequence[EmailAddress],
        state: SubscriberState,
        now: datetime,
        *,
        origin: str,
    ) -> None:
        """Store new subscribers, as `add_subscriber` does one; those that are there stay."""
        ...

    async def add_subscriber(
        self, address: EmailAddress, state: SubscriberState, now: datetime, *, origin: str
    ) -> Subscriber:
        """Store a new subscriber and return it; if the key is there, return that one unchanged.

        `origin` says how they came: `site`, `api`, `import` or `command`.
        """
        ...

    async def update_subscriber(self, changed: Subscriber) -> bool:
        """Store the row if it is still at `changed.version`, which rises by one; say if it was."""
        ...

    async def remove_subscriber(self, subscriber_id: int) -> bool:
        """Erase the subscriber; deliveries keep their number alone. Say if there was one."""
        ...

    async def list_subscribers(
        self, *, after: int, limit: int, state: SubscriberState | None = None
    ) -> Sequence[Subscriber]:
        """Return up to `limit` of them by id, those after that id; 0 is the start."""
        ...

    async def count_subscribers(self) -> dict[SubscriberState, int]:
        """Return how many there are of each state."""
        ...


class SuppressionRepository(Protocol):
    """Addresses that are never written to again, by fingerprint."""

    async def find_suppression(self, fingerprint: str) -> Suppression | None:
        """Return it, or None."""
        ...

    async def list_suppressed(self, fingerprints: Sequence[str]) -> Sequence[str]:
        """Return which of these are suppressed."""
        ...

    async def add_suppression(self, suppression: Suppression) -> bool:
        """Store it unless the address is suppressed already; say if it was new."""
        ...

    async def remove_suppression(self, fingerprint: str) -> bool:
        """Take it back; say if there was one."""
        ...

    async def count_suppressions(self) -> dict[str, int]:
        """Return how many there are of each reason."""
        ...


class MailEventRepository(Protocol):
    """The provider's reports, each kept once."""

    async def add_events(self, events: Sequence[MailEvent], now: datetime) -> Collection[str]:
        """Store the reports that are not there yet; return their ids."""
        ...

    async def newest_event_at(self) -> datetime | None:
        """Return when the latest thing happened of the newest reports, or None if there are none.

        By the provider's clock: a report may have lain in the queue for long before it was stored.
        """
        ...

    async def list_attempt_events(self, delivery_id: int, attempt: int) -> Sequence[MailEvent]:
        """Return what was reported of that attempt."""
        ...

    async def count_run_events(self, run_id: int) -> dict[MailEventKind, int]:
        """Return how many deliveries of the run bounced for good, and of how many were complained.

        Kinds of which there is none are left out.
        """
        ...
