"""The prices that open pages watch."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from oracle.domain.errors import FeedUnavailable
from oracle.services.read_live_prices import read_live_prices, refresh_live_prices
from tests.unit.services.scripted_market import CALENDAR

if TYPE_CHECKING:
    from tests.unit.services.scripted_market import ScriptedMarket

WATCHED = ("AAPL", "MSFT", "KO")
NOON = datetime(2023, 6, 15, 16, 0, tzinfo=UTC)


@pytest.fixture
async def watched(market: ScriptedMarket) -> ScriptedMarket:
    """Return the market at noon, with three prices that came one minute after the other."""
    for symbol in reversed(WATCHED):
        await market.deps.market.get_quote(symbol)
        market.advance(minutes=1)
    market.clock.moment = NOON
    market.feed.asked.clear()
    return market


async def test_what_is_known_is_told_without_the_feed(watched: ScriptedMarket) -> None:
    """Known prices come from memory, in a new process from the database; others are left out."""
    for process in (watched, watched.restart()):
        live = await read_live_prices(process.deps, [*WATCHED, "JPM"])
        assert set(live.quotes) == set(WATCHED)
        assert live.status.target_is_running
    assert watched.feed.asked == []


async def test_yesterdays_price_is_none_of_today(watched: ScriptedMarket) -> None:
    """At noon a price of the last close is stale, and not shown as what the stock costs now."""
    live = await read_live_prices(watched.deps, WATCHED)
    assert live.stale == set(WATCHED)
    assert live.traded == frozenset()
    assert CALENDAR.session_close(date(2023, 6, 14)) == live.quotes["KO"].as_of


async def test_one_price_is_asked_for_at_a_time_the_oldest_first(watched: ScriptedMarket) -> None:
    """Each call costs one question at most, and none while every price is fresh."""
    for _ in range(5):
        await refresh_live_prices(watched.deps, WATCHED)
    assert watched.feed.asked == ["quote:KO", "quote:MSFT", "quote:AAPL"]
    watched.advance(minutes=2)
    await refresh_live_prices(watched.deps, WATCHED)
    assert len(watched.feed.asked) == 4


async def test_a_price_from_ahead_of_the_clock_is_asked_for_anew(watched: ScriptedMarket) -> None:
    """A process whose clock was put back does not wait until it has caught up."""
    for _ in WATCHED:
        await refresh_live_prices(watched.deps, WATCHED)
    watched.feed.asked.clear()
    watched.advance(minutes=-10)
    await refresh_live_prices(watched.restart().deps, ["AAPL"])
    assert watched.feed.asked == ["quote:AAPL"]


async def test_a_price_that_fails_holds_up_no_other(watched: ScriptedMarket) -> None:
    """After a failure the next question is for the next symbol."""
    watched.feed.failures["KO"] = FeedUnavailable("down")
    with pytest.raises(FeedUnavailable):
        await refresh_live_prices(watched.deps, WATCHED)
    await refresh_live_prices(watched.deps, WATCHED)
    assert watched.feed.asked == ["quote:KO", "quote:MSFT"]


async def test_what_another_instance_asked_is_not_asked_again(watched: ScriptedMarket) -> None:
    """Two processes that watch the same stock cost the feed one question."""
    other = watched.restart()
    await read_live_prices(other.deps, ["KO"])
    await refresh_live_prices(watched.deps, ["KO"])
    await refresh_live_prices(other.deps, ["KO"])
    assert watched.feed.asked == ["quote:KO"]
