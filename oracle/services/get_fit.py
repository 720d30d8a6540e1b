"""Use case: the coefficients of a session, fitted on the pool once and frozen for everybody."""

from __future__ import annotations

import asyncio
from time import perf_counter
from typing import TYPE_CHECKING

from oracle.domain.errors import PoolIncomplete
from oracle.domain.forecasts import FrozenFit
from oracle.domain.wording import name_session
from oracle.forecasting import MODEL_VERSION, Fit, Panel, fit_pool, pool_version
from oracle.observability import measurements, metrics
from oracle.observability.logs import get_logger
from oracle.ports import StoredHistory
from oracle.services.background import SingleFlight

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.domain.prices import PriceHistory
    from oracle.services.dependencies import Dependencies

MIN_POOL_SHARE = 0.75
"""The least share of the pool that must have the session's close before it is fitted."""

_log = get_logger(__name__)


class FitCache:
    """The newest fit of this process, and the work that makes it."""

    def __init__(self) -> None:
        self.newest: Fit | None = None
        self.flights: SingleFlight[date, Fit] = SingleFlight("fit_pool")


async def get_fit(deps: Dependencies, as_of: date) -> Fit:
    """Return the frozen fit of that session: stored if any instance made it, else made now.

    Raises PoolIncomplete while too few stocks of the pool have the session's close.
    """
    newest = deps.fits.newest
    if newest is not None and newest.as_of == as_of:
        measurements.observe_cache("fits", "hit")
        return newest
    measurements.observe_cache("fits", "miss")
    return await deps.fits.flights.run(as_of, lambda: _find_or_make(deps, as_of))


async def _find_or_make(deps: Dependencies, as_of: date) -> Fit:
    version = pool_version(deps.pool)
    async with deps.store.begin() as unit:
        frozen = await unit.fits.find_fit(deps.feed.source, as_of, version, MODEL_VERSION)
    if frozen is None:
        made = await _make(deps, as_of)
        candidate = FrozenFit(
            source=deps.feed.source,
            as_of=as_of,
            pool_version=version,
            model_version=MODEL_VERSION,
            payload=made.to_json(),
            fingerprint=made.fingerprint(),
            created_at=deps.clock.now(),
        )
        async with deps.store.begin() as unit:
            frozen = await unit.fits.add_fit(candidate)
        _log.info(
            "fit_frozen", as_of=str(as_of), stocks=len(made.symbols), fingerprint=made.fingerprint()
        )
    fit = Fit.from_json(frozen.payload)
    newest = deps.fits.newest
    if newest is None or newest.as_of < as_of:
        deps.fits.newest = fit
    return fit


async def _make(deps: Dependencies, as_of: date) -> Fit:
    answers = await deps.market.list_histories(deps.pool, through=as_of)
    histories = [
        answer.history.up_to(as_of)
        for answer in answers.values()
        if isinstance(answer, StoredHistory)
    ]
    return await asyncio.to_thread(fit_histories, histories, deps.pool, as_of)


def fit_histories(histories: Sequence[PriceHistory], pool: Sequence[str], as_of: date) -> Fit:
    """Return the fit on those of the pool's histories that end with the bar of `as_of`.

    Raises PoolIncomplete when they are too few of the pool.
    """
    complete = [history for history in histories if history.last_session == as_of]
    if len(complete) < MIN_POOL_SHARE * len(pool):
        raise PoolIncomplete(
            f"Only {len(complete)} of the {len(pool)} stocks that train the forecast "
            f"have their close of {name_session(as_of)} yet."
        )
    started = perf_counter()
    fit = fit_pool(Panel.align(complete, until=as_of))
    metrics.forecast_duration.labels("fit").observe(perf_counter() - started)
    return fit
