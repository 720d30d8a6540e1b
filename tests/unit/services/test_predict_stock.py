"""One stock's price and prediction, whatever the feed does."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from math import exp, log
from typing import TYPE_CHECKING

import pytest

from oracle.domain.errors import (
    FeedUnavailable,
    InvalidSymbol,
    SymbolNotInFeed,
    TooManyLookups,
    UnknownSymbol,
    UnsupportedInstrument,
)
from oracle.domain.forecasts import LEVELS
from oracle.services.predict_stock import predict_stock
from oracle.settings import DEFAULT_POOL

if TYPE_CHECKING:
    from tests.unit.services.scripted_market import ScriptedMarket


async def test_report_names_the_sessions_it_is_made_from_and_for(market: ScriptedMarket) -> None:
    """A report on Wednesday evening is made from Wednesday's close, for Thursday's."""
    report = await predict_stock(market.deps, "aapl")
    assert report.instrument.symbol == "AAPL"
    prediction = report.prediction
    assert prediction is not None
    assert (prediction.as_of, prediction.target) == (date(2023, 6, 14), date(2023, 6, 15))
    assert report.quote is not None
    assert prediction.current_price == report.quote.price
    assert len(prediction.quantiles) == len(LEVELS)
    assert list(prediction.quantiles) == sorted(prediction.quantiles)
    assert not report.quote_stale
    assert report.notices == ()


async def test_prediction_is_stored_before_it_is_returned(market: ScriptedMarket) -> None:
    """What a report says can be read from the database by another process, to the last bit."""
    report = await predict_stock(market.deps, "AAPL")
    market.feed.outage = FeedUnavailable("down")
    other = await predict_stock(market.restart().deps, "AAPL")
    assert other.prediction == report.prediction
    assert other.notices == ()


async def test_first_write_wins_even_when_a_bar_is_healed(market: ScriptedMarket) -> None:
    """A prediction that was shown is served unchanged after its input was corrected."""
    first = (await predict_stock(market.deps, "AAPL")).prediction
    market.feed.factor = 1.01
    market.advance(hours=4)
    again = await predict_stock(market.restart().deps, "AAPL")
    assert again.prediction == first


async def test_stock_outside_the_pool_uses_the_frozen_fit(market: ScriptedMarket) -> None:
    """A stock that is no pool member is forecast, and looking it up leaves the fit as it is."""
    before = (await predict_stock(market.deps, "AAPL")).prediction
    outside = (await predict_stock(market.deps, "TSLA")).prediction
    assert outside is not None
    assert outside.point is not None
    assert (await predict_stock(market.restart().deps, "AAPL")).prediction == before
    async with market.store.begin() as unit:
        stored = await unit.predictions.list_predictions(
            market.feed.source,
            ["AAPL", "TSLA"],
            outside.as_of,
            outside.model_version,
            outside.origin,
        )
    assert set(stored) == {"AAPL", "TSLA"}


async def test_too_little_history_cannot_say(market: ScriptedMarket) -> None:
    """Under 60 sessions the report holds a reason, and no number."""
    market.feed.lengths["TSLA"] = 59
    prediction = (await predict_stock(market.deps, "TSLA")).prediction
    assert prediction is not None
    assert prediction.abstained
    assert prediction.point is None
    assert prediction.quantiles == ()
    assert any("59" in reason for reason in prediction.reasons)


async def test_unknown_symbol_is_asked_of_the_feed_once(market: ScriptedMarket) -> None:
    """A symbol nobody knows is refused with suggestions; the second time without a request."""
    for _ in range(2):
        with pytest.raises(UnknownSymbol) as caught:
            await predict_stock(market.deps, "AAPPL")
        assert "AAPL" in caught.value.suggestions
    with pytest.raises(UnknownSymbol):
        await predict_stock(market.restart().deps, "AAPPL")
    assert market.feed.asked.count("AAPPL") == 1


async def test_symbol_known_to_the_feed_alone_is_learned(market: ScriptedMarket) -> None:
    """A symbol that is in no index gets its name from the feed, for every later process too."""
    report = await predict_stock(market.deps, "ZZZQ")
    assert report.instrument.name == "ZZZQ Inc."
    again = await predict_stock(market.restart().deps, "ZZZQ")
    assert again.instrument == report.instrument


async def test_unknown_symbols_cannot_exhaust_the_feed(market: ScriptedMarket) -> None:
    """Ten unknown symbols a minute are asked of the feed; the eleventh is put off."""
    for number in range(10):
        with pytest.raises(UnknownSymbol):
            await predict_stock(market.deps, f"QQ{number}X")
    with pytest.raises(TooManyLookups):
        await predict_stock(market.deps, "QQ99X")
    assert len(market.feed.asked) == 10


async def test_delisted_symbol_of_the_directory_is_unknown(market: ScriptedMarket) -> None:
    """A share that the directory lists but the feed no longer has is refused as unknown."""
    market.feed.failures["NFLX"] = SymbolNotInFeed("No data found, symbol may be delisted.")
    with pytest.raises(UnknownSymbol):
        await predict_stock(market.deps, "NFLX")


async def test_unsupported_instrument_says_why(market: ScriptedMarket) -> None:
    """An instrument that is no US share is refused with the feed's reason, the second time too."""
    market.feed.failures["GSPCX"] = UnsupportedInstrument("GSPCX is an index.")
    for _ in range(2):
        with pytest.raises(UnsupportedInstrument, match="index"):
            await predict_stock(market.deps, "GSPCX")
    assert market.feed.asked.count("GSPCX") == 1


