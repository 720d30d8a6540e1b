"""Prices from memory, the database and the feed, in that order."""

from __future__ import annotations

from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest

from oracle.domain.errors import FeedUnavailable
from oracle.domain.prices import Split
from oracle.ports import StoredHistory
from oracle.services.list_known_histories import list_known_histories
from oracle.services.market_data import PARALLEL_UNITS, MarketData
from oracle.settings import DEFAULT_POOL
from tests.unit.services.scripted_market import CALENDAR, build_market

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from oracle.adapters.sql.store import SqlStore, SqlUnitOfWork
    from oracle.ports import Store
    from tests.unit.services.scripted_market import ScriptedMarket

WEDNESDAY = date(2023, 6, 14)


async def settle(market: ScriptedMarket) -> None:
    """Wait for the requests that went on in the background."""
    await market.deps.market.finish_background()


async def test_memory_answers_before_the_database_and_the_feed(market: ScriptedMarket) -> None:
    """A history that is there is asked for once, however often it is read."""
    for _ in range(3):
        await market.deps.market.list_histories(["AAPL"], through=WEDNESDAY)
    assert market.feed.asked == ["AAPL"]


async def test_database_answers_a_new_process(market: ScriptedMarket) -> None:
    """A process that starts anew reads what another has stored and leaves the feed alone."""
    first = (await market.deps.market.list_histories(["AAPL"], through=WEDNESDAY))["AAPL"]
    again = (await market.restart().deps.market.list_histories(["AAPL"], through=WEDNESDAY))["AAPL"]
    assert isinstance(first, StoredHistory)
    assert isinstance(again, StoredHistory)
    assert again.history.close.tolist() == first.history.close.tolist()
    assert market.feed.asked == ["AAPL"]


async def test_the_feed_is_not_asked_for_a_close_that_has_not_settled(
    market: ScriptedMarket,
) -> None:
    """However often it is wanted: once for the closes before it, and again when it has settled."""
    thursday = date(2023, 6, 15)
    market.clock.moment = CALENDAR.session_close(thursday) + timedelta(minutes=5)
    for _ in range(5):
        answer = (await market.deps.market.list_histories(["AAPL"], through=thursday))["AAPL"]
        assert isinstance(answer, StoredHistory)
        assert answer.history.last_session == WEDNESDAY
    assert market.feed.asked == ["AAPL"]
    market.advance(minutes=10)
    answer = (await market.deps.market.list_histories(["AAPL"], through=thursday))["AAPL"]
    assert isinstance(answer, StoredHistory)
    assert answer.history.last_session == thursday
    assert market.feed.asked == ["AAPL", "AAPL"]


async def test_what_is_known_is_given_without_the_feed(market: ScriptedMarket) -> None:
    """Memory and database answer for those symbols that they hold, and the feed is left alone."""
    await market.deps.market.list_histories(["AAPL"], through=WEDNESDAY)
    for process in (market, market.restart()):
        known = await list_known_histories(process.deps, ["AAPL", "MSFT"])
        assert list(known) == ["AAPL"]
        assert known["AAPL"].last_session == WEDNESDAY
    assert market.feed.asked == ["AAPL"]


class CountingStore:
    """The store of a market, told of as many units as are wanted at the same time."""

    def __init__(self, store: SqlStore) -> None:
        self._store = store
        self._open = 0
        self.most = 0

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[SqlUnitOfWork]:
        """Open a transaction, counted from when it is asked for."""
        self._open += 1
        self.most = max(self.most, self._open)
        try:
            async with self._store.begin() as unit:
                yield unit
        finally:
            self._open -= 1


async def test_a_new_pool_leaves_connections_to_others(market: ScriptedMarket) -> None:
    """Twenty histories that are all missing do not ask for a connection each at the same time."""
    store = CountingStore(market.store)
    prices = MarketData(
        clock=market.clock, calendar=CALENDAR, feed=market.feed, store=cast("Store", store)
    )
    answers = await prices.list_histories(DEFAULT_POOL, through=WEDNESDAY)
    assert all(isinstance(answer, StoredHistory) for answer in answers.values())
    assert len(answers) == 20
    assert store.most <= PARALLEL_UNITS


async def test_failed_symbol_is_left_alone_for_a_while(market: ScriptedMarket) -> None:
    """After a failure the next visitors do not wait for the feed; later it is asked again."""
    market.feed.failures["AAPL"] = FeedUnavailable("down")
    for _ in range(3):
        answers = await market.deps.market.list_histories(["AAPL"], through=WEDNESDAY)
        assert isinstance(answers["AAPL"], FeedUnavailable)
    assert market.feed.asked == ["AAPL"]
    impatient = build_market(market.clock, market.feed, market.store, retry_seconds=0.0)
    for _ in range(3):
        await impatient.deps.market.list_histories(["AAPL"], through=WEDNESDAY)
    assert market.feed.asked == ["AAPL"] * 4


