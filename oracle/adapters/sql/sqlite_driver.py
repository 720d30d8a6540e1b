"""The driver's connections to SQLite: a file's works in a thread, one in memory needs none.

Either ends properly however often its closing is cancelled.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

from aiosqlite import Connection

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Generator

    Call = tuple[asyncio.Future[Any] | None, Callable[[], Any]]

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


class ThreadlessConnection(SteadyConnection):
    """A connection to a database in memory, which has no disk to wait for.

    Its statements take turns with the other tasks of the event loop, as they would with a thread,
    without being carried to one and back, which takes longer than nearly every statement.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        super().__init__(connector, _ROWS_AT_ONCE)
        self._tx: Any = _InTurn()

    def __await__(self) -> Generator[Any, None, Connection]:
        """Open the connection."""
        return self._connect().__await__()


class _InTurn:
    """The driver's queue of calls, each made when the event loop comes to it."""

    def put_nowait(self, call: Call) -> None:
        """Take the call in; without a loop nobody waits for it, and it is made now."""
        future, function = call
        if future is None or not future.get_loop().is_running():
            function()
        else:
            future.get_loop().call_soon(_make, future, function)


def _make(future: asyncio.Future[Any], function: Callable[[], Any]) -> None:
    try:
        result = function()
    except Exception as error:  # noqa: BLE001 - whatever it is, it belongs to who waits
        if not future.done():
            future.set_exception(error)
    else:
        if not future.done():
            future.set_result(result)


def connect_in_memory(database: str, **options: Any) -> ThreadlessConnection:
    """Return the connection, to be awaited; it may be used by one event loop after another."""
    options["check_same_thread"] = False
    return ThreadlessConnection(lambda: sqlite3.connect(database, **options))


def connect(database: str, **options: Any) -> SteadyConnection:
    """Return the connection, to be awaited, as the driver's own function of that name does."""
    connection = SteadyConnection(lambda: sqlite3.connect(database, **options), _ROWS_AT_ONCE)
    # A process that ends must not wait for a statement that still runs.
    connection._thread.daemon = True  # noqa: SLF001 - the driver's own dialect sets it so as well
    return connection
