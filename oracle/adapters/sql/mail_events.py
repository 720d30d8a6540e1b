"""What the mail provider has reported, each report once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from oracle.adapters.sql.digest_tables import deliveries, mail_events, runs
from oracle.adapters.sql.sqlite import begin_writing
from oracle.adapters.sql.upsert import add_new_rows
from oracle.domain.addressless import without_addresses
from oracle.domain.runs import MailEvent, MailEventKind

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

LAST_STORED = "FORCE INDEX (ix_mail_events_stored_at)"
"""Left alone the database may sort all reports there are."""

NEWEST = 200
"""Reports come in any order: among so many that were stored last the latest is looked for."""


class SqlMailEventRepository:
    """The table `mail_events`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def add_events(self, events: Sequence[MailEvent], now: datetime) -> Collection[str]:
        """Store the reports that are not there yet; return their ids."""
        await begin_writing(self._connection)
        ids = sorted({event.id for event in events})
        known = await self._connection.scalars(
            select(mail_events.c.id).where(mail_events.c.id.in_(ids))
        )
        rows = {event.id: _row_of(event, now) for event in events}
        for each in known:
            del rows[each]
        return await add_new_rows(self._connection, mail_events, rows)

    async def newest_event_at(self) -> datetime | None:
        """Return when the latest thing happened of the newest reports, or None if there are none.

        By the provider's clock: a report may have lain in the queue for long before it was stored.
        """
        stored_last = (
            select(mail_events.c.happened_at)
            .with_hint(mail_events, LAST_STORED, "mysql")
            .order_by(mail_events.c.stored_at.desc())
            .limit(NEWEST)
            .subquery()
        )
        newest: datetime | None = await self._connection.scalar(
            select(func.max(stored_last.c.happened_at))
        )
        return newest

    async def list_attempt_events(self, delivery_id: int, attempt: int) -> Sequence[MailEvent]:
        """Return what was reported of that attempt, by when it happened."""
        rows = await self._connection.execute(
            select(mail_events)
            .where(mail_events.c.delivery_id == delivery_id, mail_events.c.attempt == attempt)
            .order_by(mail_events.c.happened_at, mail_events.c.id)
        )
        return tuple(_event_of(row) for row in rows)

    async def count_run_events(self, run_id: int) -> dict[MailEventKind, int]:
        """Return how many deliveries of the run bounced for good, and of how many were complained.

        Kinds of which there is none are left out.
        """
        bounced = (mail_events.c.kind == MailEventKind.BOUNCED) & mail_events.c.permanent
        rows = await self._connection.execute(
            select(mail_events.c.kind, func.count(mail_events.c.delivery_id.distinct()))
            .join(deliveries, deliveries.c.id == mail_events.c.delivery_id)
            .join(runs, runs.c.id == deliveries.c.run_id)
            # Nothing can be reported of a run before there is one: older reports are not looked at.
            .where(runs.c.id == run_id, mail_events.c.stored_at >= runs.c.started_at)
            .where(bounced | (mail_events.c.kind == MailEventKind.COMPLAINED))
            .group_by(mail_events.c.kind)
        )
        return {MailEventKind(kind): count for kind, count in rows}


def _row_of(event: MailEvent, now: datetime) -> dict[str, Any]:
    return {
        "id": event.id,
        "kind": event.kind,
        "message_id": event.message_id,
        "delivery_id": event.delivery_id,
        "attempt": event.attempt,
        "fingerprints": event.fingerprints,
        "permanent": event.is_permanent,
        "detail": without_addresses(event.detail),
        "happened_at": event.happened_at,
        "stored_at": now,
    }


def _event_of(row: Row[Any]) -> MailEvent:
    return MailEvent(
        id=row.id,
        kind=MailEventKind(row.kind),
        message_id=row.message_id,
        delivery_id=row.delivery_id,
        attempt=row.attempt,
        fingerprints=row.fingerprints,
        is_permanent=row.permanent,
        detail=row.detail,
        happened_at=row.happened_at,
    )
