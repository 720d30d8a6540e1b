"""Every metric object of the application, and the functions that feed them.

All names begin with `oracle_`; every label comes from a bounded set. Symbols are labels only for
the watchlist and for a small set of those asked for most recently.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Literal

from prometheus_client import Counter, Gauge, Histogram

from oracle.domain.runs import DeliveryState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from oracle.domain.instruments import Source
    from oracle.domain.runs import DeliveryCounts, Run

RECENT_SYMBOLS = 40
"""How many symbols beside the watchlist may be labels at a time."""

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_WEB_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_FEED_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_DATABASE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_FORECAST_BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)

http_requests = Counter(
    "oracle_http_requests_total", "Requests answered.", ["method", "route", "status"]
)
http_request_duration = Histogram(
    "oracle_http_request_duration_seconds",
    "Time from a request's arrival to the end of its answer.",
    ["method", "route"],
    buckets=_WEB_BUCKETS,
)
http_requests_in_flight = Gauge(
    "oracle_http_requests_in_flight", "Requests being answered at this moment."
)
sse_viewers = Gauge(
    "oracle_web_sse_viewers", "Open pages that new prices are sent to at this moment."
)
stock_current_value = Gauge(
    "oracle_stock_current_value", "Last known price, in the stock's currency.", ["symbol"]
)
stock_predicted_value = Gauge(
    "oracle_stock_predicted_value",
    "Predicted close of the next session, in the stock's currency.",
    ["symbol"],
)
feed_request_duration = Histogram(
    "oracle_feed_request_duration_seconds",
    "Time of one question to the price feed.",
    ["operation", "outcome"],
    buckets=_FEED_BUCKETS,
)
feed_circuit_open = Gauge(
    "oracle_feed_circuit_open", "1 while the feed is not asked because it refused or failed."
)
feed_rows_withheld = Counter(
    "oracle_feed_rows_withheld_total", "Bars of the feed that were not stored as implausible."
)
database_unit_duration = Histogram(
    "oracle_database_unit_duration_seconds",
    "Time of one transaction or ping, waiting for a connection included.",
    ["operation", "outcome"],
    buckets=_DATABASE_BUCKETS,
)
cache_requests = Counter(
    "oracle_cache_requests_total", "Questions to the in-memory caches.", ["cache", "result"]
)
forecast_duration = Histogram(
    "oracle_forecast_duration_seconds",
    "Time of the numerical work, by stage.",
    ["stage"],
    buckets=_FORECAST_BUCKETS,
)
forecast_coverage = Gauge(
    "oracle_forecast_coverage_ratio",
    "Share of closes that fell into the interval of that level, of live predictions.",
    ["level", "window"],
)
forecast_error = Gauge(
    "oracle_forecast_error_ratio",
    "Error over the baseline's: absolute for last_close, CRPS for the others; below 1 is better.",
    ["baseline", "window"],
)
last_settled_session = Gauge(
    "oracle_forecast_last_settled_session_timestamp_seconds",
    "Close of the newest session of which a live prediction is settled.",
)
newest_bar = Gauge(
    "oracle_feed_newest_bar_timestamp_seconds", "Close of the watchlist's newest stored bar."
)
# Before anything is known an alert must not take the year 1970 for an answer.
last_settled_session.set(float("nan"))
newest_bar.set(float("nan"))
job_runs = Counter("oracle_scheduler_job_runs_total", "Runs of scheduled jobs.", ["job", "outcome"])
scheduler_is_leader = Gauge("oracle_scheduler_is_leader", "1 while this process leads.")
scheduler_epoch = Gauge("oracle_scheduler_epoch", "The epoch in which this process leads, else 0.")
scheduler_last_run = Gauge(
    "oracle_scheduler_last_run_timestamp_seconds",
    "When the newest run of that kind came into that state.",
    ["kind", "state"],
)
scheduler_next_due = Gauge(
    "oracle_scheduler_next_due_timestamp_seconds", "When the next digest is due."
)
digest_runs = Counter(
    "oracle_digest_runs_total", "Runs of the digest that this process brought there.", ["state"]
)
digest_deliveries = Gauge(
    "oracle_digest_deliveries", "Deliveries of the newest digest, by state.", ["state"]
)
digest_oldest_pending = Gauge(
    "oracle_digest_oldest_pending_seconds", "How long the oldest delivery has been waiting."
)
digest_seconds_left = Gauge(
    "oracle_digest_seconds_left", "How long the newest digest still takes at the allowed rate."
)
digest_send_duration = Histogram(
    "oracle_digest_send_duration_seconds",
    "Time of handing over one mail.",
    ["outcome"],
    buckets=_FEED_BUCKETS,
)
confirmation_mails = Counter(
    "oracle_confirmation_mails_total", "Mails that answer sign-ups, by outcome.", ["outcome"]
)
mail_events = Counter("oracle_mail_events_total", "Reports of the mail provider.", ["kind"])
mail_events_refused = Counter(
    "oracle_mail_events_refused_total", "Messages in the queue of reports that were none."
)
subscribers = Gauge("oracle_subscribers", "Subscribers of the digest, by state.", ["state"])
rows_removed = Counter(
    "oracle_rows_removed_total", "Old rows that this process removed, by what they are.", ["what"]
)
suppressions = Gauge(
    "oracle_suppressions", "Addresses that are never written to, by reason.", ["reason"]
)

market_info = Gauge(
    "oracle_market_info", "1 for where this process's prices come from.", ["source"]
)

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


def show_source(source: Source) -> None:
    """Show where prices come from, so that no graph of sample data passes for a live one."""
    market_info.clear()
    market_info.labels(source.value).set(1)


def show_subscribers(by_state: Mapping[str, int], suppressed_by_reason: Mapping[str, int]) -> None:
    """Show how many subscribers there are of each state, and how many suppressed addresses."""
    for state, count in by_state.items():
        subscribers.labels(state).set(count)
    for reason, count in suppressed_by_reason.items():
        suppressions.labels(reason).set(count)


def observe_stock(symbol: str, *, current: float | None, predicted: float | None) -> None:
    """Show a stock's last known price and predicted value.

    None leaves what was shown; NaN says that there is no prediction for the next session.
    """
    forgotten = _labels.admit(symbol)
    for gauge, value in ((stock_current_value, current), (stock_predicted_value, predicted)):
        if value is not None:
            gauge.labels(symbol).set(value)
        if forgotten is not None:
            gauge.remove_by_labels({"symbol": forgotten})


def observe_http_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count one answered request; `route` is its template, `unmatched` where there is none."""
    known = method if method in _METHODS else "OTHER"
    http_requests.labels(known, route, str(status)).inc()
    http_request_duration.labels(known, route).observe(seconds)


