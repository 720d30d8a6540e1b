"""The record: by version and window, of one origin, with the best buys of the stored rankings."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY

from oracle.domain.errors import DatabaseUnavailable, UnknownSymbol
from oracle.domain.forecasts import Origin
from oracle.domain.instruments import Source
from oracle.domain.track_record import Window
from oracle.services.list_settled import list_settled
from oracle.services.make_predictions import make_predictions
from oracle.services.rank_stocks import rank_stocks
from oracle.services.read_track_record import read_track_record
from oracle.services.replay_sessions import replay_sessions
from oracle.services.settle_predictions import settle_predictions
from oracle.settings import DEFAULT_WATCHLIST

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from oracle.ports import Store, UnitOfWork
    from tests.unit.services.scripted_market import ScriptedMarket


async def live_days(market: ScriptedMarket, days: int) -> None:
    """Rank the watchlist on so many evenings, and settle after each.

    Each evening in a process of its own, whose memory holds no ranking of the evening before.
    """
    for _ in range(days):
        evening = market.restart()
        await rank_stocks(evening.deps)
        # On a slow machine the ranking of the evening before is given while the new one is made.
        await evening.deps.rankings.flights.finish()
        market.advance(days=1)
        await settle_predictions(market.deps)


async def test_an_empty_record_says_that_it_is_too_short(market: ScriptedMarket) -> None:
    """Before anything is settled there are no versions, and one verdict."""
    record = await read_track_record(market.deps)
    assert record.versions == ()
    assert record.verdicts == ("Too few settled sessions to say (0 of at least 30).",)
    assert record.last_settled is None


async def test_live_predictions_and_best_buys_are_scored(market: ScriptedMarket) -> None:
    """Two evenings give twenty outcomes, and what the named best buys earned."""
    first = await rank_stocks(market.deps)
    await live_days(market, 2)
    record = await read_track_record(market.deps)
    (version,) = record.versions
    assert (version.scores.n, version.scores.sessions) == (20, 2)
    assert record.last_settled == date(2023, 6, 16)
    assert record.pending == 0
    assert len(version.stocks) == 10
    assert version.best_buys is not None
    assert version.best_buys.sessions == 2
    assert version.best_buys.picked >= (first.best is not None)
    assert version.verdicts == ("Too few settled sessions to say (2 of at least 30).",)


async def test_the_best_buy_is_the_one_that_was_named(market: ScriptedMarket) -> None:
    """Its return is that of the stored ranking's choice, less the cost of buying it."""
    ranking = await rank_stocks(market.deps)
    await live_days(market, 1)
    best = (await read_track_record(market.deps)).versions[0].best_buys
    async with market.store.begin() as unit:
        scored = await unit.outcomes.list_scored(Source.YAHOO, Origin.LIVE, None)
    returns = {each.symbol: each.actual_return for each in scored}
    assert set(returns) == set(DEFAULT_WATCHLIST)
    named = 0.0 if ranking.best is None else returns[ranking.best.symbol] - 0.001
    assert best is not None
    assert best.best_return.value == pytest.approx(named)
    assert best.all_return.value == pytest.approx(sum(returns.values()) / 10)


async def test_a_stock_has_a_record_of_its_own(market: ScriptedMarket) -> None:
    """Asked for one stock, nothing of the others is in it, and no best buy."""
    await live_days(market, 1)
    record = await read_track_record(market.deps, symbol="KO")
    assert record.versions[0].scores.n == 1
    assert record.versions[0].best_buys is None


async def test_windows_count_the_newest_sessions(market: ScriptedMarket) -> None:
    """Sixty sessions of seventy are shown, or all; from thirty on there are verdicts."""
    await replay_sessions(market.deps, 70, ["KO", "XOM"])
    sessions = []
    for window in Window:
        record = await read_track_record(market.deps, origin=Origin.REPLAY, window=window)
        sessions.append(record.versions[0].scores.sessions)
        assert len(record.verdicts) == 6
        ratio = record.versions[0].scores.mae_ratio
        assert ratio is not None
        assert ratio.lower is not None
    assert sessions == [60, 70, 70]


async def test_model_versions_are_never_in_one_figure(market: ScriptedMarket) -> None:
    """Each version has its own scores; the one with the newest sessions comes first."""
    predictions = (await make_predictions(market.deps, ["KO"], date(2023, 6, 14))).predictions
    async with market.store.begin() as unit:
        old = replace(predictions["KO"], model_version="old-1")
        await unit.predictions.add_predictions([old])
    market.advance(days=1)
    await settle_predictions(market.deps)
    await live_days(market, 1)
    versions = (await read_track_record(market.deps)).versions
    assert [(each.model_version == "old-1", each.scores.n) for each in versions] == [
        (False, 11),
        (True, 1),
    ]


async def test_a_record_is_read_again_only_when_it_has_changed(market: ScriptedMarket) -> None:
    """The same state gives the very same record; a new outcome gives a new one."""
    await live_days(market, 1)
    first = await read_track_record(market.deps)
    assert await read_track_record(market.deps) is first
    await live_days(market, 1)
    second = await read_track_record(market.deps)
    assert second.versions[0].scores.sessions == first.versions[0].scores.sessions + 1


async def test_every_process_reads_the_same_record(market: ScriptedMarket) -> None:
    """Intervals are resampled alike everywhere, so that answers and their tags agree."""
    await replay_sessions(market.deps, 35, ["KO", "XOM"])
    one = await read_track_record(market.deps, origin=Origin.REPLAY)
    other = await read_track_record(market.restart().deps, origin=Origin.REPLAY)
    assert one == other
    assert one is not other


