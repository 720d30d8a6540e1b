"""The composition root: turns settings into the adapters that the services work with."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from oracle.adapters.calendar import calendar_around
from oracle.adapters.clock import FixedClock, StartingClock, SystemClock
from oracle.adapters.directory import LocalDirectory
from oracle.adapters.sample import SampleFeed, last_moment
from oracle.adapters.sql.engine import create_store
from oracle.adapters.sql.migrate import is_current, migrate
from oracle.adapters.yahoo import YahooFeed
from oracle.domain.errors import FeedError, OracleError
from oracle.observability import metrics
from oracle.observability.logs import get_logger
from oracle.services.dependencies import Dependencies
from oracle.services.market_data import MarketData
from oracle.settings import Market

if TYPE_CHECKING:
    from oracle.ports import Clock, PriceFeed, TradingCalendar
    from oracle.settings import Settings

PROBE_SECONDS = 3.0
"""How long Yahoo may take to answer at start before `auto` takes the sample market."""

SQLITE = "sqlite+aiosqlite:"

_log = get_logger(__name__)


class DatabaseOutdated(OracleError):
    """The database has not the tables this version needs."""

    hint = "Run `oracle migrate` first."


async def bootstrap(settings: Settings) -> Dependencies:
    """Return the dependencies: a feed that answers, and a database with its tables.

    Raises DatabaseOutdated, DatabaseUnavailable, and FeedError when `ORACLE_NOW` stands where the
    calendar or the sample market has no data.
    """
    await _prepare_database(settings)
    feed, clock, calendar = await _choose_market(settings)
    store = create_store(
        settings.database_url.get_secret_value(),
        deadline=settings.database_deadline,
        pool_size=settings.database_pool_size,
        observer=metrics.observe_database,
    )
    metrics.pin_symbols(settings.watchlist)
    is_sample = isinstance(feed, SampleFeed)
    return Dependencies(
        settings=settings,
        clock=clock,
        calendar=calendar,
        directory=LocalDirectory(only=feed.universe if is_sample else None),
        feed=feed,
        store=store,
        market=MarketData(clock=clock, calendar=calendar, feed=feed, store=store),
        pool=feed.universe if is_sample else settings.pool,
    )


async def _prepare_database(settings: Settings) -> None:
    url = settings.database_url.get_secret_value()
    if url.startswith(SQLITE) and not settings.is_production:
        # The embedded database has one user, who should not need to know what a migration is.
        await migrate(url)
    elif not await is_current(url):
        raise DatabaseOutdated("The database has not the tables that this version needs.")


async def _choose_market(settings: Settings) -> tuple[PriceFeed, Clock, TradingCalendar]:
    clock = _clock(settings)
    if settings.market is Market.SAMPLE:
        return await _sample_market(settings)
    calendar = await asyncio.to_thread(calendar_around, clock.now())
    feed = YahooFeed(
        clock=clock,
        deadline=settings.feed_deadline,
        threads=settings.feed_threads,
        cache_folder=settings.cache_folder,
        base_url=settings.yahoo_url,
        observer=metrics.FeedMetrics(),
    )
    if settings.market is Market.YAHOO:
        return feed, clock, calendar
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            await feed.probe()
    except (FeedError, TimeoutError) as error:
        _log.warning(
            "sample_market",
            why=f"Yahoo did not answer within {PROBE_SECONDS:g} s of the start: {error}".rstrip(
                ": "
            ),
            note="All prices are old sample data; set ORACLE_MARKET=yahoo to insist on Yahoo.",
        )
        await feed.aclose()
        return await _sample_market(settings)
    return feed, clock, calendar


async def _sample_market(settings: Settings) -> tuple[PriceFeed, Clock, TradingCalendar]:
    clock = FixedClock(last_moment()) if settings.now is None else _clock(settings)
    calendar = await asyncio.to_thread(calendar_around, clock.now())
    return SampleFeed(clock, calendar), clock, calendar


def _clock(settings: Settings) -> Clock:
    return SystemClock() if settings.now is None else StartingClock(settings.now)
