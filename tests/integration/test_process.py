"""The serving process: ports, health, metrics, and how it stops."""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import pytest

from tests.servers.application import free_port, run_oracle, running_application

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.application import Application


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """Return one running application for the tests that only look at it."""
    with running_application(tmp_path_factory.mktemp("process")) as application:
        yield application


def test_metrics_are_on_their_own_port_alone(site: Application) -> None:
    """Metrics answer where Prometheus asks, and the public port does not know them."""
    assert site.status("/api/v1/stocks/AAPL") == 200
    text = site.read(site.metrics_url)
    assert 'oracle_http_requests_total{method="GET"' in text
    assert 'oracle_stock_current_value{symbol="AAPL"}' in text
    assert 'oracle_stock_predicted_value{symbol="AAPL"}' in text
    assert "oracle_database_unit_duration_seconds_bucket" in text
    assert "oracle_cache_requests_total" in text
    assert site.status("/metrics") == 404


def test_log_is_json_with_request_ids(site: Application) -> None:
    """A request's line is a JSON object with its id, route template, status and duration."""
    assert site.status("/stocks/KO") == 200
    line = site.wait_for_event("http_request", path="/stocks/KO")
    assert line["route"] == "/stocks/<symbol>"
    assert line["status"] == 200
    assert line["request_id"]
    assert line["seconds"] >= 0


def test_scheduler_prepares_the_ranking_by_itself(site: Application) -> None:
    """The pool is fitted and the ten are stored without any visitor asking."""
    assert site.wait_for_event("fit_frozen")["as_of"] == "2022-12-28"


def test_draining_says_not_ready_and_loses_no_request(tmp_path: Path) -> None:
    """After SIGTERM the ready check turns 503 while requests are still answered, then it ends."""
    with running_application(tmp_path, drain_seconds="2") as application:
        codes: list[int] = []
        ready: list[int] = []
        stop = threading.Event()

        def visit() -> None:
            while not stop.is_set():
                ready.append(application.status("/healthz/ready"))
                if ready[-1] == 0:
                    return
                codes.append(application.status("/healthz/live"))

        visitor = threading.Thread(target=visit)
        visitor.start()
        started = time.monotonic()
        exit_code = application.stop()
        elapsed = time.monotonic() - started
        stop.set()
        visitor.join()
    assert exit_code == 0
    assert 2.0 <= elapsed < 10.0
    assert 503 in ready
    # The balancer has long stopped sending when listening ends; only that last one may be refused.
    assert set(codes[:-1]) == {200}


def test_taken_port_is_refused_in_a_sentence(site: Application, tmp_path: Path) -> None:
    """A second application on the same port says which setting to change."""
    port = site.url.rsplit(":", 1)[1]
    answer = run_oracle(tmp_path, "serve", port=port, metrics_port="0")
    assert answer.returncode == 2, answer.stderr
    assert f"ORACLE_PORT is '{port}'" in " ".join(answer.stderr.split())
    metrics_port = site.metrics_url.rsplit(":", 1)[1].removesuffix("/metrics")
    answer = run_oracle(tmp_path, "serve", port=str(free_port()), metrics_port=metrics_port)
    assert answer.returncode == 2, answer.stderr
    assert "ORACLE_METRICS_PORT" in answer.stderr


def test_unreachable_feed_at_start_means_the_sample_market(tmp_path: Path) -> None:
    """With `auto` and nobody in Yahoo's place the site runs on sample data, and says so."""
    nobody = f"http://127.0.0.1:{free_port()}"
    with running_application(tmp_path, market="auto", yahoo_url=nobody) as application:
        application.wait_for_event("sample_market")
        report = json.loads(application.read(application.url + "/api/v1/stocks/AAPL"))
        assert report["current"]["source"] == "sample"
        assert "sample" in application.read(application.url + "/").lower()
