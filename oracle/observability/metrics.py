"""Every metric object of the application; `measurements` holds the functions that feed them.

All names begin with `oracle_`; every label comes from a bounded set. Where the set is closed it
stands in CLOSED_LABELS, and counters and timings show each of its values from the start: who asks
for a rate sees the first increase only beside a zero. What is kept in the database is shown by the
leader alone; whoever stops leading takes those figures away. docs/metrics.md describes each.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Final, TypeVar

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics

from oracle.domain.instruments import Source
from oracle.domain.outcomes import RECORD_LEVELS
from oracle.domain.runs import DeliveryState, MailEventKind, RunKind, RunState
from oracle.domain.subscribers import SubscriberState, SuppressionReason
from oracle.domain.track_record import Window

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    AnyMetric = TypeVar("AnyMetric", Counter, Gauge, Histogram)

# When a series was created nobody here asks, and it would double the page.
disable_created_metrics()  # type: ignore[no-untyped-call]

METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER")
TIMED_METHODS: Final = ("GET", "POST")
FEED_OPERATIONS: Final = ("probe", "history", "quote", "search")
FEED_ANSWERS: Final = (
    *("ok", "not_found", "unsupported", "rejected", "rate_limited", "timeout", "unavailable"),
)
FEED_OUTCOMES: Final = (*FEED_ANSWERS, "circuit_open", "full", "cancelled")
DATABASE_OPERATIONS: Final = ("transaction", "ping")
DATABASE_OUTCOMES: Final = ("committed", "failed", "unavailable", "cancelled")
POOL_STATES: Final = ("in_use", "idle")
CACHES: Final = ("quotes", "histories", "fits", "predictions", "rankings", "track_records")
CACHE_RESULTS: Final = ("hit", "stale", "miss")
STAGES: Final = ("fit", "forecast")
PREDICTION_OUTCOMES: Final = ("made", "abstained")
BASELINES: Final = ("last_close", "ewma_gaussian", "rolling_empirical")
JOB_OUTCOMES: Final = ("ok", "failed", "stale", "crashed")
SEND_OUTCOMES: Final = ("sent", "refused", "throttled", "not_sent", "paused", "unknown")
CONFIRMATION_OUTCOMES: Final = ("sent", "not_sent", "refused", "unknown")
LOG_LEVELS: Final = ("debug", "info", "warning", "error", "critical")
OLD_ROWS: Final = ("unconfirmed", "reports", "deliveries")

CLOSED_LABELS: Final[dict[str, dict[str, frozenset[str]]]] = {}
"""By metric, as it is declared, and label: all the values there can be."""

LEADER_FIGURES: Final[list[Gauge]] = []
"""The gauges that say what the database holds, with labels."""

LEADER_NUMBERS: Final[list[Gauge]] = []
"""Those without labels: NaN as long as nothing is known."""

WEB_BUCKETS: Final = (0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0)
_FEED_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
_DATABASE_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_FORECAST_BUCKETS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
_LAG_BUCKETS = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


def _close(name: str, labels: Mapping[str, Sequence[str]]) -> list[str]:
    """Note the values of those labels, and return the labels' names."""
    CLOSED_LABELS[name] = {label: frozenset(values) for label, values in labels.items()}
    return list(labels)


def _begin(metric: AnyMetric, labels: Mapping[str, Sequence[str]]) -> AnyMetric:
    """Return the metric, showing every combination of the labels' values."""
    for values in product(*labels.values()):
        metric.labels(*values)
    return metric


def _counter(name: str, text: str, labels: Mapping[str, Sequence[str]]) -> Counter:
    return _begin(Counter(name, text, _close(name, labels)), labels)


def _timing(
    name: str, text: str, labels: Mapping[str, Sequence[str]], buckets: Sequence[float]
) -> Histogram:
    return _begin(Histogram(name, text, _close(name, labels), buckets=buckets), labels)


