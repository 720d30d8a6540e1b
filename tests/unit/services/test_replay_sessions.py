"""Replays: from what was known before each session, resumable, and never taken for live."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.domain.errors import SymbolNotInFeed, UnknownSymbol
from oracle.domain.forecasts import Origin
from oracle.domain.instruments import Source
from oracle.domain.track_record import Window
from oracle.forecasting import MODEL_VERSION, pool_version
from oracle.services.make_predictions import make_predictions
from oracle.services.predict_stock import predict_stock
from oracle.services.rank_stocks import rank_stocks
from oracle.services.read_track_record import read_track_record
from oracle.services.replay_sessions import replay_sessions

if TYPE_CHECKING:
    from oracle.domain.forecasts import Prediction
    from oracle.domain.prices import PriceHistory
    from tests.unit.services.scripted_market import ScriptedMarket

LAST = date(2023, 6, 13)
"""The newest session that can be replayed on Wednesday evening: its target has closed."""


async def stored(
    market: ScriptedMarket, as_of: date, origin: Origin, *symbols: str
) -> dict[str, Prediction]:
    """Return the stored predictions of that session and origin."""
    async with market.store.begin() as unit:
        return await unit.predictions.list_predictions(
            Source.YAHOO, symbols, as_of, MODEL_VERSION, origin
        )


async def test_the_last_closed_sessions_are_predicted_and_settled(market: ScriptedMarket) -> None:
    """The watchlist is replayed, the session whose target has not closed is not."""
    report = await replay_sessions(market.deps, 3)
    assert (report.sessions, report.made, report.found, report.skipped) == (3, 30, 0, ())
    assert report.settlement.settled == 30
    newest = await stored(market, LAST, Origin.REPLAY, "KO")
    assert newest["KO"].target == date(2023, 6, 14)
    assert newest["KO"].origin is Origin.REPLAY
    assert await stored(market, date(2023, 6, 14), Origin.REPLAY, "KO") == {}
    assert await stored(market, LAST, Origin.LIVE, "KO") == {}


async def test_a_replay_goes_on_where_it_stopped(market: ScriptedMarket) -> None:
    """What is there stays as it is, whatever a second run would say; the rest is added."""
    await replay_sessions(market.deps, 2, ["KO"])
    first = await stored(market, LAST, Origin.REPLAY, "KO")
    market.advance(minutes=1)
    seen: list[tuple[str, int, int]] = []
    report = await replay_sessions(
        market.restart().deps, 3, ["KO", "XOM"], lambda *step: seen.append(step)
    )
    assert (report.made, report.found) == (4, 2)
    assert await stored(market, LAST, Origin.REPLAY, "KO") == first
    assert seen[:3] == [("Replaying", done, 3) for done in (1, 2, 3)]
    assert seen[-1][0] == "Settling"


async def test_a_replay_says_what_a_live_prediction_would_have(market: ScriptedMarket) -> None:
    """On the same bars both give the same numbers, from the same inputs."""
    live = (await make_predictions(market.deps, ["KO"], date(2023, 6, 14))).predictions["KO"]
    market.advance(days=1)
    await replay_sessions(market.restart().deps, 1, ["KO"])
    replayed = (await stored(market, date(2023, 6, 14), Origin.REPLAY, "KO"))["KO"]
    assert replayed == replace(live, origin=Origin.REPLAY, created_at=market.clock.now())


async def test_a_replay_sees_nothing_of_the_future(market: ScriptedMarket) -> None:
    """Bars after `as_of` may be anything: the prediction stays the same to the last bit."""
    await replay_sessions(market.deps, 2, ["KO"])
    as_of = date(2023, 6, 12)
    honest = (await stored(market, as_of, Origin.REPLAY, "KO"))["KO"]

    def spoil(bars: PriceHistory) -> PriceHistory:
        later = bars.sessions > np.datetime64(as_of, "D")
        factors = np.where(later, 1.2, 1.0)
        return replace(bars, close=bars.close * factors, adj_close=bars.adj_close * factors)

    for symbol in market.feed.symbols:
        market.feed.changes[symbol] = spoil
    # The same simulated market for another source, which shares no row with the first.
    market.feed.source = Source.SAMPLE
    await replay_sessions(market.restart().deps, 2, ["KO"])
    async with market.store.begin() as unit:
        spoilt = (
            await unit.predictions.list_predictions(
                Source.SAMPLE, ["KO"], as_of, MODEL_VERSION, Origin.REPLAY
            )
        )["KO"]
    assert spoilt == replace(honest, source=Source.SAMPLE)


async def test_a_replay_stores_no_fit(market: ScriptedMarket) -> None:
    """No fit of a replay can be found by whoever makes a live prediction."""
    await replay_sessions(market.deps, 1, ["KO"])
    async with market.store.begin() as unit:
        found = await unit.fits.find_fit(
            Source.YAHOO, LAST, pool_version(market.deps.pool), MODEL_VERSION
        )
    assert found is None
    assert market.deps.fits.newest is None


async def test_live_services_never_serve_a_replay(market: ScriptedMarket) -> None:
    """Pages and rankings of a session that was replayed hold live predictions all the same."""
    await replay_sessions(market.deps, 2)
    market.clock.moment = market.deps.calendar.session_close(LAST)
    market.advance(hours=1)
    rehearsal = market.restart()
    report = await predict_stock(rehearsal.deps, "KO")
    assert report.prediction is not None
    assert report.prediction.as_of == LAST
    assert report.prediction.origin is Origin.LIVE
    ranking = await rank_stocks(rehearsal.deps)
    assert {each.prediction.origin for each in ranking.stocks} == {Origin.LIVE}


async def test_the_last_prediction_of_a_stock_is_never_a_replayed_one(
    market: ScriptedMarket,
) -> None:
    """With a late feed the page shows no prediction rather than a replayed one."""
    await replay_sessions(market.deps, 2, ["KO"])
    market.advance(days=1)
    market.feed.last_delivered = date(2023, 6, 14)
    report = await predict_stock(market.restart().deps, "KO")
    assert report.prediction is None


async def test_the_live_record_knows_no_replay(market: ScriptedMarket) -> None:
    """The two records are read apart, and the default is live."""
    await replay_sessions(market.deps, 2, ["KO"])
    live = await read_track_record(market.deps)
    assert live.origin is Origin.LIVE
    assert live.versions == ()
    replayed = await read_track_record(market.deps, origin=Origin.REPLAY, window=Window.ALL)
    assert replayed.versions[0].scores.n == 2


async def test_a_stock_without_prices_is_named(market: ScriptedMarket) -> None:
    """The others are replayed; an unknown symbol is refused before anything is done."""
    market.feed.failures["XOM"] = SymbolNotInFeed("The feed knows no prices of XOM.")
    report = await replay_sessions(market.deps, 1, ["KO", "XOM"])
    assert report.made == 1
    assert [each.what for each in report.skipped] == ["XOM"]
    with pytest.raises(UnknownSymbol):
        await replay_sessions(market.deps, 1, ["QQQZZZ"])


async def test_sessions_before_the_pool_has_enough_are_skipped(market: ScriptedMarket) -> None:
    """With 62 sessions of prices three can be fitted on, and the others say why not."""
    for symbol in market.feed.symbols:
        market.feed.lengths[symbol] = 62
    report = await replay_sessions(market.deps, 6, ["KO"])
    assert report.made == 2
    assert len(report.skipped) == 4
    assert "at least 60 are needed" in report.skipped[0].reason
