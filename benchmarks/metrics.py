"""How long the metrics page takes with 500 stocks looked up: `python -m benchmarks.metrics`.

Goals: under 20 ms and under 200 KB, in either form. First of a day on which every route was visited
and 500 stocks were looked up, then with all that could ever have happened on top of it, and at last
with the longest example in every bucket as well. The processor time is the reader's too.
"""

from __future__ import annotations

import asyncio
from itertools import product
from statistics import median
from time import perf_counter, process_time
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast
from unittest.mock import MagicMock

from aiohttp.test_utils import TestClient, TestServer

from oracle.app import create_app
from oracle.observability import measurements, metrics
from oracle.observability.exposition import build_metrics_app
from oracle.settings import load_settings
from scheduler.jobs import JOBS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from quart import Quart
    from werkzeug.routing import Rule

    from oracle.services.dependencies import Dependencies

ROUNDS = 50
STOCKS = 500
FORMS = {
    # As Prometheus asks by itself.
    "OpenMetrics": {"Accept": "application/openmetrics-text", "Accept-Encoding": "gzip"},
    "text": {"Accept": "text/plain", "Accept-Encoding": "identity"},
}


def live_through_a_day() -> Quart:
    """Measure visits of every route, 500 stocks and a feed that answers; return the application."""
    settings = load_settings()
    dependencies = cast("Dependencies", SimpleNamespace(settings=settings))
    # Its routes alone are wanted: nothing is ever asked of the services.
    app = create_app(dependencies, use_cases=MagicMock())
    measurements.pin_symbols(settings.watchlist)
    measurements.show_build("benchmark")
    measurements.show_jobs(job.name for job in JOBS)
    for rule in app.url_map.iter_rules():
        visit(rule, set(rule.methods or ()) & {"GET", "POST"}, (200, 404))
    for operation in metrics.FEED_OPERATIONS:
        measurements.FeedMetrics().observe(operation, "ok", 0.3)
    for number in range(STOCKS):
        measurements.observe_stock(f"S{number}", current=123.45, predicted=124.56)
    for symbol in settings.watchlist:
        measurements.observe_stock(symbol, current=123.45, predicted=124.56)
        metrics.newest_bar.labels(symbol).set(1_700_000_000)
    return app


def live_through_everything(app: Quart) -> None:
    """Measure every method and status of every route, and every outcome of the feed."""
    for rule in app.url_map.iter_rules():
        visit(rule, rule.methods or (), (200, 404, 429))
    for operation, outcome in product(metrics.FEED_OPERATIONS, metrics.FEED_OUTCOMES):
        measurements.FeedMetrics().observe(operation, outcome, 0.3)


def show_longest_examples() -> None:
    """Measure an answer of every length of each route, each with the longest id that is taken."""
    (family,) = metrics.http_request_duration.collect()
    for labels in [each.labels for each in family.samples if each.name.endswith("_count")]:
        for seconds in (*metrics.WEB_BUCKETS, 60.0):
            measurements.observe_http_request(
                labels["method"], labels["route"], 200, seconds, request_id="x" * 64
            )


def visit(rule: Rule, methods: Collection[str], statuses: Sequence[int]) -> None:
    """Measure answers of different lengths, so that several buckets have an exemplar."""
    for method, (status, seconds) in product(
        methods, zip(statuses, (0.004, 0.03, 0.2), strict=False)
    ):
        name = f"{id(rule):032x}"
        measurements.observe_http_request(method, rule.rule, status, seconds, request_id=name)


async def measure(when: str) -> None:
    """Ask for the page again and again over a local connection, and print what it took."""
    async with TestClient(TestServer(build_metrics_app())) as client:
        for name, headers in FORMS.items():
            walls, work, size = [], process_time(), 0
            for _ in range(ROUNDS):
                started = perf_counter()
                async with client.get("/metrics", headers=headers) as answer:
                    page = await answer.read()
                walls.append(perf_counter() - started)
                size = int(answer.headers.get("Content-Length", len(page)))
            busy = (process_time() - work) / ROUNDS
            times = " | ".join(f"{each * 1e3:.1f} ms" for each in (min(walls), median(walls), busy))
            print(f"| {when} | {name} | {size / 1000:.0f} KB | {times} |")


if __name__ == "__main__":
    print("| after | form | size | least time | median | processor time |")
    print("|---|---|---|---|---|---|")
    application = live_through_a_day()
    asyncio.run(measure("a day"))
    live_through_everything(application)
    asyncio.run(measure("everything"))
    show_longest_examples()
    asyncio.run(measure("everything, every example"))
