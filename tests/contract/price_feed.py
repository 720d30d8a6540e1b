"""What every price feed promises; run against each adapter of the `PriceFeed` port.

An adapter's test module subclasses `PriceFeedContract` under a name that begins with `Test` and
defines the fixture `feed`: a feed, or a stand-in's, whose market has closed. Where the symbols
below do not suit it, it overrides those fixtures too.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.domain.errors import SymbolNotInFeed
from oracle.domain.instruments import Instrument, Source, parse_symbol
from oracle.domain.prices import MarketState

if TYPE_CHECKING:
    from oracle.domain.prices import PriceHistory
    from oracle.ports import PriceFeed

COLUMNS = ("open", "high", "low", "close", "adj_close", "volume")


class PriceFeedContract:
    """The promises of the port; the fixture `feed` names who makes them."""

    @pytest.fixture
    def feed(self) -> PriceFeed:
        """The feed under test, its market closed."""
        raise NotImplementedError("A contract's subclass defines the fixture `feed`.")

    @pytest.fixture
    def known_symbol(self) -> str:
        """A symbol of which the feed has prices."""
        return "AAPL"

    @pytest.fixture
    def unknown_symbol(self) -> str:
        """A well-formed symbol of which the feed has none."""
        return "ZZZZQQ"

    @pytest.fixture
    def known_name(self) -> str:
        """A part of the name of the known symbol's company."""
        return "Apple"

    async def test_source_is_one_of_the_closed_set(self, feed: PriceFeed) -> None:
        """The feed says where its prices come from."""
        assert isinstance(feed.source, Source)

    async def test_a_feed_that_answers_is_not_paused(self, feed: PriceFeed) -> None:
        """Nothing is held back from a source that has just answered."""
        await feed.probe()
        assert not feed.is_paused

    async def test_probe_returns_when_the_feed_answers(self, feed: PriceFeed) -> None:
        """A feed that works passes its probe, again and again."""
        await feed.probe()
        await feed.probe()

    async def test_history_is_in_order(self, feed: PriceFeed, known_symbol: str) -> None:
        """Sessions are days, strictly increasing, and every column has one value for each."""
        history = (await feed.fetch_history(known_symbol)).history
        assert len(history) > 1
        assert history.sessions.dtype == np.dtype("datetime64[D]")
        assert (np.diff(history.sessions) > np.timedelta64(0, "D")).all()
        for column in COLUMNS:
            values = getattr(history, column)
            assert values.dtype == np.float64, column
            assert values.shape == history.sessions.shape, column

    async def test_closes_can_be_true(self, feed: PriceFeed, known_symbol: str) -> None:
        """Every close is finite and above zero; what the feed lacks elsewhere is missing, not 0."""
        history = (await feed.fetch_history(known_symbol)).history
        for closes in (history.close, history.adj_close):
            assert np.isfinite(closes).all()
            assert (closes > 0.0).all()
        for prices in (history.open, history.high, history.low):
            assert (np.isnan(prices) | (prices > 0.0)).all()
        assert (np.isnan(history.volume) | (history.volume >= 0.0)).all()

    async def test_history_names_what_was_asked_for(
        self, feed: PriceFeed, known_symbol: str
    ) -> None:
        """Bars, quote and instrument are of the symbol that was asked for, in one currency."""
        fetched = await feed.fetch_history(known_symbol)
        assert fetched.history.symbol == fetched.instrument.symbol == known_symbol
        assert fetched.instrument.name
        assert fetched.history.currency == fetched.instrument.currency
        if fetched.quote is not None:
            assert fetched.quote.symbol == known_symbol
            assert fetched.quote.currency == fetched.history.currency

    async def test_quote_is_the_last_close_when_closed(
        self, feed: PriceFeed, known_symbol: str
    ) -> None:
        """With the market closed the latest price is the newest bar's close, of that very day."""
        history = (await feed.fetch_history(known_symbol)).history
        quote = await feed.fetch_quote(known_symbol)
        assert quote.market_state is not MarketState.OPEN
        assert quote.price == pytest.approx(history.close[-1], rel=1e-4)
        assert quote.as_of.date() == history.last_session

    async def test_quotes_agree(self, feed: PriceFeed, known_symbol: str) -> None:
        """The quote that comes with a history, if any, is the one that is given alone."""
        beside, alone = (
            (await feed.fetch_history(known_symbol)).quote,
            await feed.fetch_quote(known_symbol),
        )
        if beside is not None:
            assert beside.price == alone.price
            assert beside.as_of == alone.as_of

    async def test_moments_are_aware_and_in_utc(self, feed: PriceFeed, known_symbol: str) -> None:
        """Both times of a quote are UTC, and no price is newer than the asking for it."""
        quote = await feed.fetch_quote(known_symbol)
        for moment in (quote.as_of, quote.fetched_at):
            assert moment.utcoffset() == timedelta(0)
        assert quote.as_of <= quote.fetched_at
        assert quote.source is feed.source

    async def test_answers_repeat(self, feed: PriceFeed, known_symbol: str) -> None:
        """Asked twice with nothing new, the feed gives the same bars."""
        first = (await feed.fetch_history(known_symbol)).history
        second = (await feed.fetch_history(known_symbol)).history
        assert_same_bars(first, second)

    async def test_unknown_symbol_is_named(self, feed: PriceFeed, unknown_symbol: str) -> None:
        """A symbol without prices is SymbolNotInFeed, with a sentence that names it."""
        with pytest.raises(SymbolNotInFeed, match=unknown_symbol):
            await feed.fetch_history(unknown_symbol)
        with pytest.raises(SymbolNotInFeed, match=unknown_symbol):
            await feed.fetch_quote(unknown_symbol)

    async def test_search_finds_by_name_and_by_symbol(
        self, feed: PriceFeed, known_symbol: str, known_name: str
    ) -> None:
        """A search by name and one by symbol both find the stock, as a complete instrument."""
        for query in (known_name, known_name.lower(), known_symbol):
            found = await feed.search(query, 5)
            assert known_symbol in [one.symbol for one in found], query
            for one in found:
                assert isinstance(one, Instrument)
                assert one.name
                assert parse_symbol(one.symbol) == one.symbol

    async def test_search_keeps_to_its_limit(
        self, feed: PriceFeed, known_name: str, unknown_symbol: str
    ) -> None:
        """No more hits than asked for, each stock once, and none at all for nonsense."""
        found = await feed.search(known_name[:1], 2)
        assert len(found) <= 2
        assert len({one.symbol for one in found}) == len(found)
        assert not await feed.search(unknown_symbol, 5)

    async def test_closing_twice_is_harmless(self, feed: PriceFeed) -> None:
        """A feed may be closed again after it was closed."""
        await feed.aclose()
        await feed.aclose()


def assert_same_bars(first: PriceHistory, second: PriceHistory) -> None:
    """Fail unless both histories hold the same rows, missing values in the same places."""
    assert first.symbol == second.symbol
    assert np.array_equal(first.sessions, second.sessions)
    for column in COLUMNS:
        assert np.array_equal(getattr(first, column), getattr(second, column), equal_nan=True)
