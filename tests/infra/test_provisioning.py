"""What Grafana and Alertmanager are started with, and how Prometheus finds machines."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import yaml
from moto.server import ThreadedMotoServer

from tests.infra.compose_files import MONITORING, get_service
from tests.infra.documents import GRAFANA, PROMETHEUS, ROOT, RULES, list_alerts, read_yaml
from tests.servers.application import free_port
from tests.servers.monitoring import (
    SHORT,
    program,
    running_prometheus,
    running_server,
    wait_until,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.servers.monitoring import Server

PROVISIONING = GRAFANA / "provisioning"
REGION = "eu-central-1"


def test_only_the_operators_address_comes_from_the_environment() -> None:
    """A variable that nobody sets would be an empty word: there is one, and it is documented."""
    names = {
        name
        for path in PROVISIONING.rglob("*.yaml")
        for line in path.read_text().splitlines()
        if not line.lstrip().startswith("#")
        for name in re.findall(r"(?<!\$)\$\{?(\w+)", line)
    }
    assert names == {"OPERATORS_MAIL"}
    assert "OPERATORS_MAIL" in (ROOT / "docs" / "monitoring.md").read_text()


def test_grafanas_own_alert_fires_when_nobody_answers() -> None:
    """Without an answer of Prometheus the alert fires, and goes to a contact that is there."""
    (group,) = read_yaml(PROVISIONING / "alerting" / "rules.yaml")["groups"]
    (rule,) = group["rules"]
    assert rule["noDataState"] == rule["execErrState"] == "Alerting"
    assert rule["condition"] in {each["refId"] for each in rule["data"]}
    contacts = read_yaml(PROVISIONING / "alerting" / "contact-points.yaml")["contactPoints"]
    policy = read_yaml(PROVISIONING / "alerting" / "policies.yaml")["policies"][0]
    assert policy["receiver"] in {each["name"] for each in contacts}
    uids = {
        each["uid"]
        for each in read_yaml(PROVISIONING / "datasources" / "datasources.yaml")["datasources"]
    }
    assert {each["datasourceUid"] for each in rule["data"]} - {"__expr__"} <= uids


def test_the_alert_and_the_boards_are_in_folders_of_their_own() -> None:
    """One is made by its title, the other looked for by its uid: one title would be there twice."""
    (group,) = read_yaml(PROVISIONING / "alerting" / "rules.yaml")["groups"]
    (boards,) = read_yaml(PROVISIONING / "dashboards" / "dashboards.yaml")["providers"]
    assert boards["folderUid"]
    assert group["folder"] != boards["folder"]


def test_in_production_grafana_tells_the_topic_as_well() -> None:
    """Its file stands in the other one's place, under the same name, and its words are given."""
    with_mail = read_yaml(PROVISIONING / "alerting" / "contact-points.yaml")["contactPoints"]
    file = GRAFANA / "contact-points.production.yaml"
    (contact,) = read_yaml(file)["contactPoints"]
    topic, *others = contact["receivers"]
    assert [{**contact, "receivers": others}] == with_mail
    assert topic["type"] == "sns"
    # By Grafana's reference; without keys it has the machine's role.
    assert topic["settings"] == {
        "topic_arn": "${ALARM_TOPIC_ARN}",
        "sigv4": {"region": "${AWS_REGION}"},
    }
    said = get_service(MONITORING, "grafana").said
    assert set(re.findall(r"\$\{(\w+)\}", file.read_text())) <= set(said["environment"])
    place = "/etc/grafana/provisioning/alerting/contact-points.yaml"
    assert f"../grafana/{file.name}:{place}:ro" in said["volumes"]


