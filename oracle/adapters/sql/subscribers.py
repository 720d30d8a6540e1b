"""Subscribers of the digest: the only table that holds an address."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, true, update

from oracle.adapters.sql.digest_tables import subscribers
from oracle.adapters.sql.upsert import add_missing
from oracle.domain.subscribers import EmailAddress, Subscriber, SubscriberState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

RECEIVES_DIGEST = (subscribers.c.state == SubscriberState.CONFIRMED) & ~subscribers.c.paused
"""As `Subscriber.receives_digest`, of a row."""


class SqlSubscriberRepository:
    """The table `subscribers`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_subscriber(self, subscriber_id: int) -> Subscriber | None:
        """Return the subscriber, or None."""
        return await self._find(subscribers.c.id == subscriber_id)

    async def find_by_key(self, key: str) -> Subscriber | None:
        """Return whose address has that key, or None."""
        return await self._find(subscribers.c.address_key == key)

    async def find_by_fingerprint(self, fingerprint: str) -> Subscriber | None:
        """Return whose address has that fingerprint, or None."""
        return await self._find(subscribers.c.fingerprint == fingerprint)

    async def list_by_keys(self, keys: Sequence[str]) -> Sequence[Subscriber]:
        """Return those whose address has one of these keys."""
        rows = await self._connection.execute(
            select(subscribers).where(subscribers.c.address_key.in_(keys))
        )
        return tuple(_subscriber_of(row) for row in rows)

    async def add_subscriber(
        self, address: EmailAddress, state: SubscriberState, now: datetime, *, origin: str
    ) -> Subscriber:
        """Store a new subscriber and return it; if the key is there, return that one unchanged."""
        await self.add_subscribers([address], state, now, origin=origin)
        stored = await self._connection.execute(
            select(subscribers).where(subscribers.c.address_key == address.key)
        )
        return _subscriber_of(stored.one())

    async def add_subscribers(
        self,
        addresses: Sequence[EmailAddress],
        state: SubscriberState,
        now: datetime,
        *,
        origin: str,
    ) -> None:
        """Store new subscribers, as `add_subscriber` does one; those that are there stay."""
        rows = [
            {
                **_address_columns(address),
                "state": state,
                "paused": False,
                "symbols": (),
                "origin": origin,
                "generation": 1,
                "created_at": now,
                "confirmed_at": now if state is SubscriberState.CONFIRMED else None,
                "confirmations_sent": 0,
                "version": 1,
            }
            for address in addresses
        ]
        await add_missing(self._connection, subscribers, rows, key=("address_key",))

    async def update_subscriber(self, changed: Subscriber) -> bool:
        """Store the row if it is still at `changed.version`, which rises by one; say if it was."""
        result = await self._connection.execute(
            update(subscribers)
            .where(subscribers.c.id == changed.id, subscribers.c.version == changed.version)
            .values(
                **_address_columns(changed.address),
                state=changed.state,
                paused=changed.is_paused,
                symbols=changed.symbols,
                generation=changed.generation,
                confirmed_at=changed.confirmed_at,
                unsubscribed_at=changed.unsubscribed_at,
                confirmation_sent_at=changed.confirmation_sent_at,
                confirmations_sent=changed.confirmations_sent,
                origin=changed.origin,
                version=changed.version + 1,
            )
        )
        return result.rowcount == 1

    async def remove_subscriber(self, subscriber_id: int) -> bool:
        """Erase the subscriber; deliveries keep their number alone. Say if there was one."""
        result = await self._connection.execute(
            delete(subscribers).where(subscribers.c.id == subscriber_id)
        )
        return result.rowcount == 1

    async def list_subscribers(
        self, *, after: int, limit: int, state: SubscriberState | None = None
    ) -> Sequence[Subscriber]:
        """Return up to `limit` of them by id, those after that id; 0 is the start."""
        rows = await self._connection.execute(
            select(subscribers)
            .where(subscribers.c.id > after)
            .where(true() if state is None else subscribers.c.state == state)
            .order_by(subscribers.c.id)
            .limit(limit)
        )
        return tuple(_subscriber_of(row) for row in rows)

    async def count_subscribers(self) -> dict[SubscriberState, int]:
        """Return how many there are of each state."""
        rows = await self._connection.execute(
            select(subscribers.c.state, func.count()).group_by(subscribers.c.state)
        )
        counted = {SubscriberState(state): int(count) for state, count in rows}
        return {state: counted.get(state, 0) for state in SubscriberState}

    async def _find(self, condition: ColumnElement[bool]) -> Subscriber | None:
        rows = await self._connection.execute(select(subscribers).where(condition))
        row = rows.one_or_none()
        return None if row is None else _subscriber_of(row)


def _address_columns(address: EmailAddress) -> dict[str, str]:
    return {
        "address": address.text,
        "address_key": address.key,
        "fingerprint": address.fingerprint,
    }


def _subscriber_of(row: Row[Any]) -> Subscriber:
    return Subscriber(
        id=row.id,
        address=EmailAddress(row.address, row.address_key),
        state=SubscriberState(row.state),
        is_paused=row.paused,
        symbols=row.symbols,
        generation=row.generation,
        created_at=row.created_at,
        confirmed_at=row.confirmed_at,
        unsubscribed_at=row.unsubscribed_at,
        confirmation_sent_at=row.confirmation_sent_at,
        confirmations_sent=row.confirmations_sent,
        version=row.version,
        origin=row.origin,
    )
