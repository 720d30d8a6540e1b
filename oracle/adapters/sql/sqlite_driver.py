"""The driver's connection to SQLite, which ends properly however often its closing is cancelled."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from aiosqlite import Connection

if TYPE_CHECKING:
    import asyncio

_ROWS_AT_ONCE = 64


class SteadyConnection(Connection):
    """A connection whose thread is told to stop once, by whoever comes first.

    A unit that is cancelled twice (by its deadline, then by a shutdown) asks for it twice. The
    thread answers the first only, so that the second would be waited for without end.
    """

    _stopping: asyncio.Future[Any] | None = None

    def stop(self) -> asyncio.Future[Any] | None:
        """Close the connection and end its thread; return what is done when it is."""
        if self._stopping is None:
            self._stopping = super().stop()
        return self._stopping


def connect(database: str, **options: Any) -> SteadyConnection:
    """Return the connection, to be awaited, as the driver's own function of that name does."""
    connection = SteadyConnection(lambda: sqlite3.connect(database, **options), _ROWS_AT_ONCE)
    # A process that ends must not wait for a statement that still runs.
    connection._thread.daemon = True  # noqa: SLF001 - the driver's own dialect sets it so as well
    return connection