async def test_malformed_symbol_reaches_nobody(market: ScriptedMarket) -> None:
    """Text that can be no symbol is refused before anything is asked."""
    for text in ("", " ", "A" * 11, "<script>", "'; DROP TABLE bars;--", "A\x00B", "ÄÖÜ"):
        with pytest.raises(InvalidSymbol):
            await predict_stock(market.deps, text)
    assert market.feed.asked == []


async def test_feed_outage_shows_the_last_good_values(market: ScriptedMarket) -> None:
    """The day after, with the feed down, yesterday's price and prediction are shown as such."""
    yesterday = await predict_stock(market.deps, "AAPL")
    market.feed.outage = FeedUnavailable("Yahoo does not answer.")
    market.clock.moment = datetime(2023, 6, 15, 22, 0, tzinfo=UTC)
    report = await predict_stock(market.restart().deps, "AAPL")
    assert report.prediction == yesterday.prediction
    assert report.prediction_outdated
    assert report.quote == yesterday.quote
    assert report.quote_stale
    assert any("Thu 15 Jun 2023" in notice for notice in report.notices)


async def test_known_price_is_not_waited_for(market: ScriptedMarket) -> None:
    """While the market trades an old price is given at once and refreshed in the background."""
    await predict_stock(market.deps, "AAPL")
    market.clock.moment = datetime(2023, 6, 15, 15, 0, tzinfo=UTC)
    market.feed.asked.clear()
    market.feed.gate = asyncio.Event()
    report = await predict_stock(market.deps, "AAPL")
    assert report.quote_stale
    market.feed.gate.set()
    await market.deps.market.finish_background()
    assert "quote:AAPL" in market.feed.asked


async def test_those_who_ask_together_share_one_request(market: ScriptedMarket) -> None:
    """Twenty visitors of one stock cost the feed one request per symbol that is needed."""
    market.feed.gate, market.feed.arrived = asyncio.Event(), asyncio.Event()
    visitors = [asyncio.create_task(predict_stock(market.deps, "AAPL")) for _ in range(20)]
    await market.feed.arrived.wait()
    market.feed.gate.set()
    reports = await asyncio.gather(*visitors)
    assert len({report.prediction.fingerprint for report in reports if report.prediction}) == 1
    assert sorted(market.feed.asked) == sorted(DEFAULT_POOL)


