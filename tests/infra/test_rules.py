"""Rules and alerts: they load, fire when they should, stay silent when not, and help."""

from __future__ import annotations

import http.server
import json
import re
import threading
from typing import TYPE_CHECKING, Any

import pytest

from tests.infra.documents import (
    HERE,
    LOKI_RULES,
    PROMETHEUS,
    ROOT,
    RULES,
    kebab,
    list_alerts,
    list_rules,
    read_yaml,
)
from tests.servers.monitoring import promtool

if TYPE_CHECKING:
    from collections.abc import Iterator

CASES = sorted((HERE / "rules").glob("*.test.yml"))
ALERTS = list_alerts(RULES)
ALL_ALERTS = [*ALERTS, *list_alerts(LOKI_RULES)]
PLANNED = {"failover", "restore", "secret-rotation", "ses-sandbox"}
"""Runbooks of work that no alert begins."""
SECTIONS = ("What it means", "What customers see", "First look", "What to do", "When to escalate")


@pytest.fixture(scope="module")
def metadata() -> Iterator[str]:
    """Return the address of what tells a machine of AWS in which region it is."""

    class Metadata(http.server.BaseHTTPRequestHandler):
        def do_PUT(self) -> None:
            self._answer("token")

        def do_GET(self) -> None:
            self._answer(json.dumps({"region": "eu-central-1"}))

        def _answer(self, text: str) -> None:
            self.send_response(200)
            self.send_header("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "60")
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            """Write nothing."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Metadata) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize("name", ["prometheus.yml", "prometheus.production.yml"])
def test_configuration_loads_with_its_rules(name: str, metadata: str) -> None:
    """Prometheus takes both configurations, the second on a machine that knows its region."""
    checked = promtool(
        "check",
        "config",
        str(PROMETHEUS / name),
        AWS_EC2_METADATA_SERVICE_ENDPOINT=metadata,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout.count("rules found") == len(list(RULES.glob("*.yml")))


def test_both_configurations_watch_the_same() -> None:
    """An alert about a job finds it on one machine as in production."""
    jobs = [
        {job["job_name"] for job in read_yaml(PROMETHEUS / name)["scrape_configs"]}
        for name in ("prometheus.yml", "prometheus.production.yml")
    ]
    assert jobs[0] == jobs[1]


@pytest.mark.parametrize("path", CASES, ids=lambda path: path.name.removesuffix(".test.yml"))
def test_alerts_fire_and_stay_silent(path: Any) -> None:
    """Promtool agrees with every case: what fires, with which words, and what stays silent."""
    tested = promtool("test", "rules", str(path))
    assert tested.returncode == 0, (tested.stdout + tested.stderr)[-4000:]


def test_every_alert_has_a_case_of_both_kinds() -> None:
    """No alert is without a case in which it fires, nor without one in which it stays silent."""
    fires: set[str] = set()
    silent: set[str] = set()
    for path in CASES:
        for case in read_yaml(path)["tests"]:
            for each in case.get("alert_rule_test", []):
                (fires if each["exp_alerts"] else silent).add(each["alertname"])
    names = {alert["alert"] for alert in ALERTS}
    assert fires == names
    assert silent == names


@pytest.mark.parametrize("alert", ALL_ALERTS, ids=lambda alert: alert["alert"])
def test_alert_says_what_a_person_needs(alert: dict[str, Any]) -> None:
    """Severity, a summary and a description with the value, a board and a runbook."""
    annotations = alert["annotations"]
    assert alert["labels"] == {"severity": alert["labels"]["severity"]}
    assert alert["labels"]["severity"] in {"page", "ticket"}
    assert "$value" in annotations["description"]
    assert annotations["summary"]
    board = annotations["dashboard"].removeprefix("/d/oracle-")
    assert (ROOT / "grafana" / "dashboards" / f"{board}.json").exists()
    assert annotations["runbook_url"] == f"docs/runbooks/{kebab(alert['alert'])}.md"


@pytest.mark.parametrize("alert", ALL_ALERTS, ids=lambda alert: alert["alert"])
def test_runbook_has_every_part(alert: dict[str, Any]) -> None:
    """A runbook says what it means, what customers see, where to look, what to do, whom to call."""
    text = (ROOT / alert["annotations"]["runbook_url"]).read_text()
    assert text.startswith(f"# {alert['alert']}\n")
    parts = dict(re.findall(r"^## (.+)\n((?:(?!## ).*\n)+)", text, flags=re.MULTILINE))
    assert tuple(parts) == SECTIONS
    assert all(part.strip() for part in parts.values())
    assert "```" in parts["First look"], "a first look is a command or a query, not an idea"


def test_no_runbook_is_left_over() -> None:
    """Every runbook belongs to an alert or to planned work, and the index names each."""
    grafana = read_yaml(ROOT / "grafana" / "provisioning" / "alerting" / "rules.yaml")
    names = {alert["alert"] for alert in ALL_ALERTS} | {
        rule["title"] for group in grafana["groups"] for rule in group["rules"]
    }
    runbooks = {path.stem for path in (ROOT / "docs" / "runbooks").glob("*.md")}
    assert runbooks - {"README"} - PLANNED == {kebab(name) for name in names}
    assert runbooks >= PLANNED
    index = (ROOT / "docs" / "runbooks" / "README.md").read_text()
    assert [name for name in runbooks - {"README"} if f"]({name}.md)" not in index] == []


def test_recorded_names_say_level_metric_and_operation() -> None:
    """A recorded series is called level:metric:operations."""
    names = {rule["record"] for rule in list_rules(RULES) if "record" in rule}
    assert names
    assert all(re.fullmatch(r"[a-z_]+:[a-z_0-9]+:[a-z_0-9]+", name) for name in names)
