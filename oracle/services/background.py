"""Work that goes on after the answer was given, and work that is shared by those who wait."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Generic, TypeVar

from oracle.domain.errors import OracleError
from oracle.observability.logs import get_logger
from oracle.ports.waiting import is_waited_for, waited_for

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Hashable

Key = TypeVar("Key", bound="Hashable")
Result = TypeVar("Result")

_log = get_logger(__name__)


class SingleFlight(Generic[Key, Result]):
    """Runs at most one piece of work per key at a time; everybody who asks gets its result.

    The work is a task of its own: that one who waits goes away does not stop it for the others.
    It goes on when they are answered, and so takes its time with the database, unless it
    `is_waited_for` as whoever starts it is.
    """

    def __init__(self, name: str, *, is_waited_for: bool = False) -> None:
        self._name = name
        self._is_waited_for = is_waited_for
        self._tasks: dict[Key, asyncio.Task[Result]] = {}

    async def run(self, key: Key, work: Callable[[], Coroutine[None, None, Result]]) -> Result:
        """Return the result of the key's running work, started now if none is running."""
        return await asyncio.shield(self._task(key, work))

    def start(self, key: Key, work: Callable[[], Coroutine[None, None, Result]]) -> None:
        """Start the work without waiting, unless the key's work is running already."""
        self._task(key, work)

    async def finish(self) -> None:
        """Wait until what is running has ended, well or not."""
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    async def finish_within(self, seconds: float) -> None:
        """Wait that long for what is running, and cancel what has not ended by then."""
        tasks = list(self._tasks.values())
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)
        await self.aclose()

    async def aclose(self) -> None:
        """Cancel what is running and wait until it has ended."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _task(
        self, key: Key, work: Callable[[], Coroutine[None, None, Result]]
    ) -> asyncio.Task[Result]:
        running = self._tasks.get(key)
        if running is not None and not running.done():
            return running
        with waited_for(by_visitor=self._is_waited_for and is_waited_for()):
            task = asyncio.create_task(work(), name=f"{self._name}:{key}")
        self._tasks[key] = task
        task.add_done_callback(lambda done: self._finish(key, done))
        return task

    def _finish(self, key: Key, done: asyncio.Task[Result]) -> None:
        if self._tasks.get(key) is done:
            del self._tasks[key]
        if done.cancelled():
            return
        # Asking for the exception marks it as seen; whoever waits gets it as well.
        error = done.exception()
        if error is not None and not isinstance(error, OracleError):
            _log.error("background_work_failed", work=done.get_name(), exc_info=error)
