"""Settling: once, in the prediction's own prices, healed when the bars are, never altering it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.domain.errors import FeedUnavailable, SymbolNotInFeed
from oracle.domain.forecasts import Origin
from oracle.domain.instruments import Source
from oracle.domain.prices import Split
from oracle.forecasting import MODEL_VERSION
from oracle.services.make_predictions import make_predictions
from oracle.services.settle_predictions import SettlementReport, settle_predictions

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.domain.forecasts import Prediction
    from oracle.domain.outcomes import OutcomeRevision, SettledPrediction
    from oracle.domain.prices import PriceHistory
    from tests.unit.services.scripted_market import ScriptedMarket

AS_OF = date(2023, 6, 14)
TARGET = date(2023, 6, 15)


async def predict(market: ScriptedMarket, *symbols: str) -> dict[str, Prediction]:
    """Return the live predictions of Wednesday evening for Thursday's close."""
    return (await make_predictions(market.deps, symbols, AS_OF)).predictions


async def find(market: ScriptedMarket, symbol: str) -> SettledPrediction:
    """Return the symbol's prediction for Thursday as it is stored, with its outcome if any."""
    async with market.store.begin() as unit:
        stored = await unit.outcomes.list_of_session(Source.YAHOO, TARGET)
    return next(each for each in stored if each.prediction.symbol == symbol)


async def revisions_of(
    market: ScriptedMarket, settled: SettledPrediction
) -> tuple[OutcomeRevision, ...]:
    """Return what the outcome said before."""
    async with market.store.begin() as unit:
        return tuple(await unit.outcomes.list_revisions(settled))


def at(session: date, factor: float) -> Callable[[PriceHistory], PriceHistory]:
    """Return what multiplies one bar's closes."""

    def change(bars: PriceHistory) -> PriceHistory:
        factors = np.where(bars.sessions == np.datetime64(session, "D"), factor, 1.0)
        return replace(bars, close=bars.close * factors, adj_close=bars.adj_close * factors)

    return change


def close_of(market: ScriptedMarket, symbol: str, session: date) -> float:
    """Return the close the feed tells now."""
    return float(market.feed.history(symbol).up_to(session).close[-1])


async def test_a_closed_session_is_settled_once(market: ScriptedMarket) -> None:
    """The day after, the outcome is stored; a second run changes nothing and says so."""
    predictions = await predict(market, "KO", "XOM")
    assert await settle_predictions(market.deps) == SettlementReport()
    market.advance(days=1)
    report = await settle_predictions(market.deps)
    assert (report.sessions, report.settled, report.pending) == (1, 2, ())
    settled = await find(market, "KO")
    assert settled.prediction == predictions["KO"]
    assert settled.outcome is not None
    assert settled.outcome.actual == pytest.approx(close_of(market, "KO", TARGET))
    assert settled.outcome.crps_gaussian is not None
    assert not settled.outcome.input_healed
    again = await settle_predictions(market.deps)
    assert (again.settled, again.revised, again.unchanged) == (0, 0, 2)
    assert await find(market, "KO") == settled


async def test_nothing_is_settled_before_the_close_can_be_known(market: ScriptedMarket) -> None:
    """Until a quarter of an hour after the close the session does not count as closed."""
    await predict(market, "KO")
    market.clock.moment = market.deps.calendar.session_close(TARGET) + timedelta(minutes=14)
    assert (await settle_predictions(market.deps)).settled == 0
    market.advance(minutes=1)
    assert (await settle_predictions(market.deps)).settled == 1


async def test_a_late_close_is_settled_when_it_comes(market: ScriptedMarket) -> None:
    """Until then the prediction is pending, with the reason in words."""
    await predict(market, "KO")
    market.advance(days=1)
    market.feed.last_delivered = AS_OF
    report = await settle_predictions(market.deps)
    assert report.settled == 0
    assert [each.symbol for each in report.pending] == ["KO"]
    assert "The newest bar is of Wed 14 Jun 2023." in report.pending[0].reason
    market.feed.last_delivered = None
    assert (await settle_predictions(market.restart().deps)).settled == 1


async def test_a_vanished_stock_stays_pending_and_is_seldom_asked_for(
    market: ScriptedMarket,
) -> None:
    """The others are settled; the feed is asked again after pauses that grow."""
    await predict(market, "KO", "TSLA")
    market.advance(days=1)
    process = market.restart()
    market.feed.failures["TSLA"] = SymbolNotInFeed("The feed knows no prices of TSLA.")
    report = await settle_predictions(process.deps)
    assert report.settled == 1
    assert [each.symbol for each in report.pending] == ["TSLA"]
    market.feed.asked.clear()
    for _ in range(24):
        market.advance(minutes=5)
        report = await settle_predictions(process.deps)
        assert [each.symbol for each in report.pending] == ["TSLA"]
        assert report.pending[0].reason
    assert market.feed.asked.count("TSLA") <= 5


async def test_an_outage_leaves_everything_pending(market: ScriptedMarket) -> None:
    """A feed that does not answer is no error of the run, and the next one settles."""
    await predict(market, "KO")
    market.advance(days=1)
    market.feed.outage = FeedUnavailable("The feed does not answer.")
    assert len((await settle_predictions(market.deps)).pending) == 1
    market.feed.outage = None
    market.advance(minutes=5)
    assert (await settle_predictions(market.restart().deps)).settled == 1