async def test_pending_predictions_are_counted(market: ScriptedMarket) -> None:
    """Those whose session has closed without a close; those still to come are not pending."""
    await make_predictions(market.deps, ["KO"], date(2023, 6, 14))
    assert (await read_track_record(market.deps)).pending == 0
    market.advance(days=1)
    assert (await read_track_record(market.deps)).pending == 1


async def test_all_settled_predictions_are_listed_page_by_page(
    market: ScriptedMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is left out and nothing comes twice, whatever the size of a page."""
    await replay_sessions(market.deps, 4, ["KO", "XOM"])
    monkeypatch.setattr("oracle.services.list_settled.PAGE_ROWS", 3)
    pages = [page async for page in list_settled(market.deps, Origin.REPLAY, None)]
    assert [len(page) for page in pages] == [3, 3, 2]
    rows = [(each.prediction.symbol, each.prediction.target) for page in pages for each in page]
    assert len(set(rows)) == 8
    only = [page async for page in list_settled(market.deps, Origin.REPLAY, "KO")]
    assert {each.prediction.symbol for page in only for each in page} == {"KO"}
    assert [page async for page in list_settled(market.deps, Origin.LIVE, None)] == []


async def test_metrics_show_the_live_record(market: ScriptedMarket) -> None:
    """Coverage, error ratios, the last settled session and the age of the prices are exposed."""
    await replay_sessions(market.deps, 3, ["KO"])
    await live_days(market, 1)
    scores = (await read_track_record(market.deps, window=Window.SHORT)).versions[0].scores
    value = REGISTRY.get_sample_value
    assert value("oracle_forecast_coverage_ratio", {"level": "0.8", "window": "60"}) == (
        scores.coverages[1].share.value
    )
    for window in Window:
        assert value("oracle_forecast_settled_sessions", {"window": window}) == scores.sessions == 1
    assert scores.mae_ratio is not None
    assert value("oracle_forecast_error_ratio", {"baseline": "last_close", "window": "60"}) == (
        scores.mae_ratio.value
    )
    closed = market.deps.calendar.session_close(date(2023, 6, 15)).timestamp()
    assert value("oracle_forecast_last_settled_session_timestamp_seconds") == closed
    assert value("oracle_feed_newest_bar_timestamp_seconds", {"symbol": "KO"}) == closed


class SilentStore:
    """A database that can be told to give no answer; each unit then waits for the given seconds."""

    def __init__(self, store: Store, seconds: float) -> None:
        self._store = store
        self._seconds = seconds
        self.silent = False
        self.asked = 0

    @property
    def is_away(self) -> bool:
        """Whether it was told to give none."""
        return self.silent

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[UnitOfWork]:
        """Open a transaction, or wait and raise."""
        self.asked += 1
        if self.silent:
            await asyncio.sleep(self._seconds)
            raise DatabaseUnavailable("The database does not answer.")
        async with self._store.begin() as unit:
            yield unit

    async def ping(self) -> None:
        """Not asked here."""

    async def aclose(self) -> None:
        """Nothing of its own is open."""


async def test_a_silent_database_costs_no_record_that_was_read(market: ScriptedMarket) -> None:
    """It is given from memory with its age, at once after the first time, for a day at most."""
    await replay_sessions(market.deps, 3, ["KO"])
    store = SilentStore(market.store, seconds=30.0)
    deps = replace(market.deps, store=store)
    read = await read_track_record(deps, origin=Origin.REPLAY, patience=0.05)
    assert read.stale_since is None
    confirmed_at = market.clock.now()
    store.silent = True
    market.advance(minutes=90)
    loop = asyncio.get_running_loop()
    started = loop.time()
    assert await read_track_record(deps, origin=Origin.REPLAY, patience=0.05) == replace(
        read, stale_since=confirmed_at
    )
    asked = store.asked
    again = await read_track_record(deps, origin=Origin.REPLAY, patience=20.0)
    assert (again.stale_since, store.asked) == (confirmed_at, asked)
    market.advance(days=1)
    with pytest.raises(DatabaseUnavailable):
        await read_track_record(deps, origin=Origin.REPLAY, patience=0.05)
    with pytest.raises(DatabaseUnavailable):
        await read_track_record(deps, origin=Origin.LIVE, patience=0.05)
    assert loop.time() - started < 15.0
    await deps.track_records.flights.aclose()


async def test_a_record_is_fresh_again_once_the_database_answers(
    market: ScriptedMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure that is over leaves no trace."""
    monkeypatch.setattr("oracle.services.read_track_record.SILENCE", 0.0)
    store = SilentStore(market.store, seconds=0.0)
    deps = replace(market.deps, store=store)
    await read_track_record(deps)
    store.silent = True
    assert (await read_track_record(deps)).stale_since is not None
    store.silent = False
    assert (await read_track_record(deps)).stale_since is None


async def test_a_symbol_that_nobody_knows_has_no_record(market: ScriptedMarket) -> None:
    """It is unknown; a known stock without predictions, and one that was predicted, are not."""
    with pytest.raises(UnknownSymbol):
        await read_track_record(market.deps, symbol="QQQQZ")
    known = await read_track_record(market.deps, symbol="DIS")
    assert known.versions == ()
    with pytest.raises(UnknownSymbol):
        await read_track_record(market.deps, symbol="ZZZQ")
    await make_predictions(market.deps, ["ZZZQ"], date(2023, 6, 14))
    assert (await read_track_record(market.deps, symbol="ZZZQ")).versions == ()
