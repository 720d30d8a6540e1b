"""The functions that feed the metrics, and that keep their labels bounded."""

from __future__ import annotations

from collections import OrderedDict
from importlib.metadata import version
from platform import python_version
from typing import TYPE_CHECKING, Literal

from oracle.domain.runs import DeliveryState, RunKind, RunState
from oracle.observability import metrics

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping
    from datetime import datetime

    from oracle.domain.forecasts import Prediction
    from oracle.domain.instruments import Source
    from oracle.domain.runs import DeliveryCounts, Run

RECENT_SYMBOLS = 40
"""How many symbols beside the watchlist may be labels at a time."""

UNMATCHED = "unmatched"
"""The route of what no route matches, and of what is not matched yet."""

DISTRIBUTION = "oracle-forecasts"
OUTAGES = ("500", "503")

CacheResult = Literal["hit", "stale", "miss"]


class SymbolLabels:
    """Decides which symbols may be labels: the pinned ones, and the most recent others."""

    def __init__(self, recent: int = RECENT_SYMBOLS) -> None:
        self._recent_limit = recent
        self._pinned: frozenset[str] = frozenset()
        self._recent: OrderedDict[str, None] = OrderedDict()

    def pin(self, symbols: Iterable[str]) -> None:
        """Keep these symbols as labels for good."""
        self._pinned = frozenset(symbols)
        for symbol in self._pinned:
            self._recent.pop(symbol, None)

    def admit(self, symbol: str) -> str | None:
        """Note the symbol's use; return the symbol that must give up its place, if any."""
        if symbol in self._pinned:
            return None
        self._recent[symbol] = None
        self._recent.move_to_end(symbol)
        if len(self._recent) <= self._recent_limit:
            return None
        return self._recent.popitem(last=False)[0]


_labels = SymbolLabels()


def pin_symbols(symbols: Iterable[str]) -> None:
    """Keep the watchlist's symbols as labels whatever visitors look up."""
    _labels.pin(symbols)


def show_build(revision: str) -> None:
    """Show which version of what runs here; the revision is the source's, or `unknown`."""
    metrics.build_info.clear()
    metrics.build_info.labels(version(DISTRIBUTION), revision, python_version()).set(1)


def show_source(source: Source) -> None:
    """Show where prices come from, so that no graph of sample data passes for a live one."""
    metrics.market_info.clear()
    metrics.market_info.labels(source.value).set(1)


def show_pool(count: Callable[[], tuple[int, int]], limit: int) -> None:
    """Show, whenever the metrics are read, how many connections are in use and idle, of how many.

    `count` returns both numbers.
    """
    metrics.database_pool_connections.labels("in_use").set_function(lambda: float(count()[0]))
    metrics.database_pool_connections.labels("idle").set_function(lambda: float(count()[1]))
    metrics.database_pool_limit.set(limit)


def show_routes(routes: Iterable[tuple[str, Collection[str]]]) -> None:
    """Begin to count what each route answers and fails to, by its template and its methods."""
    for route, methods in (*routes, (UNMATCHED, {"GET"})):
        metrics.http_requests_in_flight.labels(route)
        for method in set(methods) & {"GET", "POST"}:
            for status in OUTAGES:
                metrics.http_requests.labels(method, route, status)


def show_jobs(names: Iterable[str]) -> None:
    """Begin to count how the jobs of these names end."""
    for name in names:
        for outcome in metrics.JOB_OUTCOMES:
            metrics.job_runs.labels(name, outcome)


def show_subscribers(by_state: Mapping[str, int], suppressed_by_reason: Mapping[str, int]) -> None:
    """Show how many subscribers there are of each state, and how many suppressed addresses."""
    for state, count in by_state.items():
        metrics.subscribers.labels(state).set(count)
    for reason, count in suppressed_by_reason.items():
        metrics.suppressions.labels(reason).set(count)


def show_leadership(epoch: Callable[[], int | None]) -> None:
    """Show, whenever the metrics are read, in which epoch this process leads."""
    metrics.scheduler_is_leader.set_function(lambda: float(epoch() is not None))
    metrics.scheduler_epoch.set_function(lambda: float(epoch() or 0))


def hide_leader_figures() -> None:
    """Take away what only a leader keeps fresh, so that nobody goes on reading the past's figures.

    Values of stocks come back as soon as anybody asks this process for them.
    """
    stocks = (metrics.stock_current_value, metrics.stock_predicted_value)
    for gauge in (*metrics.LEADER_FIGURES, *stocks):
        gauge.clear()
    for gauge in metrics.LEADER_NUMBERS:
        gauge.set(float("nan"))


