"""What the leader shows of the watchlist's predictions, whoever made them."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY

from oracle.domain.errors import FeedUnavailable
from oracle.domain.runs import RunKind
from oracle.observability import measurements
from oracle.services.run_session_work import prepare_session
from oracle.settings import DEFAULT_WATCHLIST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.services.scripted_market import ScriptedMarket


@pytest.fixture(autouse=True)
def hide_figures() -> Iterator[None]:
    """Begin and end as a process does that nobody has asked yet."""
    measurements.hide_leader_figures()
    yield
    measurements.hide_leader_figures()


async def lead(market: ScriptedMarket) -> None:
    """Prepare the session as whoever is elected now."""
    epoch = await market.deps.leader_lock.acquire()
    assert epoch is not None
    await prepare_session(market.deps, epoch)
    await market.deps.leader_lock.release()


def predicted() -> dict[str, float]:
    """Return the predicted values that are shown of the watchlist, by symbol."""
    shown = {
        symbol: REGISTRY.get_sample_value("oracle_stock_predicted_value", {"symbol": symbol})
        for symbol in DEFAULT_WATCHLIST
    }
    return {symbol: value for symbol, value in shown.items() if value is not None}


async def test_who_takes_over_shows_what_another_predicted(market: ScriptedMarket) -> None:
    """A process that finds the ranking stored shows its ten values before anybody visits."""
    await lead(market)
    made = predicted()
    measurements.hide_leader_figures()
    assert predicted() == {}
    market.feed.asked.clear()
    await lead(market.restart())
    assert market.feed.asked == []
    assert predicted() == made
    assert set(made) == set(DEFAULT_WATCHLIST)
    assert all(value > 0 for value in made.values())


async def test_a_stock_without_prediction_shows_none(market: ScriptedMarket) -> None:
    """Whatever was shown of it before, what cannot be predicted is no number."""
    measurements.observe_stock("WMT", current=None, predicted=1.0)
    market.feed.failures["WMT"] = FeedUnavailable("WMT timed out.")
    await lead(market)
    shown = predicted()
    assert math.isnan(shown.pop("WMT"))
    assert all(value > 0 for value in shown.values())


async def runs_of(market: ScriptedMarket) -> set[RunKind]:
    """Return the kinds of work that are noted as done for the session."""
    async with market.deps.store.begin() as unit:
        session = market.deps.market.usable_session()
        source = market.deps.feed.source
        return {kind for kind in RunKind if await unit.runs.find_run(source, kind, session)}


async def test_work_is_done_when_of_a_stock_nothing_can_be_said(market: ScriptedMarket) -> None:
    """That is an answer, stored as any other: nobody is woken because of it every evening."""
    market.feed.lengths["WMT"] = 30
    await lead(market)
    assert await runs_of(market) == {RunKind.BARS, RunKind.FORECAST}


async def test_work_is_not_done_while_a_close_is_missing(market: ScriptedMarket) -> None:
    """A stock whose prices did not come is waited for."""
    market.feed.failures["WMT"] = FeedUnavailable("WMT timed out.")
    await lead(market)
    assert await runs_of(market) == set()


async def test_the_last_sessions_ranking_is_no_prediction_of_the_next(
    market: ScriptedMarket,
) -> None:
    """While the new session's bars are missing, the values of the one before are taken back."""
    await lead(market)
    market.clock.moment += timedelta(days=1)
    market.feed.outage = FeedUnavailable("The feed is away.")
    await lead(market)
    shown = predicted()
    assert set(shown) == set(DEFAULT_WATCHLIST)
    assert all(math.isnan(value) for value in shown.values())
