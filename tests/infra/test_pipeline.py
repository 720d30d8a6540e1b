"""Alloy and Loki: what their files expect of a line is what the application writes."""

from __future__ import annotations

import json
import re
from datetime import datetime
from typing import Any

import pytest

from tests.infra.documents import GRAFANA, LOKI_RULES, ROOT, list_boards, read_yaml
from tests.servers.application import running_application

ALLOY = (ROOT / "infra" / "alloy" / "config.alloy").read_text()
LABELS = {"app", "instance", "level"}

COMPONENTS = {
    "logging": {"level", "format"},
    "discovery.docker": {"host"},
    "discovery.relabel": {"targets", "rule"},
    "rule": {"source_labels", "regex", "target_label", "replacement"},
    "loki.source.docker": {"host", "targets", "forward_to"},
    "loki.process": {
        "forward_to",
        "stage.static_labels",
        "stage.match",
        "stage.label_keep",
    },
    "stage.static_labels": {"values"},
    "stage.match": {"selector", "stage.json", "stage.timestamp", "stage.labels"},
    "stage.json": {"expressions", "drop_malformed"},
    "stage.timestamp": {"source", "format", "action_on_failure"},
    "stage.labels": {"values"},
    "stage.label_keep": {"values"},
    "loki.write": {"endpoint"},
    "endpoint": {
        "url",
        "batch_wait",
        "batch_size",
        "min_backoff_period",
        "max_backoff_period",
        "max_backoff_retries",
    },
}
"""The blocks of the file and what each may hold, by Alloy's reference."""

LOKI_KEYS = {
    "": {
        "auth_enabled",
        "server",
        "common",
        "storage_config",
        "schema_config",
        "ingester",
        "compactor",
        "limits_config",
        "ruler",
        "analytics",
    },
    "server": {"http_listen_port", "grpc_listen_port", "log_level"},
    "common": {"instance_addr", "path_prefix", "replication_factor", "ring"},
    "storage_config": {"filesystem", "aws", "tsdb_shipper"},
    "storage_config/aws": {"bucketnames", "region", "s3forcepathstyle"},
    "storage_config/tsdb_shipper": {"active_index_directory", "cache_location"},
    "compactor": {
        "working_directory",
        "compaction_interval",
        "retention_enabled",
        "retention_delete_delay",
        "delete_request_store",
    },
    "ruler": {
        "storage",
        "rule_path",
        "alertmanager_url",
        "enable_alertmanager_v2",
        "enable_api",
        "external_labels",
        "ring",
    },
    "ruler/storage": {"type", "local"},
}
"""What each part of loki.yaml may hold, by Loki's reference."""


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Return the lines of a real run, each as it was read."""
    with running_application(tmp_path_factory.mktemp("lines")) as application:
        for path in ("/", "/stocks/AAPL", "/nothing", "/api/v1/stocks/NOSUCH1"):
            application.status(path)
        application.wait_for_event("fit_frozen")
        application.wait_for_event("http_request", path="/nothing")
        application.stop()
    return [json.loads(line) for line in application.log.read_text().splitlines()]


def parse_alloy(text: str) -> list[tuple[tuple[str, ...], str]]:
    """Return every attribute and block with the blocks around it."""
    clean = re.sub(
        r"//.*", "", re.sub(r'"(?:[^"\\]|\\.)*"', lambda m: m[0].replace("//", ""), text)
    )
    around: list[str] = []
    found: list[tuple[tuple[str, ...], str]] = []
    for line in clean.splitlines():
        if match := re.match(r'\s*([a-z_.]+)(?: "[a-z_]+")? \{$', line):
            found.append((tuple(around), match[1]))
            around.append(match[1])
        elif match := re.match(r"\s*([a-z_]+)\s*= (.*)$", line):
            if not (around and around[-1].startswith("=")):
                found.append((tuple(around), match[1]))
            if match[2].endswith("{"):
                around.append("=")
        elif re.match(r"\s*\},?$", line):
            around.pop()
    assert around == [], "a block of config.alloy is not closed"
    return found


def test_alloy_file_holds_nothing_unknown() -> None:
    """Every block and attribute is one that Alloy's reference knows there."""
    for around, name in parse_alloy(ALLOY):
        if around:
            assert name in COMPONENTS[around[-1]], (around, name)
        else:
            assert name in COMPONENTS


