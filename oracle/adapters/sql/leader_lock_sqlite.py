"""Election by a lease in the database itself, for those who share a SQLite file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from datetime import timedelta

    from oracle.adapters.sql.store import SqlStore


class SqliteLeaderLock:
    """Leads from heartbeat to heartbeat, until none came for the length of the lease."""

    def __init__(self, store: SqlStore, *, holder: str, lease: timedelta) -> None:
        self._store = store
        self._holder = holder
        self._lease = lease
        self._epoch: int | None = None

    async def acquire(self) -> int | None:
        """Return the new epoch, or None while another leads. Raises DatabaseUnavailable."""
        async with self._store.begin() as unit:
            epoch = await unit.epochs.take_lease(self._holder, self._lease)
        self._epoch = epoch
        return epoch

    async def heartbeat(self) -> bool:
        """Return whether the lock is still held. Raises DatabaseUnavailable."""
        if self._epoch is None:
            return False
        async with self._store.begin() as unit:
            return await unit.epochs.extend_lease(self._epoch, self._holder, self._lease)

    async def release(self) -> None:
        """Give the lock up; if the file cannot be written to, its lease ends by itself."""
        epoch, self._epoch = self._epoch, None
        if epoch is None:
            return
        try:
            async with self._store.begin() as unit:
                await unit.epochs.end_lease(epoch, self._holder)
        except DatabaseUnavailable:
            return