def observe_stock(symbol: str, *, current: float | None, predicted: float | None) -> None:
    """Show a stock's last known price and predicted value.

    None leaves what was shown; NaN says that there is no prediction for the next session.
    """
    forgotten = _labels.admit(symbol)
    for gauge, value in (
        (metrics.stock_current_value, current),
        (metrics.stock_predicted_value, predicted),
    ):
        if value is not None:
            gauge.labels(symbol).set(value)
        if forgotten is not None:
            gauge.remove_by_labels({"symbol": forgotten})


def observe_http_request(
    method: str, route: str, status: int, seconds: float, *, request_id: str
) -> None:
    """Count one answered request; `route` is its template, `unmatched` where there is none.

    GET, HEAD among them, and POST are timed; the request's id is kept as the example of its
    duration, for readers of OpenMetrics.
    """
    known = method if method in metrics.METHODS else "OTHER"
    metrics.http_requests.labels(known, route, str(status)).inc()
    timed = "GET" if method == "HEAD" else method
    if timed in metrics.TIMED_METHODS:
        metrics.http_request_duration.labels(timed, route).observe(
            seconds, {"request_id": request_id}
        )


class FeedMetrics:
    """Counts the questions to the feed, and times those that were really asked."""

    def observe(self, operation: str, outcome: str, seconds: float) -> None:
        """Record one question; the outcome is a word such as `ok` or `rate_limited`."""
        metrics.feed_requests.labels(operation, outcome).inc()
        if outcome in metrics.FEED_ANSWERS:
            metrics.feed_request_duration.labels(operation).observe(seconds)


def observe_database(operation: str, outcome: str, seconds: float) -> None:
    """Record one unit of work with the database."""
    metrics.database_unit_duration.labels(operation, outcome).observe(seconds)


def observe_newest_bars(closes: Mapping[str, datetime]) -> None:
    """Show by symbol the close of the newest bar that is stored; of others there is none."""
    metrics.newest_bar.clear()
    for symbol, close in closes.items():
        metrics.newest_bar.labels(symbol).set(close.timestamp())


def observe_predictions(made: Iterable[Prediction]) -> None:
    """Count predictions that this process made and stored."""
    for prediction in made:
        outcome = "abstained" if prediction.abstained else "made"
        metrics.forecast_predictions.labels(outcome).inc()


def observe_settled_sessions(window: str, sessions: int) -> None:
    """Show how many settled sessions the live record has within that window."""
    metrics.settled_sessions.labels(window).set(sessions)


def observe_coverage(level: float, window: str, share: float) -> None:
    """Show the live record's coverage at that level over that window."""
    metrics.forecast_coverage.labels(f"{level:g}", window).set(share)


def observe_error_ratio(baseline: str, window: str, ratio: float) -> None:
    """Show the live record's error relative to that baseline over that window."""
    metrics.forecast_error.labels(baseline, window).set(ratio)


def observe_cache(cache: str, result: CacheResult) -> None:
    """Count one question to a cache: answered fresh, answered stale, or not answered."""
    metrics.cache_requests.labels(cache, result).inc()


def observe_run(run: Run) -> None:
    """Show when the run came into its state."""
    moment = run.finished_at or run.started_at
    metrics.scheduler_last_run.labels(run.kind, run.state).set(moment.timestamp())


def observe_run_counts(counts: Mapping[tuple[RunKind, RunState], int]) -> None:
    """Show how many runs of each kind there were in each state, none where nothing is said."""
    for kind in RunKind:
        for state in RunState:
            metrics.scheduler_runs.labels(kind, state).set(counts.get((kind, state), 0))


def observe_overdue(seconds: Mapping[RunKind, float]) -> None:
    """Show for how long a run of each kind has been due, not at all where nothing is said."""
    for kind in RunKind:
        metrics.scheduler_overdue.labels(kind).set(seconds.get(kind, 0.0))


def observe_deliveries(counts: DeliveryCounts, now: datetime, *, seconds_left: float) -> None:
    """Show where the newest digest's deliveries stand, at that time of the database's clock."""
    metrics.digest_seconds_left.set(seconds_left)
    for state in DeliveryState:
        metrics.digest_deliveries.labels(state).set(counts.of(state))
    oldest = counts.oldest_pending_at
    metrics.digest_oldest_pending.set(0.0 if oldest is None else (now - oldest).total_seconds())
