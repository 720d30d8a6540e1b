"""Use case: show the live record and the age of the prices as metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.forecasts import Origin
from oracle.domain.track_record import Window
from oracle.observability import measurements, metrics
from oracle.services.read_track_record import read_track_record

if TYPE_CHECKING:
    from oracle.domain.track_record import Scores
    from oracle.services.dependencies import Dependencies


async def observe_record(deps: Dependencies) -> None:
    """Set the metrics of the newest model's live record, and of each newest bar of the watchlist.

    Replayed predictions never appear in a metric. Raises DatabaseUnavailable.
    """
    for window in Window:
        record = await read_track_record(deps, origin=Origin.LIVE, window=window)
        if record.versions:
            _observe_scores(window, record.versions[0].scores)
        if record.last_settled is not None:
            closed = deps.calendar.session_close(record.last_settled)
            metrics.last_settled_session.set(closed.timestamp())
    async with deps.store.begin() as unit:
        newest = await unit.bars.list_newest_sessions(deps.feed.source, deps.settings.watchlist)
    measurements.observe_newest_bars(
        {symbol: deps.calendar.session_close(session) for symbol, session in newest.items()}
    )


def _observe_scores(window: Window, scores: Scores) -> None:
    measurements.observe_settled_sessions(window.value, scores.sessions)
    for coverage in scores.coverages:
        measurements.observe_coverage(coverage.level, window.value, coverage.share.value)
    ratios = {
        "last_close": scores.mae_ratio,
        "ewma_gaussian": scores.crps_gaussian_ratio,
        "rolling_empirical": scores.crps_empirical_ratio,
    }
    for baseline, ratio in ratios.items():
        if ratio is not None:
            measurements.observe_error_ratio(baseline, window.value, ratio.value)
