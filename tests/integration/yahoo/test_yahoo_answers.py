"""What the feed makes of Yahoo's good and strange answers, through the real client."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.adapters.clock import FixedClock
from oracle.adapters.yahoo import YahooFeed
from oracle.domain.errors import FeedRejected, SymbolNotInFeed, UnsupportedInstrument
from oracle.domain.instruments import Instrument, Source
from oracle.domain.prices import MarketState, Split
from oracle.domain.validation import complete_rows, validate_history
from tests.contract.price_feed import PriceFeedContract
from tests.standins.yahoo import YahooStandin
from tests.standins.yahoo_faults import Kind
from tests.standins.yahoo_market import Listing, Market

from .conftest import EVENING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from .conftest import Notes


class TestYahooFeed(PriceFeedContract):
    """The port's promises, kept over the real client."""

    @pytest.fixture
    async def feed(self, standin: YahooStandin, tmp_path: Path) -> AsyncIterator[YahooFeed]:
        """The feed in the evening of a session."""
        feed = make_feed(standin, tmp_path)
        yield feed
        await feed.aclose()


def make_feed(standin: YahooStandin, folder: Path) -> YahooFeed:
    """Return a feed whose clock stands where the stand-in's does."""
    return YahooFeed(
        clock=FixedClock(standin.now),
        deadline=10.0,
        threads=4,
        cache_folder=str(folder),
        base_url=standin.url,
    )


async def test_one_chart_tells_bars_price_and_name(feed: YahooFeed, standin: YahooStandin) -> None:
    """Five years of bars, the latest price and the instrument come from a single chart."""
    fetched = await feed.fetch_history("MSFT")
    assert standin.count("/v8/") == 1
    assert 1250 <= len(fetched.history) <= 1265
    assert fetched.history.last_session == date(2022, 12, 28)
    assert fetched.instrument == Instrument("MSFT", "Microsoft Corporation", "NASDAQ", "USD")
    assert fetched.quote is not None
    assert fetched.quote.price == pytest.approx(fetched.history.close[-1], abs=0.01)
    assert fetched.quote.as_of == datetime(2022, 12, 28, 21, 0, tzinfo=UTC)
    assert fetched.quote.source is Source.YAHOO


async def test_columns_are_yahoos_own(feed: YahooFeed, standin: YahooStandin) -> None:
    """Each column holds the numbers that were sent for it: no adjustment, no mix-up."""
    fetched = (await feed.fetch_history("KO")).history
    bars = standin.market.bars(standin.market.listings["KO"], standin.now)
    rows = slice(-len(fetched), None)
    assert np.array_equal(fetched.sessions, bars.sessions[rows])
    for column in ("open", "high", "low", "close", "adj_close"):
        sent = getattr(bars, column)[rows]
        assert np.allclose(getattr(fetched, column), sent, atol=0.0051), column
    assert np.array_equal(fetched.volume, bars.volume[rows])
    assert fetched.adj_close[0] < 0.97 * fetched.close[0]


@pytest.mark.parametrize(
    ("hour", "state"),
    [
        (8, MarketState.CLOSED),
        (10, MarketState.PRE_MARKET),
        (15, MarketState.OPEN),
        (22, MarketState.AFTER_HOURS),
    ],
)
async def test_market_state_follows_the_clock(
    standin: YahooStandin, tmp_path: Path, hour: int, state: MarketState
) -> None:
    """The state of a quote is that of the trading period in which the market clock stands."""
    standin.now = datetime(2022, 12, 28, hour, 0, tzinfo=UTC)
    feed = make_feed(standin, tmp_path)
    assert (await feed.fetch_quote("AAPL")).market_state is state
    await feed.aclose()


async def test_no_trading_periods_means_closed(feed: YahooFeed, standin: YahooStandin) -> None:
    """An answer without trading periods still gives its price."""
    standin.fail("AAPL", Kind.NO_PERIODS)
    assert (await feed.fetch_quote("AAPL")).market_state is MarketState.CLOSED


async def test_bars_without_a_latest_price_are_kept(feed: YahooFeed, standin: YahooStandin) -> None:
    """A missing latest price costs the quote, not the history."""
    standin.fail("AAPL", Kind.NO_PRICE)
    fetched = await feed.fetch_history("AAPL")
    assert fetched.quote is None
    assert len(fetched.history) > 1000
    with pytest.raises(FeedRejected, match="AAPL"):
        await feed.fetch_quote("AAPL")


async def test_a_partial_bar_is_delivered_and_dropped_before_storing(
    standin: YahooStandin, tmp_path: Path
) -> None:
    """During a session the last row is today's half-made bar, which completeness removes."""
    standin.now = datetime(2022, 12, 28, 17, 0, tzinfo=UTC)
    feed = make_feed(standin, tmp_path)
    fetched = await feed.fetch_history("AAPL")
    await feed.aclose()
    assert fetched.history.last_session == date(2022, 12, 28)
    complete = complete_rows(
        fetched.history,
        calendar=standin.market.calendar(standin.now),
        last_session=date(2022, 12, 27),
    )
    assert complete.last_session == date(2022, 12, 27)


async def test_rows_without_any_price_are_dropped(feed: YahooFeed, standin: YahooStandin) -> None:
    """Recent days that Yahoo has no prices of yet are no rows."""
    standin.fail("AAPL", Kind.NAN_NEWEST)
    fetched = await feed.fetch_history("AAPL")
    assert fetched.history.last_session == date(2022, 12, 23)
    assert np.isfinite(fetched.history.close).all()


