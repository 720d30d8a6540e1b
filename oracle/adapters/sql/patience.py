"""How long a unit may wait for the database, and how much shorter where a visitor waits for it."""

from __future__ import annotations

import asyncio
import math
from contextlib import contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, Final, Self

from sqlalchemy import event

from oracle.ports.waiting import is_waited_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from types import TracebackType

    from sqlalchemy import Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

VISITOR_SECONDS: Final = 1.5
"""What the database may leave a visitor without an answer: who is refused knows within two."""

LOOK_AGAIN_SECONDS: Final = 0.05
"""How much later a visitor's time ends: an answer may lie there that this process, held up by
other work, has not come to read."""

POOL_TIMEOUT: Final = 1.4
"""Seconds that a unit waits for a free connection: less, so that a visitor is told why."""

_OPTION: Final = "oracle_patience"


class Patience:
    """A unit's time, to be entered around it: it ends at the deadline at the latest.

    A visitor's ends sooner, once the database has left it VISITOR_SECONDS without an answer. The
    time that an answered question took is given back, and a new connection, which is many
    exchanges, has all of the deadline: a slow line is served, and what is refused is what stands
    still, for want of a free connection or before locked rows.
    """

    def __init__(self, deadline: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._now = self._loop.time
        self._deadline = deadline
        self._seconds = patience_of(deadline)
        self._is_short = self._seconds < deadline
        self._end = self._now() + deadline
        self._ends_at = self._now() + self._seconds
        self._asked_at = self._would_end_at = 0.0
        self._limit = asyncio.timeout_at(self._end)
        self._timer: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> Self:
        """Begin the unit's time."""
        await self._limit.__aenter__()
        self._end_at(self._ends_at)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End it. Raises TimeoutError for what was cancelled since the time was over."""
        if self._timer is not None:
            self._timer.cancel()
        await self._limit.__aexit__(kind, error, trace)

    @property
    def is_over(self) -> bool:
        """Whether the time has ended before the unit."""
        return self._limit.expired()

    @property
    def seconds(self) -> float:
        """How long was waited for an answer, or for all of them, once the time is over."""
        return self._deadline if self._now() >= self._end else self._seconds

    @contextmanager
    def connecting(self) -> Iterator[None]:
        """Take note of what it takes within to have a connection that is alive."""
        before = _CONNECTING.set(self if self._is_short else None)
        try:
            yield
        finally:
            _CONNECTING.reset(before)

    def watch(self, connection: AsyncConnection) -> None:
        """Take note from now on of what is answered on this connection."""
        if self._is_short and connection.sync_connection is not None:
            connection.sync_connection.execution_options(**{_OPTION: self})

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Give back the time that passes within, if there is an answer at its end."""
        self.note_asked()
        yield
        self.note_answered()

    def note_asked(self) -> None:
        """Take note that the database is asked something."""
        self._asked_at = self._now()
        self._would_end_at = self._ends_at

    def note_answered(self) -> None:
        """Give back what it took, for there was an answer."""
        self._end_at(self._would_end_at + self._now() - self._asked_at)

    def note_connecting(self) -> None:
        """Leave the opening of a connection to the deadline."""
        self.note_asked()
        self._end_at(self._end)

    def _end_at(self, when: float) -> None:
        if not self._is_short or self.is_over:
            return
        self._ends_at = min(self._end, when)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._ends_at, self._look_again)
        if self._limit.when() != self._end:
            # It has run out in this very moment, and here is the answer.
            self._limit.reschedule(self._end)

    def _look_again(self) -> None:
        self._timer = self._loop.call_later(LOOK_AGAIN_SECONDS, self._run_out)

    def _run_out(self) -> None:
        self._limit.reschedule(self._now())


_CONNECTING: ContextVar[Patience | None] = ContextVar("connecting", default=None)


def patience_of(deadline: float) -> float:
    """Return what a unit that begins here may wait for an answer, in seconds."""
    return min(deadline, VISITOR_SECONDS) if is_waited_for() else deadline


def asking() -> AbstractContextManager[None]:
    """As `Patience.asking`, of the unit for which a connection is looked at here."""
    patience = _CONNECTING.get()
    return nullcontext() if patience is None else patience.asking()


def asking_on(connection: Connection) -> AbstractContextManager[None]:
    """As `Patience.asking`, of the unit that has this connection."""
    patience = _patience_with(connection)
    return nullcontext() if patience is None else patience.asking()


def end_of_lock_waits(seconds: float) -> int:
    """Return after how many whole seconds a server is to give up waiting for a unit's locks.

    It must give up when we do: it would go on waiting, and holding what it has, for a client that
    has long left.
    """
    return max(1, math.ceil(seconds))


def watch_answers(engine: AsyncEngine) -> None:
    """Have the engine tell each visitor's patience of new connections and statements."""
    event.listen(engine.sync_engine, "do_connect", _connecting)
    event.listen(engine.sync_engine, "connect", _connected)
    event.listen(engine.sync_engine, "before_cursor_execute", _asked)
    event.listen(engine.sync_engine, "after_cursor_execute", _answered)


def _connecting(*_: Any) -> None:
    patience = _CONNECTING.get()
    if patience is not None:
        patience.note_connecting()


def _connected(*_: Any) -> None:
    patience = _CONNECTING.get()
    if patience is not None:
        patience.note_answered()


def _asked(connection: Connection, *_: Any) -> None:
    patience = _patience_with(connection)
    if patience is not None:
        patience.note_asked()


def _answered(connection: Connection, *_: Any) -> None:
    patience = _patience_with(connection)
    if patience is not None:
        patience.note_answered()


def _patience_with(connection: Connection) -> Patience | None:
    patience: Patience | None = connection.get_execution_options().get(_OPTION)
    return patience
