"""The composition root: turns settings into the adapters that the services work with."""

from __future__ import annotations

import asyncio
import os
import socket
from datetime import timedelta
from secrets import token_hex
from typing import TYPE_CHECKING

from oracle.adapters.calendar import calendar_around
from oracle.adapters.clock import FixedClock, StartingClock, SystemClock
from oracle.adapters.directory import LocalDirectory
from oracle.adapters.images.choice import choose_images
from oracle.adapters.images.inspection import PillowInspector
from oracle.adapters.mail.choice import choose_mail_events, choose_mailer
from oracle.adapters.mail.renderer import MAIL_TEMPLATES, TemplateMailRenderer
from oracle.adapters.sample import SampleFeed, last_moment
from oracle.adapters.signing_key import choose_signing_key
from oracle.adapters.sql.access import choose_access
from oracle.adapters.sql.engine import create_store
from oracle.adapters.sql.leader_lock import create_leader_lock
from oracle.adapters.sql.migrate import is_current, migrate
from oracle.adapters.tokens import SignedTokens
from oracle.domain.errors import (
    FeedError,
    FeedUnavailable,
    InvalidInput,
    OracleError,
    SettingsError,
)
from oracle.domain.instruments import Source
from oracle.observability import measurements, metrics
from oracle.observability.logs import get_logger
from oracle.services.dependencies import Dependencies
from oracle.services.market_data import MarketData
from oracle.settings import Market

if TYPE_CHECKING:
    from oracle.adapters.sql.access import ServerAccess
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

    Raises DatabaseOutdated, DatabaseUnavailable, and SettingsError when `ORACLE_NOW` stands beyond
    the trading calendar or before the sample market, or when the key that signs links cannot be
    kept.
    """
    access = choose_access(settings)
    key = choose_signing_key(settings)
    await _prepare_database(settings, access)
    try:
        feed, clock, calendar = await _choose_market(settings)
    except (InvalidInput, FeedUnavailable) as error:
        if settings.now is None:
            raise
        raise SettingsError(f"ORACLE_NOW is '{settings.now.isoformat()}', but {error}") from error
    store = create_store(
        settings.database_url.get_secret_value(),
        deadline=settings.database_deadline,
        pool_size=settings.database_pool_size,
        observer=measurements.observe_database,
        access=access,
    )
    instance = _name_instance()
    measurements.pin_symbols(settings.watchlist)
    measurements.show_source(feed.source)
    measurements.show_build(settings.revision)
    measurements.show_pool(store.count_connections, store.pool_limit)
    sample = feed.universe if isinstance(feed, SampleFeed) else None
    return Dependencies(
        settings=settings,
        clock=clock,
        calendar=calendar,
        directory=LocalDirectory(only=sample),
        feed=feed,
        store=store,
        market=MarketData(
            clock=clock,
            calendar=calendar,
            feed=feed,
            store=store,
            quote_seconds=settings.quote_seconds,
        ),
        pool=sample or settings.pool,
        images=choose_images(settings),
        image_inspector=PillowInspector(),
        leader_lock=create_leader_lock(
            settings.database_url.get_secret_value(),
            store,
            holder=instance,
            lease=timedelta(seconds=settings.leader_lease),
            deadline=settings.database_deadline,
            access=access,
        ),
        instance=instance,
        mailer=choose_mailer(settings),
        mail_renderer=TemplateMailRenderer(MAIL_TEMPLATES),
        mail_events=choose_mail_events(settings),
        tokens=SignedTokens(key.secret),
        has_shared_key=key.is_shared,
    )


def _name_instance() -> str:
    """Return a name of at most 64 characters that no other process has or had."""
    return f"{socket.gethostname()[:32]}:{os.getpid()}:{token_hex(6)}"


async def _prepare_database(settings: Settings, access: ServerAccess) -> None:
    url = settings.database_url.get_secret_value()
    if url.startswith(SQLITE) and not settings.is_production:
        # The embedded database has one user, who should not need to know what a migration is.
        await migrate(url)
    elif not await is_current(url, access):
        raise DatabaseOutdated("The database has not the tables that this version needs.")


async def _choose_market(settings: Settings) -> tuple[PriceFeed, Clock, TradingCalendar]:
    if settings.market is Market.SAMPLE:
        return await _sample_market(settings)
    clock = _clock(settings)
    calendar = await asyncio.to_thread(calendar_around, clock.now())
    feed = _yahoo(settings, clock)
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


def _yahoo(settings: Settings, clock: Clock) -> PriceFeed:
    # The client brings a second's worth of libraries, which the sample market does without.
    from oracle.adapters.yahoo import CircuitState, YahooFeed  # noqa: PLC0415

    feed = YahooFeed(
        clock=clock,
        deadline=settings.feed_deadline,
        threads=settings.feed_threads,
        cache_folder=settings.cache_folder,
        base_url=settings.yahoo_url,
        source=Source.REHEARSAL if settings.is_rehearsal else Source.YAHOO,
        observer=measurements.FeedMetrics(),
    )
    metrics.feed_circuit_open.set_function(
        lambda: float(feed.circuit_state is not CircuitState.CLOSED)
    )
    return feed


async def _sample_market(settings: Settings) -> tuple[PriceFeed, Clock, TradingCalendar]:
    if settings.now is None:
        clock: Clock = FixedClock(await asyncio.to_thread(last_moment))
    else:
        clock = _clock(settings)
    calendar = await asyncio.to_thread(calendar_around, clock.now())
    feed = SampleFeed(clock, calendar)
    await feed.probe()
    return feed, clock, calendar


def _clock(settings: Settings) -> Clock:
    return SystemClock() if settings.now is None else StartingClock(settings.now)