async def test_an_answer_of_nothing_but_missing_prices_is_refused(
    feed: YahooFeed, standin: YahooStandin
) -> None:
    """A history without one price is no history, and says nothing against the symbol."""
    standin.fail("AAPL", Kind.ALL_NAN)
    with pytest.raises(FeedRejected, match="AAPL"):
        await feed.fetch_history("AAPL")


async def test_zero_volume_is_unknown_volume(feed: YahooFeed, standin: YahooStandin) -> None:
    """The client writes zero for what is missing, so zero is read as missing; prices stay."""
    standin.fail("AAPL", Kind.ZERO_VOLUME)
    history = (await feed.fetch_history("AAPL")).history
    assert np.isnan(history.volume[-2:]).all()
    assert np.isfinite(history.close[-2:]).all()
    assert np.isfinite(history.volume[:-2]).all()


async def test_a_hundredfold_price_does_not_pass_validation(
    feed: YahooFeed, standin: YahooStandin
) -> None:
    """A last close in the wrong unit is delivered as it came, and withheld from the store."""
    standin.fail("AAPL", Kind.HUNDREDFOLD)
    fetched = await feed.fetch_history("AAPL")
    validated = validate_history(fetched.history, splits=fetched.splits)
    assert [row.session for row in validated.withheld] == [date(2022, 12, 28)]


async def test_splits_are_reported_with_adjusted_bars(tmp_path: Path) -> None:
    """A 4:1 split leaves no jump in the closes and stands among the reported splits."""
    day = date(2022, 11, 15)
    calm = {date(2022, 1, 1) + timedelta(days): 200.0 for days in range(361)}
    closes = {session: 50.0 if session >= day else close for session, close in calm.items()}
    listing = Listing("SPLT", "Split Company", closes=closes, splits={day: 4.0})
    with YahooStandin(EVENING, Market([listing])) as standin:
        feed = make_feed(standin, tmp_path)
        fetched = await feed.fetch_history("SPLT")
        await feed.aclose()
    assert fetched.splits == (Split(day, 4.0),)
    assert np.allclose(fetched.history.close, 50.0)
    assert validate_history(fetched.history, splits=fetched.splits).withheld == ()


async def test_a_young_listing_gives_what_there_is(feed: YahooFeed) -> None:
    """A share listed thirty sessions ago has thirty bars, and no error."""
    assert len((await feed.fetch_history("NEWCO")).history) == 30


async def test_funds_are_supported(feed: YahooFeed) -> None:
    """A fund traded on a US exchange is an instrument like a share."""
    assert (await feed.fetch_history("SPY")).instrument.exchange == "NYSE Arca"


@pytest.mark.parametrize(
    ("symbol", "why"),
    [
        ("SIE.DE", "traded at XETRA, not on a US exchange"),
        ("FOREIGN", "priced in CAD, not in US dollars"),
        ("NSRGY", "over the counter"),
        ("^GSPC", "an index"),
        ("BTC-USD", "a cryptocurrency"),
    ],
)
async def test_other_instruments_are_refused_with_a_reason(
    feed: YahooFeed, symbol: str, why: str
) -> None:
    """What is no US share or fund in dollars is refused by a sentence that says why."""
    with pytest.raises(UnsupportedInstrument, match=why):
        await feed.fetch_history(symbol)
    with pytest.raises(UnsupportedInstrument, match=why):
        await feed.fetch_quote(symbol)


@pytest.mark.parametrize("kind", [Kind.NOT_FOUND, Kind.BAD_REQUEST])
async def test_yahoos_own_refusal_means_no_such_prices(
    feed: YahooFeed, standin: YahooStandin, notes: Notes, kind: Kind
) -> None:
    """A 404 or 400 in Yahoo's own words is about the symbol and no fault of the feed."""
    standin.fail("AAPL", kind)
    with pytest.raises(SymbolNotInFeed, match="AAPL"):
        await feed.fetch_history("AAPL")
    assert notes.outcomes == [("history", "not_found")]


async def test_an_empty_answer_without_a_currency_means_no_such_prices(feed: YahooFeed) -> None:
    """A lapsed warrant answers with success, no rows and no currency: it has no prices."""
    with pytest.raises(SymbolNotInFeed, match="WARRNT"):
        await feed.fetch_history("WARRNT")


async def test_an_empty_answer_about_a_known_share_is_refused(
    feed: YahooFeed, standin: YahooStandin
) -> None:
    """An answer that for once is empty does not make a share unknown."""
    standin.fail("AAPL", Kind.EMPTY)
    with pytest.raises(FeedRejected, match="AAPL: the price feed answered without prices"):
        await feed.fetch_history("AAPL")


async def test_search_keeps_us_shares_and_funds(feed: YahooFeed, standin: YahooStandin) -> None:
    """Hits that are no US-listed share or fund, options and private companies are left out."""
    found = await feed.search("s", 20)
    symbols = [instrument.symbol for instrument in found]
    assert "SPY" in symbols
    assert not {"SIE.DE", "^GSPC", "BTC-USD", "NSRGY"} & set(symbols)
    assert standin.queries[-1]["newsCount"] == "0"