def _figure(
    name: str,
    text: str,
    labels: Mapping[str, Sequence[str]] | None = None,
    *,
    more: Sequence[str] = (),
) -> Gauge:
    """Return a gauge of what the database holds, which shows nothing before it was looked at."""
    gauge = Gauge(name, text, [*_close(name, labels or {}), *more])
    if labels or more:
        LEADER_FIGURES.append(gauge)
    else:
        # Before anything is known an alert must not take the year 1970 for an answer.
        gauge.set(float("nan"))
        LEADER_NUMBERS.append(gauge)
    return gauge


CLOSED_LABELS["oracle_http_requests_total"] = {"method": frozenset(METHODS)}
CLOSED_LABELS["oracle_http_request_duration_seconds"] = {"method": frozenset(TIMED_METHODS)}
http_requests = Counter(
    "oracle_http_requests_total", "Requests answered.", ["method", "route", "status"]
)
http_request_duration = Histogram(
    "oracle_http_request_duration_seconds",
    "Time from a request's arrival to the end of its answer.",
    ["method", "route"],
    buckets=WEB_BUCKETS,
)
http_requests_in_flight = Gauge(
    "oracle_http_requests_in_flight", "Requests being answered at this moment.", ["route"]
)
sse_viewers = Gauge(
    "oracle_web_sse_viewers", "Open pages that new prices are sent to at this moment."
)
event_loop_lag = Histogram(
    "oracle_event_loop_lag_seconds",
    "How much later than due the event loop came back to a task that slept.",
    buckets=_LAG_BUCKETS,
)
log_lines = _counter(
    "oracle_log_lines_total", "Log lines of this process, by level.", {"level": LOG_LEVELS}
)
log_lines_lost = Counter(
    "oracle_log_lines_lost_total", "Log lines that could not be written anywhere."
)
build_info = Gauge(
    "oracle_build_info", "1 for what this process runs.", ["version", "revision", "python"]
)
market_info = Gauge(
    "oracle_market_info",
    "1 for where this process's prices come from.",
    _close("oracle_market_info", {"source": list(Source)}),
)
stock_current_value = Gauge(
    "oracle_stock_current_value", "Last known price, in the stock's currency.", ["symbol"]
)
stock_predicted_value = Gauge(
    "oracle_stock_predicted_value",
    "Predicted close of the next session, in the stock's currency.",
    ["symbol"],
)
feed_requests = _counter(
    "oracle_feed_requests_total",
    "Questions to the price feed.",
    {"operation": FEED_OPERATIONS, "outcome": FEED_OUTCOMES},
)
# How they ended is counted above: for each outcome as well this would be as large as all the rest.
feed_request_duration = _timing(
    "oracle_feed_request_duration_seconds",
    "Time of one question to the price feed.",
    {"operation": FEED_OPERATIONS},
    _FEED_BUCKETS,
)
feed_circuit_open = Gauge(
    "oracle_feed_circuit_open", "1 while the feed is not asked because it refused or failed."
)
feed_rows_withheld = Counter(
    "oracle_feed_rows_withheld_total", "Bars of the feed that were not stored as implausible."
)
newest_bar = _figure(
    "oracle_feed_newest_bar_timestamp_seconds",
    "Close of the newest stored bar of a stock of the watchlist.",
    more=["symbol"],
)
database_unit_duration = _timing(
    "oracle_database_unit_duration_seconds",
    "Time of one transaction or ping, waiting for a connection included.",
    {"operation": DATABASE_OPERATIONS, "outcome": DATABASE_OUTCOMES},
    _DATABASE_BUCKETS,
)
database_pool_connections = Gauge(
    "oracle_database_pool_connections",
    "Connections of the pool, by whether a unit has them.",
    _close("oracle_database_pool_connections", {"state": POOL_STATES}),
)
database_pool_limit = Gauge(
    "oracle_database_pool_limit", "How many connections the pool may have at most."
)
cache_requests = _counter(
    "oracle_cache_requests_total",
    "Questions to the in-memory caches.",
    {"cache": CACHES, "result": CACHE_RESULTS},
)
forecast_duration = _timing(
    "oracle_forecast_duration_seconds",
    "Time of the numerical work, by stage.",
    {"stage": STAGES},
    _FORECAST_BUCKETS,
)
forecast_predictions = _counter(
    "oracle_forecast_predictions_total",
    "Live predictions that this process made and stored, by whether they say anything.",
    {"outcome": PREDICTION_OUTCOMES},
)
forecast_coverage = _figure(
    "oracle_forecast_coverage_ratio",
    "Share of closes that fell into the interval of that level, of live predictions.",
    {"level": [f"{level:g}" for level in RECORD_LEVELS], "window": list(Window)},
)
forecast_error = _figure(
    "oracle_forecast_error_ratio",
    "Error over the baseline's: absolute for last_close, CRPS for the others; below 1 is better.",
    {"baseline": BASELINES, "window": list(Window)},
)
settled_sessions = _figure(
    "oracle_forecast_settled_sessions",
    "Settled sessions that the figures of that window are of.",
    {"window": list(Window)},
)
last_settled_session = _figure(
    "oracle_forecast_last_settled_session_timestamp_seconds",
    "Close of the newest session of which a live prediction is settled.",
)
CLOSED_LABELS["oracle_scheduler_job_runs_total"] = {"outcome": frozenset(JOB_OUTCOMES)}
job_runs = Counter(
    "oracle_scheduler_job_runs_total", "Runs of scheduled jobs.", ["job_name", "outcome"]
)
scheduler_is_leader = Gauge("oracle_scheduler_is_leader", "1 while this process leads.")
scheduler_epoch = Gauge("oracle_scheduler_epoch", "The epoch in which this process leads, else 0.")
scheduler_tick_delay = Gauge(
    "oracle_scheduler_tick_delay_seconds", "How late the newest tick of the scheduler began."
)
scheduler_runs = _figure(
    "oracle_scheduler_runs",
    "Runs that began within the last 30 days.",
    {"kind": list(RunKind), "state": list(RunState)},
)
scheduler_overdue = _figure(
    "oracle_scheduler_overdue_seconds",
    "For how long a run has been due that is not finished; 0 if none is due.",
    {"kind": list(RunKind)},
)
scheduler_last_run = _figure(
    "oracle_scheduler_last_run_timestamp_seconds",
    "When the newest run of that kind came into that state.",
    {"kind": list(RunKind), "state": list(RunState)},
)
scheduler_next_due = _figure(
    "oracle_scheduler_next_due_timestamp_seconds", "When the next digest is due."
)
digest_runs = _counter(
    "oracle_digest_runs_total",
    "Runs of the digest that this process brought there.",
    {"state": list(RunState)},
)
digest_deliveries = _figure(
    "oracle_digest_deliveries",
    "Deliveries of the newest digest, by state.",
    {"state": list(DeliveryState)},
)
digest_oldest_pending = _figure(
    "oracle_digest_oldest_pending_seconds", "How long the oldest delivery has been waiting."
)
digest_seconds_left = _figure(
    "oracle_digest_seconds_left", "How long the newest digest still takes at the allowed rate."
)
digest_send_duration = _timing(
    "oracle_digest_send_duration_seconds",
    "Time of handing over one mail.",
    {"outcome": SEND_OUTCOMES},
    _FEED_BUCKETS,
)
confirmation_mails = _counter(
    "oracle_confirmation_mails_total",
    "Mails that answer sign-ups, by outcome.",
    {"outcome": CONFIRMATION_OUTCOMES},
)
mail_events = _counter(
    "oracle_mail_events_total", "Reports of the mail provider.", {"kind": list(MailEventKind)}
)
mail_events_refused = Counter(
    "oracle_mail_events_refused_total", "Messages in the queue of reports that were none."
)
subscribers = _figure(
    "oracle_subscribers",
    "Subscribers of the digest, by state; paused and suppressed ones are among them.",
    {"state": list(SubscriberState)},
)
suppressions = _figure(
    "oracle_suppressions",
    "Addresses that are never written to, by reason.",
    {"reason": list(SuppressionReason)},
)
rows_removed = _counter(
    "oracle_rows_removed_total",
    "Old rows that this process removed, by what they are.",
    {"what": OLD_ROWS},
)
