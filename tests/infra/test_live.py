"""The real Prometheus, node-exporter and Alertmanager of Debian, watching the real application."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from tests.infra.documents import RULES, list_rules, parse_all
from tests.servers.monitoring import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.infra.conftest import Stack
    from tests.infra.documents import Parsed, Selector

NOT_HERE = {
    # Alloy has no package in Debian. These are the names in its reference of loki.write.
    "loki_write_dropped_entries_total",
    "loki_write_sent_entries_total",
    # Made by Prometheus while an alert fires; the last test of this file sees it.
    "ALERTS",
}
NOT_YET = {
    # There is a series for a status only once something was answered with it.
    ("oracle_http_requests_total", "status"),
    # And for a run's state only once a run has come into it; oracle_scheduler_runs shows them all.
    ("oracle_scheduler_last_run_timestamp_seconds", "state"),
}
UNMEASURABLE = ("node_disk_", "node_timex_", "node_filesystem_")
"""What node-exporter leaves out where it runs in a container without the machine's files."""


@pytest.fixture(scope="module")
def driven(stack: Stack) -> Stack:
    """Return the stack after visits, once the record of the settled session is measured."""
    for path in ("/", "/ranking", "/stocks/AAPL", "/stocks/AAPL", "/api/v1/stocks/KO", "/nothing"):
        stack.application.status(path)
    stack.application.wait_for_event("predictions_settled")
    wait_until(
        lambda: stack.count("oracle_forecast_coverage_ratio") > 0, "the record's metrics", 60
    )
    wait_until(lambda: stack.count("oracle_digest_deliveries") > 0, "the digest's metrics", 60)
    return stack


def list_selectors() -> Iterator[tuple[Parsed, Selector]]:
    """Yield what every query in PromQL asks for."""
    for parsed in parse_all():
        for selector in parsed.selectors:
            yield parsed, selector


def test_targets_are_up(driven: Stack) -> None:
    """Prometheus scrapes application, machine, Alertmanager and itself without an error."""
    wait_until(lambda: driven.count("up == 1") == 4, "four targets to be up", 30)
    targets = driven.prometheus.ask("/api/v1/targets")["data"]["activeTargets"]
    assert {each["labels"]["job"]: each["health"] for each in targets} == {
        "app": "up",
        "node": "up",
        "alertmanager": "up",
        "prometheus": "up",
    }
    assert {each["labels"]["instance"] for each in targets} == {"127.0.0.1", "prometheus"}


def test_rules_are_evaluated_without_an_error(driven: Stack) -> None:
    """Every rule is healthy against the real series."""
    wait_until(
        lambda: all(
            rule["health"] != "unknown"
            for group in driven.prometheus.ask("/api/v1/rules")["data"]["groups"]
            for rule in group["rules"]
        ),
        "all rules to be evaluated",
        30,
    )
    groups = driven.prometheus.ask("/api/v1/rules")["data"]["groups"]
    bad = [
        (rule["name"], rule["lastError"])
        for group in groups
        for rule in group["rules"]
        if rule["health"] != "ok"
    ]
    assert bad == []


def test_every_metric_that_is_asked_for_exists(driven: Stack) -> None:
    """No board, rule, alert or runbook names a metric, label or value that nothing shows."""
    recorded = {rule["record"] for rule in list_rules(RULES) if "record" in rule}
    missing: set[str] = set()
    for parsed, selector in list_selectors():
        name = selector.name
        if name in NOT_HERE | recorded:
            continue
        labels = driven.prometheus.ask("/api/v1/series", **{"match[]": name})["data"]
        if not labels and not name.startswith(UNMEASURABLE):
            missing.add(f"{name} ({parsed.query.place})")
        for label, operator, value in selector.matchers:
            known = {each.get(label) for each in labels}
            if labels and known == {None}:
                missing.add(f"{name}: no label {label} ({parsed.query.place})")
            # A runbook's word in capitals stands for what the alert's labels say.
            if (name, label) in NOT_YET or name == "up" or value.isupper():
                continue
            if operator == "=" and labels and value not in known:
                missing.add(f"{name}: never {label}={value} ({parsed.query.place})")
            if operator == "=~" and labels:
                match = f'{name}{{{label}=~"{value}"}}'
                if not driven.prometheus.ask("/api/v1/series", **{"match[]": match})["data"]:
                    missing.add(f"{match} matches nothing ({parsed.query.place})")
    assert not missing, "\n".join(sorted(missing))


