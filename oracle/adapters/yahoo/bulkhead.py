"""A bounded pool of daemon threads for a client that blocks, and sometimes hangs.

The standard executor joins its threads when the interpreter exits, so that one hung request would
hold up a shutdown; and its queue has no bound. Threads live on between calls, because the
client keeps one connection per thread.
"""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

WAITING_PER_THREAD = 8
"""How many calls may wait for each thread before further ones are turned away."""

STUCK_AFTER_SECONDS = 0.5
"""A thread counts as stuck this long after its call's deadline, by which the client should end."""


class BulkheadFull(Exception):
    """There is no thread for the call, nor a place to wait for one."""


@dataclass(slots=True, eq=False)
class _Job:
    """A call: `work` gets the monotonic instant `until` which its caller waits for it."""

    work: Callable[[float], Any]
    until: float
    outcome: Future[Any] = field(default_factory=Future)


class Bulkhead:
    """At most `threads` calls at a time, and a bounded number of waiting ones."""

    def __init__(self, threads: int, name: str) -> None:
        self._threads = threads
        self._name = name
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._inside = 0
        self._running: set[_Job] = set()
        self._started = 0
        self._closed = False

    @property
    def stuck(self) -> int:
        """The number of threads that hang in a call nobody waits for any more."""
        overdue = time.monotonic() - STUCK_AFTER_SECONDS
        with self._lock:
            return sum(job.until <= overdue for job in self._running)

    async def run(self, work: Callable[[float], T], seconds: float) -> T:
        """Return what `work` returns, in at most that many seconds, the wait for a thread included.

        `work` is called in one of the threads with the monotonic instant of its deadline. Raises
        BulkheadFull at once when it cannot be taken, TimeoutError when time is up.
        """
        job = _Job(work, time.monotonic() + seconds)
        self._enter(job)
        async with asyncio.timeout(seconds):
            result: T = await asyncio.wrap_future(job.outcome)
        return result

    def close(self) -> None:
        """Let the idle threads end; busy ones end after their call, and hold up nothing."""
        with self._lock:
            self._closed = True
            for _ in range(self._started):
                self._jobs.put(None)

    def _enter(self, job: _Job) -> None:
        stuck = self.stuck
        with self._lock:
            places = self._threads * (1 + WAITING_PER_THREAD)
            if self._closed or stuck >= self._threads or self._inside >= places:
                raise BulkheadFull
            self._inside += 1
            if self._started < min(self._inside, self._threads):
                self._started += 1
                thread_name = f"{self._name}-{self._started}"
                threading.Thread(target=self._serve, name=thread_name, daemon=True).start()
            self._jobs.put(job)

    def _serve(self) -> None:
        while (job := self._jobs.get()) is not None:
            with self._lock:
                self._running.add(job)
            try:
                self._perform(job)
            finally:
                with self._lock:
                    self._running.discard(job)
                    self._inside -= 1

    @staticmethod
    def _perform(job: _Job) -> None:
        if not job.outcome.set_running_or_notify_cancel():
            return  # Its caller gave up while it waited.
        try:
            result = job.work(job.until)
        except BaseException as error:  # noqa: BLE001 - the caller gets it, whatever it is.
            job.outcome.set_exception(error)
        else:
            job.outcome.set_result(result)