async def test_running_session_is_never_used_as_a_close(market: ScriptedMarket) -> None:
    """At noon the forecast is still that made from the day before, for today's close."""
    market.clock.moment = datetime(2023, 6, 15, 16, 0, tzinfo=UTC)
    market.feed.last_delivered = date(2023, 6, 15)
    report = await predict_stock(market.deps, "AAPL")
    assert report.prediction is not None
    assert report.prediction.as_of == date(2023, 6, 14)
    assert report.prediction.target == date(2023, 6, 15)
    history = report.history
    assert history is not None
    assert history.last_session == date(2023, 6, 14)


async def test_minutes_after_the_close_cost_the_feed_nothing(market: ScriptedMarket) -> None:
    """Until a close has settled the forecast of the session just over stands, unasked."""
    before = await predict_stock(market.deps, "AAPL")
    market.clock.moment = datetime(2023, 6, 15, 15, 0, tzinfo=UTC)
    await predict_stock(market.deps, "AAPL")
    await market.deps.market.finish_background()
    market.clock.moment = datetime(2023, 6, 15, 20, 5, tzinfo=UTC)
    await market.deps.market.get_quote("AAPL")
    await market.deps.market.finish_background()
    market.feed.asked.clear()
    for _ in range(3):
        report = await predict_stock(market.deps, "AAPL")
        assert report.prediction == before.prediction
        assert report.status.target_closed
        assert report.status.next_forecast == datetime(2023, 6, 15, 20, 15, tzinfo=UTC)
    await market.deps.market.finish_background()
    assert market.feed.asked == []


async def test_nothing_is_forecast_for_a_session_that_is_over(market: ScriptedMarket) -> None:
    """A stock first asked for right after the close waits for the close to settle."""
    market.clock.moment = datetime(2023, 6, 15, 20, 5, tzinfo=UTC)
    report = await predict_stock(market.deps, "AAPL")
    assert report.prediction is None
    assert any("that session closed at 20:00 UTC" in notice for notice in report.notices)
    market.clock.moment = datetime(2023, 6, 15, 20, 15, tzinfo=UTC)
    settled = (await predict_stock(market.deps, "AAPL")).prediction
    assert settled is not None
    assert settled.target == date(2023, 6, 16)


async def test_early_close_settles_early(market: ScriptedMarket) -> None:
    """On a half day the forecast of the next session begins a quarter past one."""
    market.clock.moment = datetime(2023, 7, 3, 17, 16, tzinfo=UTC)
    prediction = (await predict_stock(market.deps, "AAPL")).prediction
    assert prediction is not None
    assert (prediction.as_of, prediction.target) == (date(2023, 7, 3), date(2023, 7, 5))


async def test_older_prediction_is_shown_rather_than_waited_for(market: ScriptedMarket) -> None:
    """When the feed is slow after the close the last prediction is shown, with a notice."""
    yesterday = (await predict_stock(market.deps, "AAPL")).prediction
    market.clock.moment = datetime(2023, 6, 15, 22, 0, tzinfo=UTC)
    market.feed.gate = asyncio.Event()
    report = await predict_stock(market.deps, "AAPL")
    assert report.prediction == yesterday
    assert report.prediction_outdated
    assert "The forecast for the next session is being made." in report.notices
    market.feed.gate.set()
    await market.deps.predictions.flights.finish()
    fresh = (await predict_stock(market.deps, "AAPL")).prediction
    assert fresh is not None
    assert fresh.as_of == date(2023, 6, 15)


async def test_range_follows_from_the_core_in_prices(market: ScriptedMarket) -> None:
    """The 80 % range lies around the price in logarithms as wide as the score says."""
    prediction = (await predict_stock(market.deps, "MSFT")).prediction
    assert prediction is not None
    interval = prediction.interval(0.8)
    assert interval is not None
    assert prediction.score is not None
    assert prediction.point is not None
    half_width = (log(interval.upper) - log(interval.lower)) / 2
    expected = prediction.current_price * exp(prediction.score * half_width)
    assert prediction.point == pytest.approx(expected, rel=1e-12)