def test_alloy_keeps_three_labels() -> None:
    """Labels are few and bounded: a fourth would multiply the streams."""
    kept = re.search(r"stage\.label_keep \{\s+values = (\[.*\])", ALLOY)
    assert kept
    assert set(json.loads(kept[1])) == LABELS
    assert "stage.drop" not in ALLOY
    assert 'action_on_failure = "fudge"' in ALLOY


def test_lines_have_what_alloy_takes_from_them(lines: list[dict[str, Any]]) -> None:
    """Each key that the pipeline extracts is in every line of a real run, in the right form."""
    block = re.search(r"expressions = \{(.*?)\}", ALLOY, flags=re.DOTALL)
    assert block
    keys = re.findall(r'= "(\w+)"', block[1])
    assert set(keys) == {"level", "timestamp"}
    assert len(lines) >= 5
    for line in lines:
        assert line["level"] in {"debug", "info", "warning", "error", "critical"}
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", line["timestamp"])
        assert datetime.fromisoformat(line["timestamp"]).utcoffset() is not None


def test_lines_have_what_boards_ask_for(lines: list[dict[str, Any]]) -> None:
    """Each field that a query takes out of a line is one that the application writes."""
    texts = [
        target["expr"]
        for board in list_boards()
        for panel in board["panels"]
        for target in panel.get("targets", ())
        if target["datasource"]["uid"] == "loki"
    ]
    fields = {name for text in texts for name in re.findall(r"(?<==)`(\w+)`", text)}
    assert {"event", "route", "seconds"} <= fields
    written = {name for line in lines for name in line}
    assert fields <= written


def test_links_find_request_and_route_in_a_line(lines: list[dict[str, Any]]) -> None:
    """Grafana's links match the line as it is written, not only its fields."""
    sources = read_yaml(GRAFANA / "provisioning" / "datasources" / "datasources.yaml")
    (loki,) = [each for each in sources["datasources"] if each["uid"] == "loki"]
    request = next(line for line in lines if line["event"] == "http_request")
    text = json.dumps(request)
    for link in loki["jsonData"]["derivedFields"]:
        match = re.search(link["matcherRegex"], text)
        assert match
        assert match[1] == request[link["name"]]


def test_loki_file_holds_nothing_unknown() -> None:
    """Every key of the checked parts is one that Loki's reference knows there."""
    settings = read_yaml(ROOT / "loki" / "loki.yaml")
    for place, keys in LOKI_KEYS.items():
        part = settings
        for step in filter(None, place.split("/")):
            part = part[step]
        assert set(part) <= keys, place


def test_loki_removes_what_is_old() -> None:
    """Retention needs the compactor, and the compactor to know where deletions are kept."""
    settings = read_yaml(ROOT / "loki" / "loki.yaml")
    assert settings["compactor"]["retention_enabled"] is True
    store = settings["schema_config"]["configs"][-1]["object_store"]
    assert settings["compactor"]["delete_request_store"] == store
    assert settings["limits_config"]["retention_period"].startswith("${LOKI_RETENTION:-")


def test_loki_finds_its_rules() -> None:
    """Loki without tenants looks for rules in the folder of the one it calls fake."""
    settings = read_yaml(ROOT / "loki" / "loki.yaml")
    assert settings["auth_enabled"] is False
    assert settings["ruler"]["storage"]["local"]["directory"] == "/etc/loki/rules"
    assert LOKI_RULES.name == "fake"
    assert list(LOKI_RULES.glob("*.yml"))