async def test_recent_bars_are_fetched_again_and_healed(market: ScriptedMarket) -> None:
    """Hours after the close the bars are asked for once more, and a corrected one is taken over."""
    before = (await market.deps.market.list_histories(["AAPL"], through=WEDNESDAY))["AAPL"]
    market.feed.factor = 1.01
    market.advance(hours=2)
    stale = (await market.deps.market.list_histories(["AAPL"], through=WEDNESDAY))["AAPL"]
    await settle(market)
    healed = (await market.deps.market.list_histories(["AAPL"], through=WEDNESDAY))["AAPL"]
    assert isinstance(before, StoredHistory)
    assert isinstance(stale, StoredHistory)
    assert isinstance(healed, StoredHistory)
    assert stale.history.close[-1] == before.history.close[-1]
    assert healed.history.close[-1] == pytest.approx(1.01 * before.history.close[-1])
    await market.deps.market.list_histories(["AAPL"], through=WEDNESDAY)
    await settle(market)
    assert market.feed.asked == ["AAPL", "AAPL"]


async def test_impossible_close_is_withheld(market: ScriptedMarket) -> None:
    """A hundredfold last close is not stored; the session counts as not delivered yet."""
    await market.deps.market.list_histories(["AAPL"], through=WEDNESDAY)
    market.clock.moment = datetime(2023, 6, 15, 22, 0, tzinfo=UTC)
    market.feed.spoiled = 100.0
    answer = (await market.deps.market.list_histories(["AAPL"], through=date(2023, 6, 15)))["AAPL"]
    assert isinstance(answer, StoredHistory)
    assert answer.history.last_session == WEDNESDAY
    quote = await market.deps.market.get_quote("AAPL")
    assert quote.as_of == CALENDAR.session_close(WEDNESDAY)


async def test_wild_price_is_not_shown(market: ScriptedMarket) -> None:
    """A latest price far off the last close is refused, and the one before stays."""
    await market.deps.market.list_histories(["AAPL"], through=WEDNESDAY)
    good = await market.deps.market.get_quote("AAPL")
    market.clock.moment = datetime(2023, 6, 15, 15, 0, tzinfo=UTC)
    market.feed.spoiled = 100.0
    assert await market.deps.market.get_quote("AAPL") == good
    await settle(market)
    assert await market.deps.market.get_quote("AAPL") == good


async def test_unknown_price_with_the_feed_down_is_its_error(market: ScriptedMarket) -> None:
    """Where no price was ever known the feed's own error is raised, not a number."""
    market.feed.outage = FeedUnavailable("down")
    for _ in range(2):
        with pytest.raises(FeedUnavailable):
            await market.deps.market.get_quote("AAPL")
    assert market.feed.asked == ["quote:AAPL"]


async def test_split_moves_rows_the_feed_no_longer_delivers(market: ScriptedMarket) -> None:
    """After a split the older stored rows are on the new scale, in memory and in the database."""
    await market.deps.market.list_histories(["AAPL"], through=WEDNESDAY)
    market.feed.factor = 0.25
    market.feed.splits["AAPL"] = (Split(date(2023, 6, 15), 4.0),)
    market.feed.lengths["AAPL"] = 300
    market.clock.moment = datetime(2023, 6, 15, 22, 0, tzinfo=UTC)
    through = date(2023, 6, 15)
    for process in (market, market.restart()):
        answer = (await process.deps.market.list_histories(["AAPL"], through=through))["AAPL"]
        assert isinstance(answer, StoredHistory)
        assert len(answer.history) > 1_000
        steps = np.abs(np.diff(np.log(answer.history.close)))
        assert steps.max() < 0.2


async def test_price_another_instance_has_just_asked_for_is_shared(market: ScriptedMarket) -> None:
    """Two instances that want the same fresh price cost the feed one request."""
    await market.deps.market.list_histories(["AAPL"], through=WEDNESDAY)
    other = market.restart()
    await other.deps.market.get_quote("AAPL")
    market.clock.moment = datetime(2023, 6, 15, 15, 0, tzinfo=UTC)
    market.feed.asked.clear()
    for process in (market, other):
        await process.deps.market.get_quote("AAPL")
        await settle(process)
    assert market.feed.asked == ["quote:AAPL"]
