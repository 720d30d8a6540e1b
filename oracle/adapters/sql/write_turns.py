"""Whose turn it is to write to a SQLite file: units of one process queue, a visitor's ahead."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Final

from sqlalchemy import event
from sqlalchemy.util import await_only

from oracle.adapters.sql.patience import asking_on
from oracle.ports.waiting import is_waited_for

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry

OPTION: Final = "oracle_write_turns"
_HAS_TURN: Final = "oracle_has_turn"


class WriteTurns:
    """A lock that is handed on in order: first to visitors' units, then to all others.

    SQLite gives its own lock to whoever happens to ask at the right moment, so that a unit could
    ask in vain until its deadline while others come and go.
    """

    def __init__(self) -> None:
        self._is_taken = False
        self._visitors: deque[asyncio.Future[None]] = deque()
        self._others: deque[asyncio.Future[None]] = deque()

    async def take(self) -> None:
        """Return when it is the caller's turn, who gives it back."""
        if not self._is_taken:
            self._is_taken = True
            return
        queue = self._visitors if is_waited_for() else self._others
        turn = asyncio.get_running_loop().create_future()
        queue.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            # A turn that was given up is passed over; one that came all the same goes on.
            if not turn.cancelled():
                self.give_back()
            raise

    def give_back(self) -> None:
        """Hand the turn to who is next, or to nobody."""
        for queue in (self._visitors, self._others):
            while queue:
                turn = queue.popleft()
                if not turn.done():
                    turn.set_result(None)
                    return
        self._is_taken = False


def take_turn(connection: Connection) -> None:
    """Wait until the connection's unit may write; its turn ends when it gives the connection back.

    Call it within a statement's greenlet. What it takes is the time of a visitor's question.
    """
    turns: WriteTurns | None = connection.get_execution_options().get(OPTION)
    notes = connection.connection.record_info
    if turns is None or notes is None:
        return
    with asking_on(connection):
        await_only(turns.take())
    notes[_HAS_TURN] = turns


def end_turns(engine: AsyncEngine) -> None:
    """Have each connection that comes back to the engine's pool, sound or not, end its turn."""
    event.listen(engine.sync_engine, "checkin", _end_turn)


def _end_turn(connection: DBAPIConnection | None, record: ConnectionPoolEntry) -> None:
    del connection
    turns: WriteTurns | None = (record.record_info or {}).pop(_HAS_TURN, None)
    if turns is not None:
        turns.give_back()
