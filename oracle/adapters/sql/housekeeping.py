"""Removing old rows, a bounded number in each statement."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from oracle.adapters.sql.digest_tables import deliveries, mail_events, runs, subscribers
from oracle.adapters.sql.sqlite import begin_writing
from oracle.domain.runs import OPEN_STATES
from oracle.domain.subscribers import SubscriberState

if TYPE_CHECKING:
    from datetime import datetime
    from typing import Any

    from sqlalchemy import Column, ColumnElement
    from sqlalchemy.ext.asyncio import AsyncConnection


class SqlHousekeeping:
    """Finds rows by a plain read, and removes them by their key if they are still as they were."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def remove_unconfirmed(self, before: datetime, *, limit: int) -> int:
        """Remove subscribers still pending who were last asked to confirm before that time."""
        asked_at = func.coalesce(subscribers.c.confirmation_sent_at, subscribers.c.created_at)
        condition = (subscribers.c.state == SubscriberState.PENDING) & (asked_at < before)
        return await self._remove(subscribers.c.id, condition, limit)

    async def remove_reports(self, before: datetime, *, limit: int) -> int:
        """Remove the provider's reports that were stored before that time."""
        return await self._remove(mail_events.c.id, mail_events.c.stored_at < before, limit)

    async def remove_deliveries(self, before: datetime, *, limit: int) -> int:
        """Remove deliveries of runs that ended before that time; the runs themselves stay."""
        ended = runs.c.state.not_in(OPEN_STATES) & (runs.c.finished_at < before)
        of_these = deliveries.c.run_id.in_(select(runs.c.id).where(ended))
        return await self._remove(deliveries.c.id, of_these, limit)

    async def _remove(self, key: Column[Any], condition: ColumnElement[bool], limit: int) -> int:
        await begin_writing(self._connection)
        keys = (await self._connection.scalars(select(key).where(condition).limit(limit))).all()
        if not keys:
            return 0
        removed = await self._connection.execute(delete(key.table).where(key.in_(keys), condition))
        return removed.rowcount
