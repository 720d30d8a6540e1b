"""A visitor's time ends with the database's silence, not because this process was held up."""

from __future__ import annotations

import asyncio
import time

import pytest

from oracle.adapters.sql import patience
from oracle.adapters.sql.patience import Patience
from oracle.ports.waiting import waited_for

DEADLINE = 5.0


@pytest.fixture(autouse=True)
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have visitors wait a tenth of a second."""
    monkeypatch.setattr(patience, "VISITOR_SECONDS", 0.1)
    monkeypatch.setattr(patience, "LOOK_AGAIN_SECONDS", 0.02)


async def answer_later(seconds: float) -> None:
    """Return after that time, of which a thread sleeps, as a database would."""
    await asyncio.to_thread(time.sleep, seconds)


async def be_silent(limit: Patience) -> None:
    """Ask what is never answered."""
    async with limit:
        limit.note_asked()
        await asyncio.Event().wait()


async def answer_often(limit: Patience) -> None:
    """Ask without end what is answered each time."""
    async with limit:
        while True:
            with limit.asking():
                await asyncio.sleep(0.05)


async def test_silence_ends_a_visitors_time() -> None:
    """The wait ends a little after the visitor's time, and long before the deadline."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    with waited_for():
        limit = Patience(DEADLINE)
    with pytest.raises(TimeoutError):
        await be_silent(limit)
    assert limit.is_over
    assert 0.1 <= loop.time() - started < DEADLINE / 2
    assert limit.seconds == 0.1


async def test_an_answer_that_was_not_read_in_time_counts() -> None:
    """Where the process stood still for longer than a visitor waits, the answer is read first."""
    with waited_for():
        async with Patience(DEADLINE) as limit:
            for _ in range(3):
                with limit.asking():
                    answer = asyncio.create_task(answer_later(0.01))
                    await asyncio.sleep(0)
                    time.sleep(0.3)  # noqa: ASYNC251 - the whole process is held up
                    await answer
    assert not limit.is_over


async def test_an_answer_gives_back_the_time_it_took() -> None:
    """Answers that each come in time may take longer than a visitor waits together."""
    with waited_for():
        async with Patience(DEADLINE) as limit:
            for _ in range(4):
                with limit.asking():
                    await asyncio.sleep(0.05)
    assert not limit.is_over


async def test_scheduled_work_has_all_of_the_deadline() -> None:
    """Without a visitor silence may last as long as the deadline, which says so."""
    async with Patience(DEADLINE) as limit:
        await asyncio.sleep(0.3)
    assert not limit.is_over
    limit = Patience(0.05)
    with pytest.raises(TimeoutError):
        await be_silent(limit)
    assert limit.is_over
    assert limit.seconds == 0.05


async def test_the_deadline_ends_a_visitors_time_as_well() -> None:
    """However often there was an answer, nothing takes longer than the deadline."""
    with waited_for():
        limit = Patience(0.3)
    with pytest.raises(TimeoutError):
        await answer_often(limit)
    assert limit.is_over
    assert limit.seconds == 0.3