class FeedMetrics:
    """Counts and times the questions to the feed."""

    def observe(self, operation: str, outcome: str, seconds: float) -> None:
        """Record one question; the outcome is a word such as `ok` or `rate_limited`."""
        feed_request_duration.labels(operation, outcome).observe(seconds)


def observe_database(operation: str, outcome: str, seconds: float) -> None:
    """Record one unit of work with the database."""
    database_unit_duration.labels(operation, outcome).observe(seconds)


def observe_coverage(level: float, window: str, share: float) -> None:
    """Show the live record's coverage at that level over that window."""
    forecast_coverage.labels(f"{level:g}", window).set(share)


def observe_error_ratio(baseline: str, window: str, ratio: float) -> None:
    """Show the live record's error relative to that baseline over that window."""
    forecast_error.labels(baseline, window).set(ratio)


def observe_cache(cache: str, result: CacheResult) -> None:
    """Count one question to a cache: answered fresh, answered stale, or not answered."""
    cache_requests.labels(cache, result).inc()


def show_leadership(epoch: Callable[[], int | None]) -> None:
    """Show, whenever the metrics are read, in which epoch this process leads."""
    scheduler_is_leader.set_function(lambda: float(epoch() is not None))
    scheduler_epoch.set_function(lambda: float(epoch() or 0))


def observe_run(run: Run) -> None:
    """Show when the run came into its state."""
    moment = run.finished_at or run.started_at
    scheduler_last_run.labels(run.kind, run.state).set(moment.timestamp())


def observe_deliveries(counts: DeliveryCounts, now: datetime, *, seconds_left: float) -> None:
    """Show where the newest digest's deliveries stand, at that time of the database's clock."""
    digest_seconds_left.set(seconds_left)
    for state in DeliveryState:
        digest_deliveries.labels(state).set(counts.of(state))
    oldest = counts.oldest_pending_at
    digest_oldest_pending.set(0.0 if oldest is None else (now - oldest).total_seconds())