def test_labels_that_are_grouped_by_exist(driven: Stack) -> None:
    """A sum by a label that no series has would be one nameless line."""
    known = set(driven.prometheus.ask("/api/v1/labels")["data"]) | {
        label for rule in list_rules(RULES) for label in rule.get("labels", {})
    }
    # Of prometheus's own metrics, and of node-exporter's where the machine's disks are hidden.
    known |= {"rule_group", "mountpoint"}
    asked = {label for parsed in parse_all() for label in parsed.grouping}
    assert asked - known == set()


def test_recorded_figures_have_values(driven: Stack) -> None:
    """What boards show at a glance is a number as soon as the application was visited."""
    for name in (
        "job:oracle_http_requests:rate5m",
        "job:oracle_http_errors:ratio_rate5m",
        "job:oracle_http_page_duration_seconds:p99_5m",
        "job:oracle_digest_late:bool",
        "job:oracle_bars_late:bool",
        "level_window:oracle_forecast_coverage:ratio",
        "level_window:oracle_forecast_coverage_margin:ratio",
        "instance:node_memory_available:ratio",
    ):
        wait_until(partial(_is_there, driven, name), name, 30)


def _is_there(stack: Stack, name: str) -> bool:
    """Return whether the figure has a value, after one more visit: a rate needs some."""
    stack.application.status("/")
    return stack.count(f"{name} >= 0") > 0


def test_nobody_is_woken_while_all_is_well(driven: Stack) -> None:
    """With every wait cut to seconds, no page fires on a healthy service."""
    assert driven.count('ALERTS{alertstate="firing", severity="page"}') == 0


def test_exemplars_lead_from_a_measurement_to_a_request(driven: Stack) -> None:
    """Prometheus keeps request ids beside durations, by the name that Grafana's link looks for."""

    def ids() -> set[str]:
        answer = driven.prometheus.ask(
            "/api/v1/query_exemplars",
            query="oracle_http_request_duration_seconds_bucket",
            start="0",
            end="9999999999",
        )
        return {
            each["labels"]["request_id"]
            for series in answer["data"]
            for each in series["exemplars"]
        }

    wait_until(lambda: bool(ids()), "an exemplar", 30)
    assert any(one in driven.application.log.read_text() for one in ids())


def test_a_killed_application_reaches_the_operators(driven: Stack) -> None:
    """When it dies the alert fires, passes Alertmanager, and arrives as a mail that helps."""
    quiet = 'ALERTS{alertname="ApplicationDown"}'
    wait_until(lambda: driven.count(quiet) == 0, "the alert to be over", 30)
    before = len(driven.mailbox.mails)
    driven.application.process.kill()
    wait_until(
        lambda: (
            driven.count(
                'ALERTS{alertname="ApplicationDown", alertstate="firing", severity="page"}'
            )
            == 1
        ),
        "the alert to fire",
        60,
    )

    def mails() -> list[str]:
        return [
            part.get_content()
            for mail in driven.mailbox.mails[before:]
            if (part := mail.get_body(("plain",)))
            and "No instance of the application answers" in str(mail["Subject"])
        ]

    wait_until(lambda: bool(mails()), "the mail", 60)
    text = mails()[0]
    assert "0 instances of the application" in text
    assert "https://code.example/docs/runbooks/application-down.md" in text
    assert "https://grafana.example/d/oracle-service" in text
    alerts = driven.alertmanager.ask("/api/v2/alerts")
    states = {each["labels"]["alertname"]: each["status"]["state"] for each in alerts}
    assert states["ApplicationDown"] == "active"
    # What follows from it is known, and suppressed.
    wait_until(
        lambda: any(
            each["labels"]["alertname"] == "InstanceDown"
            and each["status"]["state"] == "suppressed"
            for each in driven.alertmanager.ask("/api/v2/alerts")
        ),
        "the instance's alert to be suppressed",
        30,
    )