async def test_a_corrected_close_revises_the_outcome_in_the_open(market: ScriptedMarket) -> None:
    """The new value is stored, the old one stays visible, and the prediction is untouched."""
    predictions = await predict(market, "KO")
    market.advance(days=1)
    await settle_predictions(market.deps)
    first = await find(market, "KO")
    market.feed.changes["KO"] = at(TARGET, 1.02)
    market.advance(days=1)
    process = market.restart()
    await process.deps.market.list_histories(["KO"], through=TARGET + timedelta(days=1))
    report = await settle_predictions(process.deps)
    assert (report.settled, report.revised) == (0, 1)
    second = await find(market, "KO")
    assert first.outcome is not None
    assert second.outcome is not None
    assert second.outcome.actual == pytest.approx(first.outcome.actual * 1.02)
    assert second.outcome.revisions == 1
    assert second.outcome.settled_at == first.outcome.settled_at
    assert second.outcome.revised_at == market.clock.now()
    assert second.prediction == predictions["KO"]
    kept = await revisions_of(market, second)
    assert [(each.number, each.actual) for each in kept] == [(1, first.outcome.actual)]
    assert (await settle_predictions(process.deps)).revised == 0


async def test_a_healed_input_flags_the_row(market: ScriptedMarket) -> None:
    """The close it was made from was another one in truth: the row says so."""
    market.feed.changes["KO"] = at(AS_OF, 1.03)
    await predict(market, "KO")
    market.feed.changes.clear()
    market.advance(days=1)
    await settle_predictions(market.deps)
    settled = await find(market, "KO")
    assert settled.outcome is not None
    assert settled.outcome.input_healed


async def test_a_split_on_the_target_day_is_reversed(market: ScriptedMarket) -> None:
    """After 4:1 all bars are quarters; the outcome is in the prices that were predicted."""
    predictions = await predict(market, "KO")
    market.advance(days=1)
    expected = close_of(market, "KO", TARGET)
    market.feed.splits["KO"] = (Split(TARGET, 4.0),)
    market.feed.changes["KO"] = lambda bars: replace(
        bars, close=bars.close * 0.25, adj_close=bars.adj_close * 0.25
    )
    await settle_predictions(market.deps)
    settled = await find(market, "KO")
    assert settled.outcome is not None
    assert settled.outcome.actual == pytest.approx(expected)
    assert not settled.outcome.input_healed
    assert settled.prediction.current_price == predictions["KO"].current_price


async def test_a_dividend_on_the_target_day_is_part_of_the_return(market: ScriptedMarket) -> None:
    """The close is compared with the dividend added back, as the forecast is of the return."""
    await predict(market, "KO")
    market.advance(days=1)
    expected = close_of(market, "KO", TARGET)

    def pay(bars: PriceHistory) -> PriceHistory:
        earlier = bars.sessions < np.datetime64(TARGET, "D")
        return replace(
            bars,
            close=np.where(earlier, bars.close, bars.close * 0.98),
            adj_close=bars.adj_close * 0.98,
        )

    market.feed.changes["KO"] = pay
    await settle_predictions(market.deps)
    settled = await find(market, "KO")
    assert settled.outcome is not None
    assert settled.outcome.actual == pytest.approx(expected)
    assert not settled.outcome.input_healed


async def test_replayed_predictions_are_settled_as_well(market: ScriptedMarket) -> None:
    """Both origins have outcomes of their own."""
    live = (await predict(market, "KO"))["KO"]
    async with market.store.begin() as unit:
        await unit.predictions.add_predictions([replace(live, origin=Origin.REPLAY)])
    market.advance(days=1)
    assert (await settle_predictions(market.deps)).settled == 2


async def test_an_abstained_prediction_is_not_due(market: ScriptedMarket) -> None:
    """What said nothing is neither settled nor pending."""
    market.feed.lengths["TSLA"] = 30
    predictions = await predict(market, "TSLA")
    assert predictions["TSLA"].abstained
    market.advance(days=1)
    assert await settle_predictions(market.deps) == SettlementReport()


async def test_old_outcomes_are_compared_on_demand(market: ScriptedMarket) -> None:
    """The job looks back a month; the command rechecks all there are."""
    await predict(market, "KO")
    market.advance(days=1)
    await settle_predictions(market.deps)
    market.advance(days=60)
    assert (await settle_predictions(market.deps)).unchanged == 0
    seen: list[tuple[int, int]] = []
    report = await settle_predictions(
        market.deps, recheck_all=True, progress=lambda done, total: seen.append((done, total))
    )
    assert report.unchanged == 1
    assert seen == [(1, 1)]


async def test_instances_that_settle_at_once_store_each_outcome_once(
    market: ScriptedMarket,
) -> None:
    """Another process finds the outcome and leaves it as the first one wrote it."""
    await predict(market, "KO")
    market.advance(days=1)
    await settle_predictions(market.deps)
    first = await find(market, "KO")
    market.advance(minutes=1)
    async with market.store.begin() as unit:
        assert first.outcome is not None
        later = replace(first.outcome, settled_at=market.clock.now())
        assert await unit.outcomes.add_outcomes([replace(first, outcome=later)]) == 0
    assert await find(market, "KO") == first
    assert first.prediction.model_version == MODEL_VERSION
