"""Work that is shared, and work that goes on by itself."""

from __future__ import annotations

import asyncio

import pytest

from oracle.domain.errors import FeedUnavailable
from oracle.ports.waiting import is_waited_for, waited_for
from oracle.services.background import SingleFlight


async def test_one_who_leaves_does_not_stop_the_work() -> None:
    """A visitor who gives up leaves the others their result."""
    flight: SingleFlight[str, int] = SingleFlight("test")
    gate = asyncio.Event()

    async def work() -> int:
        await gate.wait()
        return 7

    leaver = asyncio.create_task(flight.run("key", work))
    stayer = asyncio.create_task(flight.run("key", work))
    await asyncio.sleep(0)
    leaver.cancel()
    gate.set()
    assert await stayer == 7
    with pytest.raises(asyncio.CancelledError):
        await leaver


async def test_everybody_gets_the_error_and_the_next_call_tries_again() -> None:
    """A failure reaches all who waited, and is not kept for those who come later."""
    flight: SingleFlight[str, int] = SingleFlight("test")
    failing = True

    async def work() -> int:
        await asyncio.sleep(0)
        if failing:
            raise FeedUnavailable("down")
        return 3

    answers = await asyncio.gather(
        flight.run("key", work), flight.run("key", work), return_exceptions=True
    )
    assert all(isinstance(answer, FeedUnavailable) for answer in answers)
    failing = False
    assert await flight.run("key", work) == 3


async def test_closing_cancels_what_runs() -> None:
    """After closing nothing is left running."""
    flight: SingleFlight[str, None] = SingleFlight("test")
    ended = asyncio.Event()

    async def work() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    flight.start("key", work)
    await asyncio.sleep(0)
    await flight.aclose()
    assert ended.is_set()


@pytest.mark.parametrize(
    ("of_the_answer", "by_visitor", "is_waited"),
    [(False, True, False), (True, True, True), (True, False, False)],
)
async def test_work_that_goes_on_after_the_answer_is_not_waited_for(
    *, of_the_answer: bool, by_visitor: bool, is_waited: bool
) -> None:
    """It takes its time with the database; work that is the answer is in a hurry for visitors."""
    flight: SingleFlight[str, bool] = SingleFlight("test", is_waited_for=of_the_answer)

    async def work() -> bool:
        return is_waited_for()

    with waited_for(by_visitor=by_visitor):
        assert await flight.run("key", work) is is_waited
        assert is_waited_for() is by_visitor
