"""The one row that says which leader's epoch is current."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from oracle.adapters.sql.database_clock import DatabaseTime, database_now
from oracle.adapters.sql.digest_tables import leadership
from oracle.adapters.sql.sqlite import begin_writing
from oracle.adapters.sql.upsert import add_new
from oracle.domain.errors import StaleEpoch
from oracle.domain.runs import Leadership

if TYPE_CHECKING:
    from datetime import datetime, timedelta

    from sqlalchemy.ext.asyncio import AsyncConnection

LED = "scheduler"
"""What is led, the name of the row."""

_ROW = leadership.c.name == LED


class SqlEpochRepository:
    """The table `leadership`, and the database's time.

    The three methods about leases are for `SqliteLeaderLock`, which elects by this row alone.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_leadership(self) -> Leadership | None:
        """Return the newest leadership, or None if there never was one."""
        row = (await self._connection.execute(select(leadership).where(_ROW))).one_or_none()
        if row is None:
            return None
        return Leadership(row.epoch, row.holder, row.elected_at, row.seen_at)

    async def require_epoch(self, epoch: int) -> None:
        """Hold the row for the rest of the transaction if that epoch is current.

        Raises StaleEpoch otherwise. A new leader's election waits for transactions that hold it.
        """
        result = await self._connection.execute(
            update(leadership)
            .where(_ROW, leadership.c.epoch == epoch)
            .values(seen_at=DatabaseTime())
        )
        if result.rowcount != 1:
            raise StaleEpoch(f"Epoch {epoch} is over: another leader was elected.")

    async def now(self) -> datetime:
        """Return the database's time, aware, in UTC."""
        return await database_now(self._connection)

    async def take_lease(self, holder: str, lease: timedelta) -> int | None:
        """Lead for the length of the lease and return the new epoch; None while another does."""
        await begin_writing(self._connection)
        held = await self._connection.execute(select(leadership).where(_ROW).with_for_update())
        row = held.one_or_none()
        now = await database_now(self._connection)
        if row is not None and row.held_until > now:
            return None
        values = {"holder": holder, "elected_at": now, "seen_at": now, "held_until": now + lease}
        if row is None:
            first = {"name": LED, "epoch": 1, **values}
            return 1 if await add_new(self._connection, leadership, first) else None
        epoch: int = row.epoch + 1
        await self._connection.execute(update(leadership).where(_ROW).values(epoch=epoch, **values))
        return epoch

    async def extend_lease(self, epoch: int, holder: str, lease: timedelta) -> bool:
        """Let the lease begin anew; say if nobody else has been elected since."""
        await begin_writing(self._connection)
        now = await database_now(self._connection)
        result = await self._connection.execute(
            update(leadership)
            .where(_ROW, leadership.c.epoch == epoch, leadership.c.holder == holder)
            .values(seen_at=now, held_until=now + lease)
        )
        return result.rowcount == 1

    async def end_lease(self, epoch: int, holder: str) -> None:
        """Let the lease end now, if it is this holder's."""
        await self._connection.execute(
            update(leadership)
            .where(_ROW, leadership.c.epoch == epoch, leadership.c.holder == holder)
            .values(held_until=DatabaseTime())
        )
