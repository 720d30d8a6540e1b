"""The provider's rate as one row: the first moment that nobody has reserved (GCRA)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select, update

from oracle.adapters.sql.database_clock import database_now
from oracle.adapters.sql.digest_tables import sending_pace
from oracle.adapters.sql.sqlite import begin_writing
from oracle.adapters.sql.upsert import add_missing

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection


class SqlSendingPace:
    """The table `sending_pace`. The row stays locked until the unit ends, so make that soon."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def reserve(self, name: str, count: int, *, interval: float) -> float:
        """Reserve `count` moments that are `interval` seconds apart and nobody else's.

        Returns in how many seconds the first one is (by the database's clock), 0 if it is now.
        """
        free_at, now = await self._lock(name)
        first = max(free_at, now)
        await self._set(name, first + count * interval)
        return first - now

    async def slow_down(self, name: str, seconds: float) -> None:
        """Let no moment that is still to be reserved come within the next `seconds`."""
        free_at, now = await self._lock(name)
        await self._set(name, max(free_at, now + seconds))

    async def _lock(self, name: str) -> tuple[float, float]:
        """Return the first free moment and the present one, in seconds since 1970."""
        await begin_writing(self._connection)
        row = select(sending_pace.c.free_at).where(sending_pace.c.name == name).with_for_update()
        free_at: float | None = await self._connection.scalar(row)
        if free_at is None:
            first = {"name": name, "free_at": 0.0}
            await add_missing(self._connection, sending_pace, [first], key=("name",))
            free_at = (await self._connection.execute(row)).scalar_one()
        # Asked once the row is ours: the wait for it must not count as time that is still to come.
        now = await database_now(self._connection)
        return free_at, now.timestamp()

    async def _set(self, name: str, free_at: float) -> None:
        await self._connection.execute(
            update(sending_pace).where(sending_pace.c.name == name).values(free_at=free_at)
        )
