"""Who leads, when the database answers, hangs, refuses or gives the lock to another."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle.domain.errors import DatabaseUnavailable
from scheduler.election import Election

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

HEARTBEAT, PATIENCE = 0.02, 0.1


@dataclass
class ScriptedLock:
    """A lock that answers as the test says, and notes what was asked."""

    epoch: int | None = 1
    held: bool = True
    outage: bool = False
    hangs: bool = False
    calls: list[str] = field(default_factory=list)

    async def acquire(self) -> int | None:
        """Return the next epoch."""
        await self._answer("acquire")
        return self.epoch

    async def heartbeat(self) -> bool:
        """Return whether the test lets it be held."""
        await self._answer("heartbeat")
        return self.held

    async def release(self) -> None:
        """Note it."""
        self.calls.append("release")

    async def _answer(self, call: str) -> None:
        self.calls.append(call)
        if self.hangs:
            await asyncio.Event().wait()
        if self.outage:
            raise DatabaseUnavailable("down")


class Stopwatch:
    """A clock that a test can put forward."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        """Return the loop's time, and what was added."""
        return asyncio.get_running_loop().time() + self.ahead


@asynccontextmanager
async def standing(election: Election) -> AsyncIterator[None]:
    """Take part in the election for a while."""
    task = asyncio.create_task(election.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds; the test's time limit ends a wait in vain."""
    while not condition():  # noqa: ASYNC110 - the lock is a twin without events
        await asyncio.sleep(0.001)


async def until_epoch(election: Election, epoch: int | None) -> None:
    """Wait until the election says so."""
    await until(lambda: election.epoch == epoch)


async def test_a_leader_keeps_its_epoch_while_heartbeats_are_answered() -> None:
    """It leads from the election on, longer than its patience, and gives the lock up at the end."""
    lock, told = ScriptedLock(), asyncio.Event()
    election = Election(lock, heartbeat=HEARTBEAT, patience=PATIENCE, elected=told.set)
    async with standing(election):
        await told.wait()
        while lock.calls.count("heartbeat") < 2 * PATIENCE / HEARTBEAT:
            await asyncio.sleep(HEARTBEAT)
            assert election.epoch == 1
    assert lock.calls[-1] == "release"
    assert lock.calls.count("acquire") == 1
    assert election.epoch is None


async def test_a_standby_asks_again_until_it_is_elected() -> None:
    """Refused, it neither leads nor shows life, and asks again."""
    lock = ScriptedLock(epoch=None)
    election = Election(lock, heartbeat=HEARTBEAT, patience=PATIENCE)
    async with standing(election):
        await until(lambda: lock.calls.count("acquire") >= 3)
        assert election.epoch is None
        assert "heartbeat" not in lock.calls
        lock.epoch = 7
        await until_epoch(election, 7)


async def test_a_lost_lock_ends_the_lead_at_once() -> None:
    """Told that the lock is another's, it steps down, and later stands again."""
    lock = ScriptedLock()
    election = Election(lock, heartbeat=HEARTBEAT, patience=PATIENCE)
    async with standing(election):
        await until_epoch(election, 1)
        lock.held, lock.epoch = False, None
        await until_epoch(election, None)
        lock.held, lock.epoch = True, 3
        await until_epoch(election, 3)


async def test_a_short_outage_is_survived_and_a_long_one_ends_the_lead() -> None:
    """Heartbeats are tried again while patience lasts; after that it leads no more."""
    lock = ScriptedLock()
    election = Election(lock, heartbeat=HEARTBEAT, patience=PATIENCE)
    async with standing(election):
        await until_epoch(election, 1)
        lock.outage = True
        failing = len(lock.calls)
        await until(lambda: len(lock.calls) >= failing + 2)
        lock.outage = False
        beats = lock.calls.count("heartbeat")
        await until(lambda: lock.calls.count("heartbeat") >= beats + 2)
        assert election.epoch == 1
        lock.outage = True
        await until_epoch(election, None)


async def test_a_database_that_hangs_does_not_prolong_the_lead() -> None:
    """Over a dead link the wait for an answer ends with the patience, and the lock is let go."""
    lock = ScriptedLock()
    election = Election(lock, heartbeat=HEARTBEAT, patience=PATIENCE)
    async with standing(election):
        await until_epoch(election, 1)
        lock.hangs = True
        await until_epoch(election, None)
        await until(lambda: lock.calls[-1] != "heartbeat")
        assert "release" in lock.calls


async def test_a_process_that_was_stopped_does_not_believe_that_it_leads() -> None:
    """Let go on after longer than its patience it has no epoch before it has asked anybody."""
    lock, stopwatch = ScriptedLock(), Stopwatch()
    election = Election(lock, heartbeat=60.0, patience=90.0, stopwatch=stopwatch)
    async with standing(election):
        await until_epoch(election, 1)
        stopwatch.ahead += 90.0
        assert election.epoch is None


async def test_patience_counts_from_when_the_heartbeat_was_sent() -> None:
    """An answer that took most of the patience to come leaves only the rest of it."""
    lock, stopwatch = ScriptedLock(), Stopwatch()
    election = Election(lock, heartbeat=60.0, patience=90.0, stopwatch=stopwatch)

    async def slow_acquire() -> int:
        stopwatch.ahead += 80.0
        return 5

    lock.acquire = slow_acquire  # type: ignore[method-assign]
    async with standing(election):
        await until_epoch(election, 5)
        stopwatch.ahead += 10.0
        assert election.epoch is None


async def test_a_draining_process_gives_the_lead_up_while_it_still_serves() -> None:
    """Asked to stop it releases the lock at once and does not stand again."""
    lock, may_lead = ScriptedLock(), asyncio.Event()
    may_lead.set()
    election = Election(lock, heartbeat=60.0, patience=90.0, may_lead=may_lead.is_set)
    async with standing(election):
        await until_epoch(election, 1)
        may_lead.clear()
        await until(lambda: lock.calls[-1] == "release")
        assert election.epoch is None
        assert lock.calls.count("acquire") == 1
