"""What visitors can make the metrics and the log say: bounded, and never who somebody is."""

from __future__ import annotations

import io
import json
import logging
import re
from http import HTTPStatus
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from prometheus_client import REGISTRY, generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as generate_openmetrics

from oracle.observability import measurements, metrics
from oracle.observability.logs import configure_logs
from oracle.settings import DEFAULT_WATCHLIST
from scheduler.jobs import JOBS
from tests.unit.observability.documents import LOG_EVENTS, read_events
from tests.web.test_bad_input import HOSTILE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from quart import Quart
    from quart.typing import TestClientProtocol

    from tests.web.conftest import BuildApp

LARGEST_PAGE = 200_000
STOCKS = [f"S{number}" for number in range(500)]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW")
ON_EVERY_LINE = {"timestamp", "level", "event", "logger", "request_id"}


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Return what the log becomes, as it is written in production."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    stream = io.StringIO()
    configure_logs(pretty=False, level="debug", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.reset_defaults()


def paths_of(app: Quart) -> list[str]:
    """Return a path of every route, one that is hostile of those with parts, and some of none."""
    templates = [rule.rule for rule in app.url_map.iter_rules()]
    good = [re.sub(r"<[^>]+>", "AAPL", template) for template in templates]
    hostile = [re.sub(r"<[^>]+>", "x%00%0a%40", each) for each in templates if "<" in each]
    return [*good, *hostile, "/nowhere", "/%0a", "//"]


def series() -> dict[str, set[tuple[tuple[str, str], ...]]]:
    """Return all label sets there are, by sample."""
    found: dict[str, set[tuple[tuple[str, str], ...]]] = {}
    for metric in REGISTRY.collect():
        for sample in metric.samples:
            found.setdefault(sample.name, set()).add(tuple(sample.labels.items()))
    return found


def fill() -> None:
    """Let everything that is not a request be measured: 500 stocks, every job, every outcome."""
    for symbol in STOCKS:
        measurements.observe_stock(symbol, current=123.45, predicted=234.56)
    measurements.show_jobs(job.name for job in JOBS)
    feed = measurements.FeedMetrics()
    for operation in metrics.FEED_OPERATIONS:
        for outcome in metrics.FEED_OUTCOMES:
            feed.observe(operation, outcome, 0.123)
    for symbol in DEFAULT_WATCHLIST:
        measurements.observe_stock(symbol, current=123.45, predicted=234.56)
        metrics.newest_bar.labels(symbol).set(1_700_000_000)


async def test_visitors_cannot_make_the_metrics_page_grow(build_app: BuildApp) -> None:
    """With 500 stocks, every route, any method and hostile paths labels stay in sets of 200 KB."""
    app = build_app(watchlist=DEFAULT_WATCHLIST)
    measurements.pin_symbols(DEFAULT_WATCHLIST)
    before = series()
    request: Any = app.test_client().open
    for path, method in product(paths_of(app), METHODS):
        await request(path, method=method)
    fill()
    rules = {rule.rule for rule in app.url_map.iter_rules()} | {"unmatched"}
    allowed: dict[str, Collection[str]] = {
        "route": rules,
        "method": metrics.METHODS,
        "status": {str(status) for status in (*HTTPStatus, 499)},
        "symbol": {*DEFAULT_WATCHLIST, *STOCKS},
    }
    new = {
        label
        for name, label_sets in series().items()
        for label_set in label_sets - before.get(name, set())
        for label in label_set
    }
    assert {name for name, _ in new} >= set(allowed)
    assert {
        (name, value) for name, value in new if value not in allowed.get(name, {value})
    } == set()
    stocks = series()["oracle_stock_current_value"]
    assert len(stocks) <= len(DEFAULT_WATCHLIST) + measurements.RECENT_SYMBOLS
    # How many buckets have an exemplar by now is the machine's speed: let all have the longest.
    for (route, method), seconds in product(
        product(rules, metrics.TIMED_METHODS), (*metrics.WEB_BUCKETS, 60.0)
    ):
        if REGISTRY.get_sample_value(
            "oracle_http_request_duration_seconds_count", {"method": method, "route": route}
        ):
            measurements.observe_http_request(method, route, 200, seconds, request_id="x" * 64)
    assert len(generate_latest()) < LARGEST_PAGE
    assert len(generate_openmetrics(REGISTRY)) < LARGEST_PAGE  # type: ignore[no-untyped-call]
    measurements.hide_leader_figures()


async def test_nothing_stays_in_flight(build_app: BuildApp) -> None:
    """After the last answer no route has a request in flight, whatever became of it."""
    app = build_app()
    client = app.test_client()
    for path in ("/", "/stocks/AAPL", "/nowhere", "/stocks/%00"):
        await client.get(path)
    for sample in next(iter(metrics.http_requests_in_flight.collect())).samples:
        assert sample.value == 0, sample


@pytest.mark.parametrize("text", HOSTILE)
async def test_a_request_is_one_line_whatever_it_contains(
    client: TestClientProtocol, lines: io.StringIO, text: str
) -> None:
    """Every line is JSON of a documented event, and carries the id that the answer carries."""
    response = await client.get(
        "/stocks/x", scope_base={"path": f"/stocks/{text}", "raw_path": b"/stocks/x"}
    )
    documented = read_events(LOG_EVENTS.read_text(encoding="utf-8"))
    read = [json.loads(line) for line in lines.getvalue().split("\n")[:-1]]
    for line in read:
        assert line.keys() - ON_EVERY_LINE <= documented[line["event"]].fields
        assert line["request_id"] == response.headers["X-Request-ID"]
    (access,) = [line for line in read if line["event"] == "http_request"]
    assert access.keys() == ON_EVERY_LINE | documented["http_request"].fields
    assert access["bytes"] == len(await response.get_data())


@pytest.mark.parametrize(
    ("offered", "is_taken"),
    [
        ("a1b2c3d4", True),
        ("0123456789abcdef0123456789abcdef", True),
        ("x" * 64, True),
        ("x" * 65, False),
        ("short", False),
        ("with space", False),
        ("name@example.org", False),
        ("WzEsMV0.aW0s0Q.c2lnbmF0dXJl", False),
        ("a;b=c|d&e", False),
        ("", False),
    ],
)
async def test_only_a_regular_request_id_is_taken_over(
    client: TestClientProtocol,
    lines: io.StringIO,
    offered: str,
    is_taken: bool,  # noqa: FBT001
) -> None:
    """Eight to 64 letters, digits and dashes; anything else is replaced, in answer and line."""
    response = await client.get("/stocks/AAPL", headers={"X-Request-ID": offered})
    given = response.headers["X-Request-ID"]
    assert (given == offered) is is_taken
    assert re.fullmatch(r"[A-Za-z0-9_-]{8,64}", given)
    assert f'"request_id": "{given}"' in lines.getvalue()
    assert is_taken or not offered or offered not in lines.getvalue()


async def test_neither_query_nor_token_is_logged(
    client: TestClientProtocol, lines: io.StringIO
) -> None:
    """What is searched for, and what a link in a mail holds, stays out of the log."""
    await client.get("/search?q=private+question")
    await client.get("/subscribers/secretsecretsecretsecret/confirm")
    text = lines.getvalue()
    assert '"path": "/search"' in text
    assert '"path": "/subscribers/<token>/confirm"' in text
    assert "private" not in text
    assert "secret" not in text
