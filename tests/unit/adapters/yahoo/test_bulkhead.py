"""The pool of threads around the blocking client."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.yahoo.bulkhead import (
    STUCK_AFTER_SECONDS,
    WAITING_PER_THREAD,
    Bulkhead,
    BulkheadFull,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """What blocked calls wait for; set at the end, so that no thread outlives its test."""
    event = threading.Event()
    yield event
    event.set()


async def test_results_and_errors_come_back() -> None:
    """A call returns what the work returns and raises what it raises."""
    bulkhead = Bulkhead(2, "test")

    def fail(_until: float) -> None:
        raise LookupError("gone")

    assert await bulkhead.run(lambda _until: 42, 5.0) == 42
    with pytest.raises(LookupError, match="gone"):
        await bulkhead.run(fail, 5.0)
    bulkhead.close()


async def test_work_is_told_its_deadline() -> None:
    """The work gets the monotonic instant until which it is waited for."""
    bulkhead = Bulkhead(1, "test")
    started = time.monotonic()
    until = await bulkhead.run(lambda until: until, 5.0)
    assert started + 5.0 <= until <= time.monotonic() + 5.0
    bulkhead.close()


async def test_no_more_threads_than_allowed() -> None:
    """However many calls come at once, only so many run at a time."""
    bulkhead = Bulkhead(3, "test")
    lock = threading.Lock()
    running, most = 0, 0

    def work(_until: float) -> str:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1
        return threading.current_thread().name

    names = await asyncio.gather(*(bulkhead.run(work, 5.0) for _ in range(20)))
    assert most <= 3
    assert set(names) <= {"test-1", "test-2", "test-3"}
    bulkhead.close()


async def test_threads_are_daemons() -> None:
    """No thread of the pool can hold up the end of the process."""
    bulkhead = Bulkhead(1, "test")
    assert await bulkhead.run(lambda _until: threading.current_thread().daemon, 5.0)
    bulkhead.close()


async def test_the_deadline_includes_the_wait_for_a_thread(release: threading.Event) -> None:
    """A call that never gets a thread is answered in time, and is then never run."""
    bulkhead = Bulkhead(1, "test")
    ran = threading.Event()
    blocked = asyncio.create_task(bulkhead.run(lambda _until: release.wait(20.0), 20.0))
    await asyncio.sleep(0)
    started = time.monotonic()
    with pytest.raises(TimeoutError):
        await bulkhead.run(lambda _until: ran.set(), 0.1)
    assert time.monotonic() - started < 1.0
    release.set()
    assert await blocked
    assert await bulkhead.run(lambda _until: "next", 5.0) == "next"
    assert not ran.is_set()
    bulkhead.close()


async def test_a_full_bulkhead_refuses_at_once(release: threading.Event) -> None:
    """Beyond the places to wait a call is turned away instead of queueing for ever."""
    bulkhead = Bulkhead(1, "test")
    places = 1 + WAITING_PER_THREAD
    calls = [
        asyncio.create_task(bulkhead.run(lambda _until: release.wait(20.0), 20.0))
        for _ in range(places)
    ]
    await asyncio.sleep(0)
    with pytest.raises(BulkheadFull):
        await bulkhead.run(lambda _until: None, 20.0)
    release.set()
    assert all(await asyncio.gather(*calls))
    assert await bulkhead.run(lambda _until: "free", 5.0) == "free"
    bulkhead.close()


async def test_hung_threads_refuse_at_once(release: threading.Event) -> None:
    """When every thread hangs past its deadline nobody waits for one; released, they end."""
    bulkhead = Bulkhead(2, "hung")
    outcomes = await asyncio.gather(
        *(bulkhead.run(lambda _until: release.wait(20.0), 0.05) for _ in range(2)),
        return_exceptions=True,
    )
    assert all(isinstance(outcome, TimeoutError) for outcome in outcomes)
    await asyncio.sleep(STUCK_AFTER_SECONDS)
    assert bulkhead.stuck == 2
    started = time.monotonic()
    with pytest.raises(BulkheadFull):
        await bulkhead.run(lambda _until: None, 20.0)
    assert time.monotonic() - started < 1.0
    bulkhead.close()
    release.set()
    for thread in [one for one in threading.enumerate() if one.name.startswith("hung-")]:
        thread.join(5.0)
        assert not thread.is_alive()
    assert bulkhead.stuck == 0


async def test_a_cancelled_call_gives_its_place_back() -> None:
    """A caller that leaves while waiting takes its work with it."""
    bulkhead = Bulkhead(1, "test")
    gate = threading.Event()
    ran = threading.Event()
    first = asyncio.create_task(bulkhead.run(lambda _until: gate.wait(5.0), 5.0))
    await asyncio.sleep(0)
    second = asyncio.create_task(bulkhead.run(lambda _until: ran.set(), 5.0))
    await asyncio.sleep(0)
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    gate.set()
    assert await first
    assert await bulkhead.run(lambda _until: "next", 5.0) == "next"
    assert not ran.is_set()
    bulkhead.close()


async def test_a_closed_bulkhead_takes_nothing() -> None:
    """After the end no call is taken, and closing again is harmless."""
    bulkhead = Bulkhead(1, "test")
    await bulkhead.run(lambda _until: None, 5.0)
    bulkhead.close()
    bulkhead.close()
    with pytest.raises(BulkheadFull):
        await bulkhead.run(lambda _until: None, 5.0)
