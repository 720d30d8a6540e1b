"""The log and the metrics of a real process: one form, one id to follow, no trouble passed on."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.servers.application import running_application
from tests.unit.observability.documents import LOG_EVENTS, read_events

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse

    from tests.servers.application import Application

OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"
ON_EVERY_LINE = {"timestamp", "level", "event", "logger", "request_id"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """Return one running application for the tests that only look at it."""
    folder = tmp_path_factory.mktemp("signals")
    with running_application(folder, log_level="debug", revision="0abc123") as application:
        yield application


def get(url: str, **headers: str) -> HTTPResponse:
    """Return the open answer."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, headers=named)  # noqa: S310 - own http address
    answer: HTTPResponse = urllib.request.urlopen(request, timeout=10)  # noqa: S310
    return answer


def test_a_request_is_followed_from_its_answer_to_its_line_and_its_exemplar(
    site: Application,
) -> None:
    """The id that came is sent back, and stands in the log and beside the duration."""
    with get(f"{site.url}/stocks/KO?private=1", X_Request_ID="follow-me-0001") as answer:
        assert answer.headers["X-Request-ID"] == "follow-me-0001"
        size = len(answer.read())
    line = site.wait_for_event("http_request", request_id="follow-me-0001")
    assert (line["method"], line["path"], line["status"]) == ("GET", "/stocks/KO", 200)
    assert (line["route"], line["bytes"]) == ("/stocks/<symbol>", size)
    with get(site.metrics_url, Accept=OPENMETRICS) as answer:
        text = answer.read().decode()
    assert '# {request_id="follow-me-0001"}' in text


def test_the_metrics_are_served_in_the_form_that_is_asked_for(site: Application) -> None:
    """OpenMetrics or the older text, never compressed, and nothing else on that port."""
    with get(site.metrics_url, Accept=OPENMETRICS) as answer:
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")
        assert answer.read().endswith(b"# EOF\n")
    with get(site.metrics_url, Accept="text/plain", Accept_Encoding="gzip") as answer:
        assert answer.headers["Content-Type"].startswith("text/plain")
        assert "Content-Encoding" not in answer.headers
        text = answer.read().decode()
    assert 'revision="0abc123"' in text
    assert "process_resident_memory_bytes" in text
    assert "oracle_event_loop_lag_seconds_count" in text
    assert 'oracle_database_pool_connections{state="idle"}' in text
    assert "# EOF" not in text
    base = site.metrics_url.removesuffix("/metrics")
    for path in ("/", "/metrics/", "/favicon.ico", "/stocks/KO"):
        with pytest.raises(urllib.error.HTTPError) as refused, get(base + path):
            pass
        assert refused.value.code == 404
        refused.value.close()


def test_every_line_of_a_real_run_is_an_event_that_is_documented(tmp_path: Path) -> None:
    """From the first to the last line: JSON, documented, and with the fields it may have."""
    with running_application(tmp_path, log_level="debug") as application:
        for path in ("/", "/stocks/KO", "/nowhere", "/api/v1/stocks/KO", "/search?q=apple"):
            application.status(path)
        application.wait_for_event("fit_frozen")
        application.wait_for_event("elected")
        assert application.stop() == 0
        lines = [json.loads(text) for text in application.log.read_text().splitlines()]
    documented = read_events(LOG_EVENTS.read_text(encoding="utf-8"))
    for line in lines:
        assert {"timestamp", "level", "event", "logger"} <= line.keys()
        event = documented[line["event"]]
        assert line["level"] in event.levels or "any" in event.levels
        assert line.keys() - ON_EVERY_LINE <= event.fields, line
    assert {line["event"] for line in lines} >= {"serving", "elected", "http_request", "draining"}
    # At this level a library may have a last word of its own.
    assert [each["event"] for each in lines if each["event"] != "library_message"][-1] == "stopped"


def test_a_full_disk_under_the_log_stops_no_request(tmp_path: Path) -> None:
    """Pages are answered and the process ends in order; the lost lines are counted."""
    with Path("/dev/full").open("wb") as full, running_application(tmp_path, full) as site:
        for path in ("/", "/stocks/KO", "/nowhere"):
            assert site.status(path) in {200, 404}
        assert lost_lines(site) > 0
        assert site.stop() == 0


def test_a_log_that_nobody_reads_stops_no_request(tmp_path: Path) -> None:
    """A pipe that is full holds up neither pages nor the end of the process."""
    read_end, write_end = os.pipe()
    try:
        with (
            open(write_end, "wb") as pipe,  # noqa: PTH123 - a descriptor
            running_application(tmp_path, pipe, log_level="debug") as site,
        ):
            for number in range(180):
                assert site.status(f"/nowhere/{number}/{'x' * 200}") == 404
            assert site.stop() == 0
    finally:
        os.close(read_end)


def lost_lines(site: Application) -> float:
    """Return how many lines the process has counted as lost."""
    text = site.read(site.metrics_url)
    (line,) = [each for each in text.splitlines() if each.startswith("oracle_log_lines_lost_total")]
    return float(line.split()[1])