def start_alertmanager(folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run start.sh with `true` in Alertmanager's place: it leaves the configuration."""
    return subprocess.run(
        [ROOT / "infra" / "alertmanager" / "start.sh"],
        env={**os.environ, "ALERTMANAGER": "true", "ALERTMANAGER_FOLDER": str(folder), **variables},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def test_alertmanagers_configuration_is_sound(tmp_path: Path) -> None:
    """Pages go to one address, tickets to another, and amtool finds nothing wrong."""
    started = start_alertmanager(
        tmp_path, OPERATORS_MAIL="day@example.com", OPERATORS_PAGE_MAIL="night@example.com"
    )
    assert started.returncode == 0, started.stderr
    file = tmp_path / "alertmanager.yml"
    assert "%" not in "".join(
        line for line in file.read_text().splitlines() if not line.startswith("#")
    )
    checked = subprocess.run(
        [program("amtool"), "check-config", str(file)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    receivers = read_yaml(file)["receivers"]
    assert not [each for each in receivers if "sns_configs" in each]
    to = {each["name"]: each["email_configs"][0]["to"] for each in receivers}
    assert to == {"pages": "night@example.com", "tickets": "day@example.com"}


def test_what_keeps_quiet_is_known_and_hides_no_cause(tmp_path: Path) -> None:
    """Inhibitions name alerts that exist; a full pool, which looks like no database, is told."""
    started = start_alertmanager(tmp_path, OPERATORS_MAIL="day@example.com")
    assert started.returncode == 0, started.stderr
    hidden = {
        source: set(targets)
        for rule in read_yaml(tmp_path / "alertmanager.yml")["inhibit_rules"]
        for source, *targets in [
            re.findall(r"[A-Z]\w+", " ".join(rule["source_matchers"] + rule["target_matchers"]))
        ]
    }
    known = {alert["alert"] for alert in list_alerts(RULES)}
    assert set(hidden).union(*hidden.values()) <= known
    assert hidden["DatabaseDown"] >= {"NoLeader", "DeliveriesStuck"}
    assert "DatabasePoolExhausted" not in hidden["DatabaseDown"]


@pytest.mark.parametrize(("user", "mailed"), [("", False), ("AKIAIOSFODNN7EXAMPLE", True)])
def test_alerts_go_to_the_topic_of_the_alarms(tmp_path: Path, user: str, *, mailed: bool) -> None:
    """Where there is a topic every alert goes to it, and by mail only with a user for that."""
    topic = "arn:aws:sns:eu-central-1:123456789012:alarms"
    started = start_alertmanager(
        tmp_path, ALARM_TOPIC_ARN=topic, AWS_REGION=REGION, OPERATORS_SMTP_USER=user
    )
    assert started.returncode == 0, started.stderr
    file = tmp_path / "alertmanager.yml"
    checked = subprocess.run(
        [program("amtool"), "check-config", str(file)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr
    receivers = read_yaml(file)["receivers"]
    assert {each["name"] for each in receivers} == {"pages", "tickets"}
    for each in receivers:
        (way,) = each["sns_configs"]
        assert (way["topic_arn"], way["sigv4"]) == (topic, {"region": REGION})
        assert ("email_configs" in each) is mailed


def test_a_topic_without_its_region_is_refused(tmp_path: Path) -> None:
    """Alertmanager would sign for no region, and every alert would be refused."""
    started = start_alertmanager(
        tmp_path, ALARM_TOPIC_ARN="arn:aws:sns:eu-central-1:123456789012:alarms", AWS_REGION=""
    )
    assert started.returncode == 2
    assert "AWS_REGION is not" in started.stderr


@pytest.mark.parametrize("word", ['a"b', "a|b", "a&b", "a\\b"])
def test_alertmanager_refuses_a_word_that_would_break_its_file(tmp_path: Path, word: str) -> None:
    """A quote in an address is a clear refusal, not a broken configuration."""
    started = start_alertmanager(tmp_path, OPERATORS_MAIL=word)
    assert started.returncode == 2
    assert "OPERATORS_MAIL" in started.stderr


@pytest.fixture(scope="module")
def aws() -> Iterator[str]:
    """Return the address of a stand-in for AWS."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=free_port(), verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def test_an_alert_arrives_at_the_topic(
    tmp_path: Path, aws: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Alertmanager signs with the machine's rights; the subject is short and plain, as SNS asks."""
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    sns = boto3.client("sns", endpoint_url=aws, region_name=REGION, **keys)
    sqs = boto3.client("sqs", endpoint_url=aws, region_name=REGION, **keys)
    topic = sns.create_topic(Name="alarms")["TopicArn"]
    queue = sqs.create_queue(QueueName="people")["QueueUrl"]
    endpoint = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=endpoint["Attributes"]["QueueArn"])
    for name, value in {
        "ALARM_TOPIC_ARN": topic,
        "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
    }.items():
        monkeypatch.setenv(name, value)
    assert start_alertmanager(tmp_path).returncode == 0
    file = tmp_path / "alertmanager.yml"
    text = re.sub(r"(group_wait|group_interval): .*", rf"\1: {SHORT}", file.read_text())
    begin = "sns_configs:\n      - "
    file.write_text(text.replace(begin, f"{begin}api_url: {aws}\n        "))
    with running_server(
        program("prometheus-alertmanager"),
        tmp_path,
        f"--config.file={file}",
        f"--storage.path={tmp_path / 'storage'}",
        "--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
        ready="/-/ready",
    ) as alertmanager:
        subprocess.run(
            [
                *(program("amtool"), "alert", "add", f"--alertmanager.url={alertmanager.url}"),
                *("alertname=RunMissed", "severity=ticket", "environment=production"),
                f"--annotation=summary=Nobody: {'has begun ' * 20}",
            ],
            check=True,
            timeout=30,
        )
        arrived: list[dict[str, str]] = []

        def look() -> bool:
            messages = sqs.receive_message(QueueUrl=queue).get("Messages", [])
            arrived.extend(json.loads(message["Body"]) for message in messages)
            return bool(arrived)

        wait_until(look, "the alert to arrive", 40)
    assert arrived[0]["Subject"] == "[ticket] production: RunMissed"
    assert "Nobody: has begun" in arrived[0]["Message"]


def test_silencing_works_as_the_runbooks_say(alertmanager: Server) -> None:
    """Their command, at this Alertmanager's address, leaves a silence of an hour with a reason."""
    text = (ROOT / "docs" / "runbooks" / "README.md").read_text().replace("\\\n", " ")
    said = re.search(r"docker compose exec alertmanager (amtool silence add .*)", text)
    assert said is not None
    name, *words = shlex.split(said[1].replace("http://127.0.0.1:9093", alertmanager.url))
    subprocess.run([program(name), *words], check=True, timeout=30)
    (silence,) = alertmanager.ask("/api/v2/silences")
    assert silence["status"]["state"] == "active"
    assert (silence["createdBy"], silence["comment"]) == ("NAME", "REASON")
    assert [(each["name"], each["value"]) for each in silence["matchers"]] == [
        ("alertname", "ALERT")
    ]
    begin, end = (datetime.fromisoformat(silence[key]) for key in ("startsAt", "endsAt"))
    assert abs(end - begin - timedelta(hours=1)) < timedelta(minutes=1)


def test_both_instances_on_one_machine_are_called_by_their_names(tmp_path: Path) -> None:
    """The second is asked of DNS, which tells an address and for which name it stands."""
    configuration: dict[str, Any] = read_yaml(PROMETHEUS / "prometheus.yml")
    (job,) = [each for each in configuration["scrape_configs"] if each["job_name"] == "app"]
    (found,) = job.pop("dns_sd_configs")
    assert (found["names"], found["type"], found["port"]) == (["app-2"], "A", 9464)
    # As Prometheus's discovery hands it on.
    job["static_configs"] += [
        {"targets": [f"127.0.0.2:{found['port']}"], "labels": {"__meta_dns_name": "app-2"}}
    ]
    configuration["scrape_configs"] = [job]
    configuration["alerting"] = {}
    expected = {
        f"http://{host}:9464/metrics": {
            "job": "app",
            "instance": instance,
            "environment": "compose",
        }
        for host, instance in (("app", "app"), ("127.0.0.2", "app-2"))
    }
    with running_prometheus(tmp_path, configuration) as prometheus:

        def targets() -> dict[str, dict[str, str]]:
            return {
                each["scrapeUrl"]: each["labels"]
                for each in prometheus.ask("/api/v1/targets")["data"]["activeTargets"]
            }

        wait_until(lambda: len(targets()) == 2, "both instances to be targets", 30)
        assert targets() == expected


def test_machines_are_found_by_their_tags(tmp_path: Path, aws: str) -> None:
    """In production a machine is a target by its tags, with its id, zone and what it serves."""
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    client = boto3.client("ec2", endpoint_url=aws, region_name=REGION, **keys)

    def start(zone: str, **tags: str) -> str:
        answer = client.run_instances(
            ImageId="ami-12c6146b",
            MinCount=1,
            MaxCount=1,
            Placement={"AvailabilityZone": f"{REGION}{zone}"},
            TagSpecifications=[
                {
                    "ResourceType": "instance",
                    "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
                }
            ],
        )
        return str(answer["Instances"][0]["InstanceId"])

    ours = {"Project": "oracle", "Environment": "oracle-production"}
    first = start("a", **ours, Role="app")
    second = start("b", **ours, Role="app")
    watching = start("a", **ours, Role="monitoring")
    start("a", Project="other", Environment="oracle-production", Role="app")
    start("a", Project="oracle", Environment="oracle-trial", Role="app")

    text = (PROMETHEUS / "prometheus.production.yml").read_text()
    # As Terraform does on the way to the machine.
    configuration: dict[str, Any] = yaml.safe_load(
        text.replace("%ENVIRONMENT%", ours["Environment"])
    )
    found_by_tags = [job for job in configuration["scrape_configs"] if "ec2_sd_configs" in job]
    for job in found_by_tags:
        for each in job["ec2_sd_configs"]:
            each |= {
                "endpoint": aws,
                "region": REGION,
                "access_key": "testing",
                "secret_key": "testing",
            }
    configuration["scrape_configs"] = found_by_tags
    configuration["alerting"] = {}
    with running_prometheus(tmp_path, configuration) as prometheus:

        def targets() -> set[tuple[str, str, str]]:
            return {
                (each["labels"]["job"], each["labels"]["instance"], each["labels"]["az"])
                for each in prometheus.ask("/api/v1/targets")["data"]["activeTargets"]
            }

        a, b = f"{REGION}a", f"{REGION}b"
        expected = {
            ("app", first, a),
            ("app", second, b),
            ("alloy", first, a),
            ("alloy", second, b),
            ("node", first, a),
            ("node", second, b),
            ("node", watching, a),
        }
        wait_until(lambda: targets() == expected, "the machines to be found", 40)
        assert {
            each["labels"]["environment"]
            for each in prometheus.ask("/api/v1/targets")["data"]["activeTargets"]
            if each["labels"]["job"] == "app"
        } == {"production"}
        ports = {
            each["scrapePool"]: each["scrapeUrl"].rsplit(":", 1)[1]
            for each in prometheus.ask("/api/v1/targets")["data"]["activeTargets"]
        }
        assert ports == {"app": "9464/metrics", "alloy": "12345/metrics", "node": "9100/metrics"}
