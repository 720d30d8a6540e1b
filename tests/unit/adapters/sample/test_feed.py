"""The sample market as a price feed: what its clock lets be seen."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pytest

from oracle.adapters.calendar import XnysCalendar
from oracle.adapters.clock import FixedClock
from oracle.adapters.sample import SampleFeed, last_moment
from oracle.adapters.sample.closes import load_closes
from oracle.adapters.sample.feed import COMPANIES
from oracle.domain.errors import FeedUnavailable, SymbolNotInFeed
from oracle.domain.instruments import Source
from oracle.domain.prices import MarketState

CALENDAR = XnysCalendar(end=date(2026, 12, 31))


def feed_at(moment: datetime) -> SampleFeed:
    """Return the sample market with its clock at that moment."""
    return SampleFeed(FixedClock(moment), CALENDAR)


async def test_history_is_the_newest_1300_rows_without_invented_columns() -> None:
    """Closes are the adjusted closes; what the source does not have is missing."""
    fetched = await feed_at(last_moment()).fetch_history("MSFT")
    history = fetched.history
    assert len(history) == 1300
    assert history.last_session == date(2022, 12, 28)
    assert history.close[-1] == 233.434
    assert np.array_equal(history.close, history.adj_close)
    for absent in (history.open, history.high, history.low, history.volume):
        assert np.isnan(absent).all()
    assert fetched.instrument.name == "Microsoft"
    assert fetched.instrument.exchange == "NASDAQ"


async def test_quote_is_the_last_close_at_its_own_time() -> None:
    """The quote's time is that of the close, the time of asking is the clock's."""
    quote = await feed_at(last_moment()).fetch_quote("AAPL")
    assert quote.price == 125.674
    assert quote.as_of == datetime(2022, 12, 28, 21, 0, tzinfo=UTC)
    assert quote.fetched_at == datetime(2022, 12, 28, 21, 30, tzinfo=UTC)
    assert quote.market_state is MarketState.AFTER_HOURS
    assert quote.source is Source.SAMPLE


@pytest.mark.parametrize(
    ("moment", "newest", "state"),
    [
        (datetime(2008, 9, 15, 19, 59, 59, tzinfo=UTC), date(2008, 9, 12), MarketState.OPEN),
        (datetime(2008, 9, 15, 20, 0, tzinfo=UTC), date(2008, 9, 15), MarketState.AFTER_HOURS),
        (datetime(2008, 9, 14, 15, 0, tzinfo=UTC), date(2008, 9, 12), MarketState.CLOSED),
        (datetime(2008, 11, 28, 18, 0, tzinfo=UTC), date(2008, 11, 28), MarketState.AFTER_HOURS),
    ],
)
async def test_only_closed_sessions_are_seen(
    moment: datetime, newest: date, state: MarketState
) -> None:
    """No row of a session is shown before its close: not in the history, not in the quote."""
    feed = feed_at(moment)
    fetched = await feed.fetch_history("JPM")
    row = load_closes().sessions.tolist().index(newest)
    assert fetched.history.last_session == newest
    assert fetched.history.close[-1] == load_closes().closes[row, COLUMN["JPM"]]
    assert fetched.quote == await feed.fetch_quote("JPM")
    assert fetched.quote is not None
    assert fetched.quote.price == fetched.history.close[-1]
    assert fetched.quote.as_of == CALENDAR.session_close(newest) <= moment
    assert fetched.quote.market_state is state


async def test_clock_past_the_end_sees_the_last_close_with_its_age() -> None:
    """Years later nothing newer is made up: the quote keeps the time of the last close."""
    feed = feed_at(datetime(2026, 3, 4, 15, 0, tzinfo=UTC))
    quote = await feed.fetch_quote("KO")
    assert quote.price == 62.609
    assert quote.as_of == datetime(2022, 12, 28, 21, 0, tzinfo=UTC)
    assert quote.market_state is MarketState.OPEN
    assert (await feed.fetch_history("KO")).history.last_session == date(2022, 12, 28)


async def test_first_close_is_seen_from_its_moment_on() -> None:
    """At the first close there is one row; a second earlier the feed says why there is none."""
    first_close = CALENDAR.session_close(date(1990, 1, 2))
    history = (await feed_at(first_close).fetch_history("XOM")).history
    assert history.close.tolist() == [4.068]
    early = feed_at(first_close - timedelta(seconds=1))
    sentence = "no prices before the close of 1990-01-02, and its clock stands at 1990-01-02 20:59"
    for ask in (early.probe(), early.fetch_history("XOM"), early.fetch_quote("XOM")):
        with pytest.raises(FeedUnavailable, match=sentence):
            await ask


@pytest.mark.parametrize("symbol", ["TSLA", "aapl", "", "BRK-B"])
async def test_other_symbols_are_refused_with_a_list(symbol: str) -> None:
    """The sentence names the sample market, the symbol, and every symbol that it has."""
    feed = feed_at(last_moment())
    with pytest.raises(SymbolNotInFeed) as refusal:
        await feed.fetch_history(symbol)
    assert str(refusal.value).startswith(f"The sample market has no prices of {symbol};")
    assert all(known in str(refusal.value) for known in feed.universe)


async def test_search_looks_at_symbols_and_names() -> None:
    """A symbol's beginning comes first, then any part of a name, in any case."""
    feed = feed_at(last_moment())
    assert [one.symbol for one in await feed.search("p", 3)] == ["PEP", "PFE", "PG"]
    assert [one.symbol for one in await feed.search("JOHNSON", 8)] == ["JNJ"]
    assert not await feed.search("   ", 8)
    assert not await feed.search("Tesla", 8)
    assert not await feed.search("Apple", 0)


def test_every_stock_has_a_name() -> None:
    """The names that the feed gives are of exactly the stocks that it has."""
    feed = feed_at(last_moment())
    assert tuple(COMPANIES) == feed.universe == load_closes().symbols


COLUMN = {symbol: column for column, symbol in enumerate(load_closes().symbols)}
