"""What of the service works, as people are told."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from oracle.domain.errors import DatabaseUnavailable
from oracle.services.rank_stocks import rank_stocks
from oracle.services.read_service_status import Condition, read_service_status

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager

    from oracle.ports import UnitOfWork
    from tests.unit.services.scripted_market import ScriptedMarket


class SilentStore:
    """A database that does not answer."""

    is_away = True

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Fail as a store does."""
        raise DatabaseUnavailable("The database does not answer.")

    async def ping(self) -> None:
        """Fail as a store does."""
        raise DatabaseUnavailable("The database does not answer.")

    async def aclose(self) -> None:
        """Release nothing."""


async def test_after_a_run_everything_works(market: ScriptedMarket) -> None:
    """Once the watchlist is ranked, every part is as it should be, with its time and session."""
    await rank_stocks(market.deps)
    found = await read_service_status(market.deps)
    assert found.overall is Condition.WORKING
    assert found.stored is not None
    assert found.stored.last_fetch == market.clock.now()
    assert found.stored.newest_close == found.market.as_of
    assert found.stored.fit is not None
    assert found.stored.ranking is not None
    assert found.stored.ranking.as_of == found.market.as_of


async def test_before_the_first_run_nothing_is_claimed(market: ScriptedMarket) -> None:
    """An empty database works, and what was not done yet is behind or unknown."""
    found = await read_service_status(market.deps)
    assert found.database is Condition.WORKING
    assert found.feed is Condition.UNKNOWN
    assert {found.closes, found.fit, found.run} == {Condition.LATE}
    assert found.overall is Condition.LATE


async def test_a_new_close_leaves_the_old_run_behind(market: ScriptedMarket) -> None:
    """A day later the same run is late, and the feed still works."""
    await rank_stocks(market.deps)
    market.advance(days=1)
    found = await read_service_status(market.deps)
    assert found.feed is Condition.WORKING
    assert {found.closes, found.fit, found.run} == {Condition.LATE}


async def test_a_paused_feed_is_failing(market: ScriptedMarket) -> None:
    """While the source is left alone, no price can come, whatever came before."""
    await rank_stocks(market.deps)
    market.feed.is_paused = True
    found = await read_service_status(market.deps)
    assert found.feed is Condition.FAILING
    assert found.overall is Condition.FAILING


async def test_a_silent_database_is_told_and_asks_nobody_else(market: ScriptedMarket) -> None:
    """Without the database its part fails, and what only it knows is unknown; no feed is asked."""
    found = await read_service_status(replace(market.deps, store=SilentStore()))
    assert found.database is Condition.FAILING
    assert {found.feed, found.closes, found.fit, found.run} == {Condition.UNKNOWN}
    assert found.overall is Condition.FAILING
    assert market.feed.asked == []
