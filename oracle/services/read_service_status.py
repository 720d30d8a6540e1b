"""Use case: what of the service works now, for people."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from oracle.domain.errors import DatabaseUnavailable
from oracle.forecasting import MODEL_VERSION, pool_version
from oracle.services.check_health import PATIENCE
from oracle.services.rank_stocks import selection_of
from oracle.services.read_market_status import read_market_status

if TYPE_CHECKING:
    from datetime import date, datetime

    from oracle.domain.forecasts import FrozenFit
    from oracle.domain.rankings import Ranking
    from oracle.services.dependencies import Dependencies
    from oracle.services.read_market_status import MarketStatus


class Condition(StrEnum):
    """How a part of the service is: as it should be, behind, failing, or not to be told."""

    WORKING = "working"
    LATE = "late"
    FAILING = "failing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class StoredProgress:
    """What the database says of the work that was done; None where nothing was."""

    last_fetch: datetime | None
    newest_close: date | None
    fit: FrozenFit | None
    ranking: Ranking | None


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """The parts of the service; `stored` is None while the database does not answer."""

    market: MarketStatus
    feed_paused: bool
    stored: StoredProgress | None

    @property
    def feed(self) -> Condition:
        """Whether prices can be fetched."""
        if self.feed_paused:
            return Condition.FAILING
        if self.stored is None or self.stored.last_fetch is None:
            return Condition.UNKNOWN
        return Condition.WORKING

    @property
    def database(self) -> Condition:
        """Whether the database answers."""
        return Condition.FAILING if self.stored is None else Condition.WORKING

    @property
    def closes(self) -> Condition:
        """Whether the newest stored close is that of the last settled session."""
        return self._reached(None if self.stored is None else self.stored.newest_close)

    @property
    def run(self) -> Condition:
        """Whether the watchlist was ranked from the last settled session."""
        ranking = None if self.stored is None else self.stored.ranking
        return self._reached(None if ranking is None else ranking.as_of)

    @property
    def fit(self) -> Condition:
        """Whether the coefficients of the last settled session are frozen."""
        if self.stored is None:
            return Condition.UNKNOWN
        return Condition.LATE if self.stored.fit is None else Condition.WORKING

    @property
    def overall(self) -> Condition:
        """The worst of the parts; what cannot be told counts as behind."""
        parts = {self.feed, self.database, self.closes, self.fit, self.run}
        if Condition.FAILING in parts:
            return Condition.FAILING
        return Condition.WORKING if parts == {Condition.WORKING} else Condition.LATE

    def _reached(self, session: date | None) -> Condition:
        if self.stored is None:
            return Condition.UNKNOWN
        if session is None or session < self.market.as_of:
            return Condition.LATE
        return Condition.WORKING


async def read_service_status(deps: Dependencies) -> ServiceStatus:
    """Return what works, as far as it is known without asking the feed anything."""
    market = read_market_status(deps)
    try:
        async with asyncio.timeout(PATIENCE):
            stored = await _read_progress(deps, market.as_of)
    except (DatabaseUnavailable, TimeoutError):
        stored = None
    return ServiceStatus(market=market, feed_paused=deps.feed.is_paused, stored=stored)


async def _read_progress(deps: Dependencies, as_of: date) -> StoredProgress:
    source, watchlist = deps.feed.source, deps.settings.watchlist
    async with deps.store.begin() as unit:
        histories = await unit.bars.list_histories(source, watchlist, as_of)
        quotes = await unit.quotes.list_quotes(source, watchlist)
        newest = await unit.bars.list_newest_sessions(source, watchlist)
        fit = await unit.fits.find_fit(source, as_of, pool_version(deps.pool), MODEL_VERSION)
        ranking = await unit.rankings.find_latest_ranking(
            source, selection_of(watchlist), MODEL_VERSION, through=as_of
        )
    fetches = [each.fetched_at for each in histories.values()]
    fetches += [each.fetched_at for each in quotes.values()]
    return StoredProgress(
        last_fetch=max(fetches, default=None),
        newest_close=max(newest.values(), default=None),
        fit=fit,
        ranking=ranking,
    )
