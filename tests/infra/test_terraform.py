"""What Terraform would make, clause by clause, from its own tests with a made-up provider."""

from __future__ import annotations

import ast
import base64
import gzip
import json
import re
import subprocess
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from oracle.asgi import KEEP_ALIVE_SECONDS
from oracle.settings import load_settings
from oracle.settings.model import Settings
from oracle.settings.refusals import PREFIX, SECRETS
from oracle.web.live.hub import HEARTBEAT_SECONDS
from tests.infra.compose_files import MONITORING, PRODUCTION, list_services, list_variables
from tests.infra.terraform import Rehearsal, Stack, Terraform, copy_stack, rehearse, substitute

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT = Path(__file__).parent.parent.parent
SOURCE = ROOT / "infra" / "terraform"
MODULES = sorted(path for path in (SOURCE / "modules").iterdir() if path.is_dir())
ZONES = ["us-east-1a", "us-east-1b"]
ANYWHERE = {"0.0.0.0/0", "::/0"}
GRAFANA_GROUP = "module.monitoring.aws_lb_target_group.grafana"
# What EC2 says that the default sizes have, in MiB.
MEMORY = {"t3.small": 2048, "t3.medium": 4096}
# To which buckets registries send clients inside AWS for layers; S3's endpoint must let them pass.
BUCKETS_OF_LAYERS = {
    "docker.io": "docker-images-prod",
    "quay.io": "quayio-production-s3",
}
# One file in each folder that machines are configured by.
PROBES = (
    "grafana/dashboards/probe.json",
    "infra/alertmanager/probe.yml",
    "infra/alloy/probe.alloy",
    "infra/prometheus/rules/probe.yml",
    "loki/probe.yaml",
)

pytestmark = pytest.mark.timeout(900)


@pytest.fixture(scope="session")
def terraform(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform on a copy, made fit for mocks: these know no ephemeral values and must clean up."""
    folder = copy_stack(tmp_path_factory.mktemp("terraform"))
    for path in PROBES:
        probe = folder.parent.parent / path
        probe.parent.mkdir(parents=True, exist_ok=True)
        probe.write_text(f"probe of {path}\n", encoding="utf-8")
    secret = folder / "modules" / "secret" / "main.tf"
    substitute(secret, r'\nephemeral "[^}]+\n}\n', "")
    substitute(secret, r"= ephemeral\.\S+", '= "made-up"')
    substitute(
        folder / "modules" / "monitoring" / "main.tf",
        "prevent_destroy = true",
        "prevent_destroy = false",
    )
    program = Terraform.at(folder)
    program.init("-backend=false")
    return program


@pytest.fixture(scope="session")
def rehearsal(terraform: Terraform) -> Rehearsal:
    """Terraform's own tests, run once."""
    return rehearse(terraform)


@pytest.fixture(scope="session")
def stack(rehearsal: Rehearsal) -> Stack:
    """What is made without any choice of one's own."""
    return rehearsal.stacks["production"]


@pytest.fixture(scope="session")
def smallest(rehearsal: Rehearsal) -> Stack:
    """What would be made with the other branch of every choice."""
    return rehearsal.stacks["smallest"]


def machine_files(user_data: str) -> dict[str, str]:
    """Return the files that a machine's user data write, by path."""
    return {
        row["path"]: base64.b64decode(row["content"]).decode()
        for row in cloud_config(user_data)["write_files"]
    }


def cloud_config(user_data: str) -> Any:
    """Return what user data say, which is JSON and so YAML too."""
    text = gzip.decompress(base64.b64decode(user_data)).decode()
    assert text.startswith("#cloud-config\n")
    return json.loads(text.removeprefix("#cloud-config\n"))


def ports(rules: Mapping[str, Mapping[str, Any]]) -> set[tuple[Any, Any, Any]]:
    """Return source, target and port of security group rules."""
    return {
        (
            rule["cidr_ipv4"] or rule["referenced_security_group_id"],
            rule["security_group_id"],
            rule["from_port"],
        )
        for rule in rules.values()
        if rule["from_port"] == rule["to_port"]
    }


# --- form ---------------------------------------------------------------------------------------


def test_the_files_are_formatted(terraform: Terraform) -> None:
    """`terraform fmt` finds nothing to change."""
    assert terraform.run("fmt", "-check", "-recursive", "-diff", str(SOURCE)) == ""


def test_the_configuration_is_valid(terraform: Terraform) -> None:
    """`terraform validate` finds neither errors nor warnings."""
    verdict = json.loads(terraform.run("validate", "-json", allowed=(0, 1)))
    assert verdict["diagnostics"] == []
    assert verdict["valid"]


def test_terraforms_own_tests_pass(rehearsal: Rehearsal) -> None:
    """All runs pass: the stack in both shapes, and the refusals of wrong variables."""
    assert rehearsal.problems == []
    assert set(rehearsal.statuses.values()) == {"pass"}
    assert {"production", "smallest", "first_rules", "second_rules"} <= set(rehearsal.statuses)


@pytest.mark.parametrize("module", [SOURCE, *MODULES], ids=lambda module: module.name)
def test_a_module_has_its_four_files(module: Path) -> None:
    """Main, variables, outputs and versions, and no other configuration."""
    assert {path.stem for path in module.glob("*.tf")} == {
        "main",
        "variables",
        "outputs",
        "versions",
    }


def blocks(text: str, kind: str) -> dict[str, str]:
    """Return the blocks of that kind by their name."""
    return dict(re.findall(rf'^{kind} "(\w+)" \{{\n(.*?)^\}}', text, re.MULTILINE | re.DOTALL))


@pytest.mark.parametrize("module", [SOURCE, *MODULES], ids=lambda module: module.name)
def test_a_variable_is_typed_described_and_checked(module: Path) -> None:
    """Each has a type and a description, and a rule in a sentence unless it may be anything."""
    for name, body in blocks(
        (module / "variables.tf").read_text(encoding="utf-8"), "variable"
    ).items():
        assert re.search(r"^  type +=", body, re.MULTILINE), name
        assert re.search(r'^  description = "[A-Z].+\."$', body, re.MULTILINE), name
        free = re.search(r"^  type +=\s+(bool|map\(string\))$", body, re.MULTILINE)
        assert free or "validation {" in body, name
        sentences = re.findall(r'^ +error_message = "(.+)"$', body, re.MULTILINE)
        assert len(sentences) == body.count("validation {"), name
        assert all(sentence[0].isupper() and sentence[-1] == "." for sentence in sentences), name


@pytest.mark.parametrize("module", [SOURCE, *MODULES], ids=lambda module: module.name)
def test_an_output_is_described(module: Path) -> None:
    """Each says in a sentence what it is."""
    outputs = blocks((module / "outputs.tf").read_text(encoding="utf-8"), "output")
    assert outputs
    for name, body in outputs.items():
        assert re.search(r'^  description = "[A-Z].+\."$', body, re.MULTILINE), name


def test_every_rule_of_a_variable_is_tried() -> None:
    """A variable is refused at least as often in the tests as it has rules."""
    variables = blocks((SOURCE / "variables.tf").read_text(encoding="utf-8"), "variable")
    refusals = (SOURCE / "tests" / "refusals.tftest.hcl").read_text(encoding="utf-8")
    expected = "".join(re.findall(r"expect_failures = \[(.*?)\]", refusals, re.DOTALL))
    tried = re.findall(r"var\.(\w+)", expected)
    assert {
        name for name, body in variables.items() if body.count("validation {") > tried.count(name)
    } == set()


def test_only_amazons_provider_is_used() -> None:
    """No other provider, in the versions that are supported."""
    for path in SOURCE.rglob("versions.tf"):
        text = path.read_text(encoding="utf-8")
        assert set(re.findall(r'source  = "(.+)"', text)) <= {"hashicorp/aws"}
        assert set(re.findall(r'^ +version = "(.+)"', text, re.MULTILINE)) <= {">= 5.100, < 7"}


def test_every_exception_from_the_scan_has_its_reason() -> None:
    """Beside the resource, in a sentence."""
    exceptions = [
        match
        for path in SOURCE.rglob("*.tf")
        for match in re.findall(r"#\s*checkov:skip=(\w+):?(.*)", path.read_text(encoding="utf-8"))
    ]
    assert exceptions
    assert [
        check for check, reason in exceptions if not re.fullmatch(r"[A-Z].{20,}\.", reason)
    ] == []


def test_the_state_is_remote_locked_and_encrypted() -> None:
    """It lies in S3, with a lock file and no table."""
    backend = re.search(
        r'backend "s3" \{(.*?)\}', (SOURCE / "versions.tf").read_text(encoding="utf-8"), re.DOTALL
    )
    assert backend
    assert re.search(r"use_lockfile = true", backend.group(1))
    assert re.search(r"encrypt      = true", backend.group(1))


# --- network ------------------------------------------------------------------------------------


def test_six_subnets_lie_in_two_zones(stack: Stack) -> None:
    """Public, application and data subnets, each in both zones, none overlapping."""
    subnets = stack.all("aws_subnet")
    for part in ("public", "application", "data"):
        zones = [row["availability_zone"] for at, row in subnets.items() if f".{part}[" in at]
        assert zones == ZONES
    ranges = [ip_network(row["cidr_block"]) for row in subnets.values()]
    assert len(ranges) == 6
    assert not any(one.overlaps(other) for one in ranges for other in ranges if one is not other)
    assert {row["map_public_ip_on_launch"] for row in subnets.values()} == {False}


def test_each_zone_leaves_by_its_own_gateway(stack: Stack) -> None:
    """The application's routes lead to the NAT gateway of their zone, the public one outside."""
    routes = stack.all("aws_route")
    for zone in "ab":
        route = routes[f'module.network.aws_route.application_internet["us-east-1{zone}"]']
        assert (route["route_table_id"], route["nat_gateway_id"]) == (f"rtb-{zone}", f"nat-{zone}")
        gateway = stack.one(f'module.network.aws_nat_gateway.this["us-east-1{zone}"]')
        assert gateway["subnet_id"] == f"subnet-public-{zone}"
    public = routes["module.network.aws_route.public_internet"]
    assert public["gateway_id"] == stack.one("module.network.aws_internet_gateway.this")["id"]


def test_every_subnet_takes_the_ways_of_its_kind(stack: Stack) -> None:
    """None is left to the network's first table, where neither gateway nor endpoint is."""
    public = stack.one("module.network.aws_route_table.public")["id"]
    data = stack.one("module.network.aws_route_table.data")["id"]
    associations = stack.all("aws_route_table_association").values()
    assert {row["subnet_id"]: row["route_table_id"] for row in associations} == {
        "subnet-public-a": public,
        "subnet-public-b": public,
        "subnet-application-a": "rtb-a",
        "subnet-application-b": "rtb-b",
        "subnet-data-a": data,
        "subnet-data-b": data,
    }
    way_out = stack.one("module.network.aws_route.public_internet")
    assert (way_out["route_table_id"], way_out["destination_cidr_block"]) == (public, "0.0.0.0/0")


def test_one_gateway_may_serve_both_zones(smallest: Stack) -> None:
    """The cheaper shape has a single NAT gateway and routes from both zones."""
    assert len(smallest.all("aws_nat_gateway")) == 1
    assert len([at for at in smallest.all("aws_route") if "application_internet" in at]) == 2


def test_the_database_has_no_way_out(stack: Stack) -> None:
    """No route leaves the data subnets, whose table is their own."""
    tables = {route["route_table_id"] for route in stack.all("aws_route").values()}
    data = stack.one("module.network.aws_route_table.data")["id"]
    assert data not in tables
    associations = stack.all("aws_route_table_association")
    assert {row["subnet_id"] for row in associations.values() if row["route_table_id"] == data} == {
        "subnet-data-a",
        "subnet-data-b",
    }


def test_the_machines_reach_s3_inside_the_network(stack: Stack) -> None:
    """The gateway endpoint is in both zones' tables and lets this account's buckets through."""
    endpoint = stack.one("module.network.aws_vpc_endpoint.s3")
    assert endpoint["vpc_endpoint_type"] == "Gateway"
    assert endpoint["service_name"] == "com.amazonaws.us-east-1.s3"
    assert sorted(endpoint["route_table_ids"]) == ["rtb-a", "rtb-b"]
    own = stack.statements("module.network.data.aws_iam_policy_document.s3_endpoint")["OwnBuckets"]
    assert own["condition"] == [
        {"test": "StringEquals", "variable": "aws:ResourceAccount", "values": ["123456789012"]}
    ]


def registry_of(image: str) -> str:
    """Return the registry that Docker takes the image from."""
    first, slash, _ = image.partition("/")
    return first if slash and ("." in first or ":" in first) else "docker.io"


def test_layers_of_images_pass_the_endpoint(stack: Stack) -> None:
    """Anybody's request may read the layers of every registry, the agent's files, and no more."""
    assert [registry_of(image) for image in ("a:1", "b/a:1", "c.io/b/a:1")] == [
        "docker.io",
        "docker.io",
        "c.io",
    ]
    foreign = {
        registry_of(each.said["image"])
        for each in list_services(PRODUCTION, MONITORING)
        if not each.is_the_application
    }
    unknown = sorted(foreign - BUCKETS_OF_LAYERS.keys())
    assert not unknown, (
        f"Find out which buckets hold the layers of {unknown}, let the S3 endpoint pass them, "
        "and add them to BUCKETS_OF_LAYERS."
    )
    rows = stack.statements("module.network.data.aws_iam_policy_document.s3_endpoint")
    assert rows.keys() == {"OwnBuckets", "LayersOfImagesAndTheSystemsManager"}
    layers = rows["LayersOfImagesAndTheSystemsManager"]
    assert layers["effect"] != "Deny"
    assert layers["actions"] == ["s3:GetObject"]
    assert layers["principals"] == [{"type": "AWS", "identifiers": ["*"]}]
    assert not layers["condition"]
    assert set(layers["resources"]) == {
        "arn:aws:s3:::prod-us-east-1-starport-layer-bucket/*",
        "arn:aws:s3:::amazon-ssm-us-east-1/*",
        *(f"arn:aws:s3:::{BUCKETS_OF_LAYERS[registry]}/*" for registry in foreign),
    }


def test_interface_endpoints_are_a_choice(stack: Stack, smallest: Stack) -> None:
    """None without asking; what is asked for has private names."""
    assert [at for at in stack.resources if "aws_vpc_endpoint.interface" in at] == []
    endpoint = smallest.one('module.network.aws_vpc_endpoint.interface["sqs"]')
    assert endpoint["service_name"] == "com.amazonaws.eu-central-1.sqs"
    assert endpoint["private_dns_enabled"]


def test_refused_connections_are_logged(stack: Stack) -> None:
    """The network's flow log is on, kept for a limited time, and written for this account alone."""
    assert stack.one("module.network.aws_flow_log.this")["vpc_id"] == "vpc-0123456789abcdef0"
    assert stack.one("module.network.aws_cloudwatch_log_group.flow")["retention_in_days"] == 30
    (trust,) = stack.one("module.network.data.aws_iam_policy_document.flow_trust")["statement"]
    assert trust["condition"] == [
        {"test": "StringEquals", "variable": "aws:SourceAccount", "values": ["123456789012"]}
    ]


def test_only_the_balancer_is_open_to_everybody_and_only_for_the_web(stack: Stack) -> None:
    """No other group takes anything from everywhere, and none takes a range of ports."""
    rules = stack.all("aws_vpc_security_group_ingress_rule")
    assert {rule for rule in ports(rules) if rule[0] in ANYWHERE} == {
        ("0.0.0.0/0", "sg-balancer", 80),
        ("0.0.0.0/0", "sg-balancer", 443),
    }
    assert all(rule["from_port"] == rule["to_port"] for rule in rules.values())
    assert all(rule["ip_protocol"] == "tcp" for rule in rules.values())
    assert all(rule["cidr_ipv6"] is None for rule in rules.values())
    groups = stack.all("aws_security_group") | stack.all("aws_default_security_group")
    # No rule stands in a group itself, where the rows above would not show it.
    assert not any(group["ingress"] or group["egress"] for group in groups.values())


def test_each_part_is_reached_by_its_neighbours_alone(stack: Stack) -> None:
    """The rows of who may talk to whom, and nothing besides."""
    rules = ports(stack.all("aws_vpc_security_group_ingress_rule"))
    assert {rule for rule in rules if rule[0].startswith("sg-")} == {
        ("sg-balancer", "sg-application", 8000),
        ("sg-balancer", "sg-monitoring", 3000),
        ("sg-application", "sg-database", 3306),
        ("sg-application", "sg-monitoring", 3100),
        ("sg-monitoring", "sg-application", 9464),
        ("sg-monitoring", "sg-application", 9100),
        ("sg-monitoring", "sg-application", 12345),
        ("sg-monitoring", "sg-monitoring", 9100),
        ("sg-application", "sg-endpoints", 443),
        ("sg-monitoring", "sg-endpoints", 443),
    }


def test_nothing_leaves_the_database_or_the_balancer_for_the_internet(stack: Stack) -> None:
    """Only the machines do, by TLS and to package mirrors."""
    rules = ports(stack.all("aws_vpc_security_group_egress_rule"))
    assert {rule[1:] for rule in rules if rule[0] == "0.0.0.0/0"} == {
        ("sg-application", 80),
        ("sg-application", 443),
        ("sg-monitoring", 80),
        ("sg-monitoring", 443),
        ("sg-monitoring", 587),
    }
    assert not [rule for rule in rules if rule[1] == "sg-database"]


def test_monitoring_is_closed_outside_of_its_ranges(stack: Stack) -> None:
    """Grafana's port is open for the given ranges alone, and no other door leads to the machine."""
    rules = ports(stack.all("aws_vpc_security_group_ingress_rule"))
    assert {rule for rule in rules if rule[2] == 8443} == {
        ("203.0.113.0/24", "sg-balancer", 8443),
        ("198.51.100.7/32", "sg-balancer", 8443),
    }
    listeners = stack.all("aws_lb_listener")
    grafana = stack.one("module.monitoring.aws_lb_target_group.grafana")
    assert {
        row["port"] for at, row in listeners.items() if at.startswith("module.monitoring.")
    } == {8443}
    assert grafana["port"] == 3000
    assert not [at for at in stack.resources if "aws_lb_listener_rule" in at]
    instance = stack.one("module.monitoring.aws_instance.this")
    assert instance["associate_public_ip_address"] is False
    assert instance["subnet_id"] == "subnet-application-a"
    assert instance["vpc_security_group_ids"] == ["sg-monitoring"]


# --- names --------------------------------------------------------------------------------------


def test_the_parts_find_each_other_in_a_private_zone(stack: Stack) -> None:
    """The zone belongs to the network and has the database and monitoring in it."""
    network = stack.one("module.network.aws_vpc.this")
    assert network["enable_dns_support"]
    assert network["enable_dns_hostnames"]
    zone = stack.one("module.dns.aws_route53_zone.private")
    assert zone["name"] == "oracle.internal"
    assert [vpc["vpc_id"] for vpc in zone["vpc"]] == ["vpc-0123456789abcdef0"]
    database = stack.one("module.dns.aws_route53_record.database")
    monitoring = stack.one("module.dns.aws_route53_record.monitoring")
    assert (database["name"], database["records"]) == (
        "database.oracle.internal",
        ["oracle.abc.us-east-1.rds.amazonaws.com"],
    )
    assert (monitoring["name"], monitoring["records"]) == (
        "monitoring.oracle.internal",
        ["10.20.64.9"],
    )
    assert {database["zone_id"], monitoring["zone_id"]} == {zone["zone_id"]}


def test_the_public_names_lead_to_the_balancer(stack: Stack) -> None:
    """Site and Grafana are aliases in the public zone, with a certificate validated by DNS."""
    for part, name in {
        "site": "oracle.example.com",
        "monitoring": "monitoring.oracle.example.com",
    }.items():
        record = stack.one(f'module.dns.aws_route53_record.public["{part}"]')
        assert (record["name"], record["zone_id"]) == (name, "Z0123456789ABCDEFGHIJ")
        assert record["alias"][0]["name"] == "oracle-1.us-east-1.elb.amazonaws.com"
    certificate = stack.one("module.dns.aws_acm_certificate.this")
    assert certificate["validation_method"] == "DNS"
    assert certificate["subject_alternative_names"] == ["monitoring.oracle.example.com"]
    assert len([at for at in stack.resources if "aws_route53_record.validation" in at]) == 2
    # The balancer is given it once it is valid: before, AWS would refuse the listener.
    given = (SOURCE / "modules" / "dns" / "outputs.tf").read_text(encoding="utf-8")
    assert re.search(
        r"= aws_acm_certificate_validation\.this\.certificate_arn$", given, re.MULTILINE
    )


# --- service ------------------------------------------------------------------------------------


def test_the_balancer_is_public_in_both_zones(stack: Stack) -> None:
    """It stands in the public subnets and drops headers that are none."""
    balancer = stack.one("module.service.aws_lb.this")
    assert balancer["internal"] is False
    assert sorted(balancer["subnets"]) == ["subnet-public-a", "subnet-public-b"]
    assert balancer["security_groups"] == ["sg-balancer"]
    assert balancer["drop_invalid_header_fields"]
    assert balancer["enable_deletion_protection"]


def test_a_silent_connection_is_closed_by_the_balancer_first(stack: Stack) -> None:
    """It waits for less than the application does, and for longer than a live page is silent."""
    waits = stack.one("module.service.aws_lb.this")["idle_timeout"]
    assert 2 * HEARTBEAT_SECONDS < waits < KEEP_ALIVE_SECONDS


def test_nothing_is_served_over_plain_http(stack: Stack) -> None:
    """Port 80 only redirects; all other listeners speak TLS 1.2 or newer."""
    listeners = {row["port"]: row for row in stack.all("aws_lb_listener").values()}
    assert set(listeners) == {80, 443, 8443}
    (action,) = listeners[80]["default_action"]
    assert action["type"] == "redirect"
    assert action["redirect"][0]["protocol"] == "HTTPS"
    assert action["redirect"][0]["status_code"] == "HTTP_301"
    for port in (443, 8443):
        assert listeners[port]["protocol"] == "HTTPS"
        assert listeners[port]["ssl_policy"] == "ELBSecurityPolicy-TLS13-1-2-2021-06"
        assert listeners[port]["certificate_arn"].startswith("arn:aws:acm:")


def test_each_door_leads_to_what_is_behind_it(stack: Stack) -> None:
    """443 forwards to the application's target group and 8443 to Grafana's, and nowhere else."""
    for listener, group in (
        ("module.service.aws_lb_listener.https", "module.service.aws_lb_target_group.application"),
        ("module.monitoring.aws_lb_listener.grafana", GRAFANA_GROUP),
    ):
        (action,) = stack.one(listener)["default_action"]
        assert action["type"] == "forward"
        assert action["target_group_arn"] == stack.one(group)["arn"]
    arns = [row["arn"] for row in stack.all("aws_lb_target_group").values()]
    assert len(set(arns)) == 2
    (attached,) = stack.all("aws_lb_target_group_attachment").values()
    assert (attached["target_group_arn"], attached["target_id"], attached["port"]) == (
        stack.one(GRAFANA_GROUP)["arn"],
        stack.one("module.monitoring.aws_instance.this")["id"],
        3000,
    )


def test_requests_go_to_machines_that_are_ready(stack: Stack) -> None:
    """The target group asks the ready check and gives what was begun time to end."""
    group = stack.one("module.service.aws_lb_target_group.application")
    check = group["health_check"][0]
    assert (check["path"], check["matcher"]) == ("/healthz/ready", "200")
    assert group["port"] == 8000
    drain = int(
        stack.one('module.service.aws_ssm_parameter.settings["ORACLE_DRAIN_SECONDS"]')["value"]
    )
    assert int(group["deregistration_delay"]) > drain
    assert drain >= check["interval"] * check["unhealthy_threshold"]


def test_two_machines_stand_in_two_zones_behind_the_balancer(stack: Stack) -> None:
    """At least two, in both private subnets, replaced when the balancer finds them ill."""
    group = stack.one("module.service.aws_autoscaling_group.this")
    assert group["min_size"] == 2
    assert sorted(group["vpc_zone_identifier"]) == ["subnet-application-a", "subnet-application-b"]
    assert group["target_group_arns"] == [
        stack.one("module.service.aws_lb_target_group.application")["arn"]
    ]
    assert group["health_check_type"] == "ELB"
    assert group["max_size"] > group["min_size"]
    # A new machine brings its packages first; judged before that, it would be replaced for ever.
    assert group["health_check_grace_period"] == 300
    assert group["default_instance_warmup"] == 180


def test_the_system_of_the_machines_can_be_held(stack: Stack, smallest: Stack) -> None:
    """Without a choice it is Ubuntu's newest; with one, no newer image replaces the machines."""
    template = "module.service.aws_launch_template.this"
    newest = stack.one("module.service.data.aws_ssm_parameter.ubuntu")
    assert "/stable/current/amd64/" in newest["name"]
    assert stack.one(template)["image_id"] == newest["insecure_value"] == "ami-0123456789abcdef0"
    assert smallest.one(template)["image_id"] == "ami-00000000000000024"


def test_the_group_answers_high_cpu(stack: Stack) -> None:
    """A policy holds the group's average CPU at its target, by figures of each minute."""
    policy = stack.one("module.service.aws_autoscaling_policy.cpu")
    assert policy["policy_type"] == "TargetTrackingScaling"
    (tracking,) = policy["target_tracking_configuration"]
    (metric,) = tracking["predefined_metric_specification"]
    assert metric["predefined_metric_type"] == "ASGAverageCPUUtilization"
    assert tracking["target_value"] == 50
    group = stack.one("module.service.aws_autoscaling_group.this")
    assert policy["autoscaling_group_name"] == group["name"]
    template = stack.one("module.service.aws_launch_template.this")
    assert template["monitoring"][0]["enabled"]


def test_a_new_version_is_rolled_out_and_back(stack: Stack) -> None:
    """New machines come before old ones go, and a failure goes back; the version is a number."""
    group = stack.one("module.service.aws_autoscaling_group.this")
    (refresh,) = group["instance_refresh"]
    (preferences,) = refresh["preferences"]
    assert refresh["strategy"] == "Rolling"
    assert preferences["auto_rollback"]
    assert preferences["min_healthy_percentage"] == 100
    assert group["launch_template"][0]["version"] == "1"


def test_a_machine_of_the_application_is_found_by_its_tag(stack: Stack) -> None:
    """Prometheus looks for Role; tags of the provider are handed on as well."""
    tags = stack.one("module.service.aws_autoscaling_group.this")["tag"]
    launched = {tag["key"]: tag["value"] for tag in tags if tag["propagate_at_launch"]}
    assert launched["Role"] == "app"
    assert launched["Project"] == "oracle"


def test_machines_ask_for_credentials_by_session_tokens(stack: Stack) -> None:
    """IMDSv2 is required of every machine, and none has a public address."""
    template = stack.one("module.service.aws_launch_template.this")
    instance = stack.one("module.monitoring.aws_instance.this")
    for machine in (template, instance):
        (options,) = machine["metadata_options"]
        assert options["http_tokens"] == "required"
        # Containers ask too, one hop further away; nobody further away does.
        assert options["http_put_response_hop_limit"] == 2
    (interface,) = template["network_interfaces"]
    assert interface["associate_public_ip_address"] == "false"
    assert interface["security_groups"] == ["sg-application"]


def test_a_machine_has_its_role(stack: Stack) -> None:
    """Both kinds are given a profile whose role has the policy that is looked at below."""
    template = stack.one("module.service.aws_launch_template.this")
    instance = stack.one("module.monitoring.aws_instance.this")
    profiles = {
        module: stack.one(f"module.{module}.aws_iam_instance_profile.this")
        for module in ("service", "monitoring")
    }
    assert [row["arn"] for row in template["iam_instance_profile"]] == [profiles["service"]["arn"]]
    assert instance["iam_instance_profile"] == profiles["monitoring"]["name"]
    for module, profile in profiles.items():
        role = stack.one(f"module.{module}.aws_iam_role.this")
        assert profile["role"] == role["name"]
        assert stack.one(f"module.{module}.aws_iam_role_policy.this")["role"] == role["id"]


def test_a_machine_logs_in_and_starts_the_compose_file(stack: Stack) -> None:
    """User data install Docker with compose, have the role log in to ECR, and start the service."""
    template = stack.one("module.service.aws_launch_template.this")
    config = cloud_config(template["user_data"])
    assert {"docker.io", "docker-compose-v2", "amazon-ecr-credential-helper"} <= set(
        config["packages"]
    )
    assert ["systemctl", "enable", "--now", "oracle.service"] in config["runcmd"]
    files = machine_files(template["user_data"])
    compose = (ROOT / "infra" / "compose.production.yaml").read_text(encoding="utf-8")
    assert files["/opt/oracle/compose.yaml"] == compose
    assert json.loads(files["/etc/oracle/docker/config.json"]) == {
        "credHelpers": {"123456789012.dkr.ecr.us-east-1.amazonaws.com": "ecr-login"}
    }
    told = json.loads(files["/etc/oracle/instance.json"])
    assert told["environment"]["ORACLE_IMAGE"] == (
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/oracle-production:0.1.0"
    )
    assert told["settings_path"] == "/oracle-production/settings/"
    assert "COMPOSE_FILE=/opt/oracle/compose.yaml\n" in files["/etc/oracle/unit.env"]
    unit = files["/etc/systemd/system/oracle.service"]
    assert "Environment=DOCKER_CONFIG=/etc/oracle/docker\n" in unit
    # An image or a secret that is not there yet is tried again, and not left for a person.
    assert "Restart=on-failure\n" in unit


def test_a_stop_lets_the_containers_drain(stack: Stack) -> None:
    """Shutting the machine down stops compose first, which waits longer than the drain may take."""
    files = machine_files(stack.one("module.service.aws_launch_template.this")["user_data"])
    unit = files["/etc/systemd/system/oracle.service"]
    assert re.search(r"^ExecStop=/usr/bin/docker compose .* stop$", unit, re.MULTILINE)
    assert "After=docker.service" in unit
    stop = re.search(r"^TimeoutStopSec=(\d+)$", unit, re.MULTILINE)
    grace = re.search(r"stop_grace_period: (\d+)s", files["/opt/oracle/compose.yaml"])
    server = re.search(
        r"^STOP_SECONDS = (\d+)$",
        (ROOT / "oracle" / "asgi.py").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert stop
    assert grace
    assert server
    assert 60 + int(server.group(1)) < int(grace.group(1)) < int(stop.group(1))


def test_the_containers_fit_into_the_machines(stack: Stack) -> None:
    """All that stays running may use its limit at once, with 256 MiB left for the system."""
    units = {"m": 1, "g": 1024}
    for file, size in (
        (PRODUCTION, stack.one("module.service.aws_launch_template.this")["instance_type"]),
        (MONITORING, stack.one("module.monitoring.aws_instance.this")["instance_type"]),
    ):
        limits = [each.said["mem_limit"] for each in list_services(file) if not each.ends_by_itself]
        used = sum(int(limit[:-1]) * units[limit[-1]] for limit in limits)
        assert used + 256 <= MEMORY[size], file.name


def test_a_person_reaches_the_containers_by_one_command(stack: Stack, tmp_path: Path) -> None:
    """`oracle-compose` knows file and environment of its machine, and the runbooks name it."""
    (tmp_path / "docker").write_text('#!/bin/sh\nprintf "%s|" "$@"\n')
    (tmp_path / "docker").chmod(0o755)
    for user_data, compose in (
        (stack.one("module.service.aws_launch_template.this")["user_data"], "compose.yaml"),
        (
            stack.one("module.monitoring.aws_instance.this")["user_data_base64"],
            "infra/compose.monitoring.yaml",
        ),
    ):
        (row,) = [
            row
            for row in cloud_config(user_data)["write_files"]
            if row["path"] == "/usr/local/bin/oracle-compose"
        ]
        assert row["permissions"] == "0755"
        files = machine_files(user_data)
        (tmp_path / "unit.env").write_text(files["/etc/oracle/unit.env"])
        script = files[row["path"]].replace("/etc/oracle/unit.env", str(tmp_path / "unit.env"))
        said = subprocess.run(
            ["/bin/sh", "-s", "ps", "--all"],
            input=script,
            env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert said == (
            "compose|--env-file|/opt/oracle/.env|--env-file|/run/oracle/secrets.env|"
            f"--file|/opt/oracle/{compose}|ps|--all|"
        )
    runbooks = (ROOT / "docs" / "runbooks" / "README.md").read_text(encoding="utf-8")
    assert "`sudo oracle-compose`" in runbooks


def test_user_data_fit_and_hold_no_secret(stack: Stack) -> None:
    """Both machines' are below 16 KB and hold ARNs of secrets, not their values."""
    template = stack.one("module.service.aws_launch_template.this")
    instance = stack.one("module.monitoring.aws_instance.this")
    for user_data in (template["user_data"], instance["user_data_base64"]):
        assert len(base64.b64decode(user_data)) < 16 * 1024
        assert "made-up-secret" not in gzip.decompress(base64.b64decode(user_data)).decode()
        told = json.loads(machine_files(user_data)["/etc/oracle/instance.json"])
        assert told["secrets"]
        assert all(arn.startswith("arn:aws:secretsmanager:") for arn in told["secrets"].values())


def test_secrets_stay_out_of_state_and_settings(stack: Stack) -> None:
    """Values are write-only, RDS makes its own password, and no setting holds one."""
    for secret in stack.all("aws_secretsmanager_secret_version").values():
        assert secret["secret_string"] in (None, "")
        assert secret["secret_string_wo"] is None
    database = stack.one("module.database.aws_db_instance.this")
    assert database["manage_master_user_password"]
    assert database["password"] is None
    settings = stack.all("aws_ssm_parameter")
    names = {row["name"].rsplit("/", 1)[-1] for row in settings.values() if "value" in row}
    assert names & {"ORACLE_SECRET_KEY", "ORACLE_SMTP_URL"} == set()


def test_the_secrets_of_source_are_ephemeral() -> None:
    """What the copy for mocks replaces: the password exists for the moment of applying only."""
    text = (SOURCE / "modules" / "secret" / "main.tf").read_text(encoding="utf-8")
    assert "secret_string_wo         = ephemeral.aws_secretsmanager_random_password.this" in text
    assert not re.search(r"secret_string +=", text)


def settings_of(stack: Stack) -> dict[str, str]:
    """Return the settings that the machines read, by name."""
    return {
        row["name"].rsplit("/", 1)[-1]: row["value"]
        for at, row in stack.all("aws_ssm_parameter").items()
        if at.startswith("module.service.aws_ssm_parameter.settings")
    }


def test_the_application_accepts_its_settings(
    stack: Stack, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """With the key from its secret they are valid production settings."""
    values = settings_of(stack)
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    # It is on the machine, where user data bring it.
    bundle = tmp_path / "rds.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----")
    assert values["ORACLE_DATABASE_CA"] == "/etc/oracle/certificates/rds.pem"
    described = (ROOT / "docs" / "database.md").read_text(encoding="utf-8")
    assert f"`{values['ORACLE_DATABASE_CA']}`" in described
    monkeypatch.setenv("ORACLE_DATABASE_CA", str(bundle))
    monkeypatch.setenv("ORACLE_SECRET_KEY", "x" * 64)
    settings = load_settings()
    assert settings.is_production
    assert settings.base_url == "https://oracle.example.com"
    assert settings.image_base_url == "https://d111111abcdef8.cloudfront.net"
    assert settings.trusted_proxies == 1
    assert settings.mailer == "ses"
    assert settings.mail_from == "Oracle <digest@oracle.example.com>"
    assert settings.ses_configuration_set == "oracle-production"
    assert settings.mail_events_queue == "https://sqs.us-east-1.amazonaws.com/123456789012/events"
    assert settings.mail_events_topic == "arn:aws:sns:us-east-1:123456789012:events"
    assert values["ORACLE_DATABASE_URL"] == "mysql://database.oracle.internal:3306/oracle"
    assert values["ORACLE_DATABASE_SECRET"].startswith("arn:aws:secretsmanager:")
    assert values["ORACLE_DATABASE_TLS"] == "verify"
    assert values["ORACLE_DATABASE_TLS_NAME"] != "database.oracle.internal"
    assert values["ORACLE_IMAGE_BUCKET"] == "oracle-production-images"


def test_names_of_settings_are_the_applications(stack: Stack, smallest: Stack) -> None:
    """A setting that the application does not know would keep it from starting."""
    known = {f"ORACLE_{field.upper()}" for field in Settings.model_fields}
    assert settings_of(stack).keys() <= known
    assert settings_of(smallest)["ORACLE_MAIL_RATE"] == "14"
    assert settings_of(smallest)["ORACLE_MAIL_FROM"] == "Somebody <evening@oracle.example.com>"


def test_a_secret_is_refused_as_a_setting() -> None:
    """Each that the application calls one is, since anybody in the account may read settings."""
    body = blocks((SOURCE / "variables.tf").read_text(encoding="utf-8"), "variable")["settings"]
    refused = re.search(r"setintersection\(keys\(var\.settings\), (\[.*?\])\)", body)
    assert refused
    assert set(json.loads(refused.group(1))) == {PREFIX + name for name in SECRETS}


# --- database -----------------------------------------------------------------------------------


def test_the_database_is_mysql_with_a_standby(stack: Stack, smallest: Stack) -> None:
    """MySQL 8.4 over two zones, in the data subnets, for the application alone."""
    database = stack.one("module.database.aws_db_instance.this")
    assert (database["engine"], database["engine_version"]) == ("mysql", "8.4")
    assert database["multi_az"]
    assert database["publicly_accessible"] is False
    assert database["vpc_security_group_ids"] == ["sg-database"]
    subnets = stack.one("module.database.aws_db_subnet_group.this")["subnet_ids"]
    assert sorted(subnets) == ["subnet-data-a", "subnet-data-b"]
    assert smallest.one("module.database.aws_db_instance.this")["multi_az"] is False


def test_the_database_is_encrypted_backed_up_and_not_easily_lost(stack: Stack) -> None:
    """Encryption, two weeks of backups, deletion protection and a last snapshot."""
    database = stack.one("module.database.aws_db_instance.this")
    assert database["storage_encrypted"]
    assert database["backup_retention_period"] == 14
    assert database["deletion_protection"]
    assert database["skip_final_snapshot"] is False
    assert database["delete_automated_backups"] is False


def test_what_the_database_logs_goes_after_a_while(stack: Stack) -> None:
    """Each log that RDS hands on has a group of ours, since RDS's own would be kept for ever."""
    exported = stack.one("module.database.aws_db_instance.this")["enabled_cloudwatch_logs_exports"]
    groups = {
        row["name"]: row["retention_in_days"]
        for at, row in stack.all("aws_cloudwatch_log_group").items()
        if at.startswith("module.database.")
    }
    assert groups == {f"/aws/rds/instance/oracle-production/{log}": 30 for log in exported}
    assert set(exported) == {"error", "slowquery"}


def test_the_database_speaks_tls_unicode_and_read_committed(stack: Stack) -> None:
    """The parameter group says so, and the server uses it."""
    group = stack.one("module.database.aws_db_parameter_group.this")
    parameters = {row["name"]: row["value"] for row in group["parameter"]}
    assert group["family"] == "mysql8.4"
    assert parameters["require_secure_transport"] == "1"
    assert parameters["character_set_server"] == "utf8mb4"
    assert parameters["transaction_isolation"] == "READ-COMMITTED"
    assert (
        stack.one("module.database.aws_db_instance.this")["parameter_group_name"] == group["name"]
    )


# --- pictures -----------------------------------------------------------------------------------


@pytest.mark.parametrize("bucket", ["images", "notices", "configuration"])
def test_a_bucket_is_private_encrypted_and_for_tls_only(stack: Stack, bucket: str) -> None:
    """No bucket can be made public, and plain HTTP is denied."""
    name = f"oracle-production-{bucket}"
    (block,) = [
        row
        for row in stack.all("aws_s3_bucket_public_access_block").values()
        if row["bucket"] == name
    ]
    for kind in (
        "block_public_acls",
        "block_public_policy",
        "ignore_public_acls",
        "restrict_public_buckets",
    ):
        assert block[kind]
    kinds = stack.all("aws_s3_bucket_server_side_encryption_configuration").values()
    assert [
        row["rule"][0]["apply_server_side_encryption_by_default"][0]["sse_algorithm"]
        for row in kinds
        if row["bucket"] == name
    ] == ["AES256"]
    denials = [
        row
        for statements in stack.policies.values()
        for row in statements
        if row["sid"] == "TlsOnly" and f"arn:aws:s3:::{name}" in row["resources"]
    ]
    assert denials
    assert denials[0]["effect"] == "Deny"
    assert denials[0]["condition"][0]["variable"] == "aws:SecureTransport"
    assert (
        len([row for row in stack.all("aws_s3_bucket_policy").values() if row["bucket"] == name])
        == 1
    )


def test_what_people_put_into_a_bucket_can_be_brought_back(stack: Stack) -> None:
    """Pictures and configuration keep what was overwritten or removed for 30 days."""
    versioned = {
        row["bucket"]: row["versioning_configuration"][0]["status"]
        for row in stack.all("aws_s3_bucket_versioning").values()
    }
    names = {f"oracle-production-{name}" for name in ("images", "configuration")}
    assert versioned == dict.fromkeys(names, "Enabled")
    kept = {
        row["bucket"]: row["rule"][0]["noncurrent_version_expiration"][0]["noncurrent_days"]
        for row in stack.all("aws_s3_bucket_lifecycle_configuration").values()
    }
    assert {kept[name] for name in names} == {30}


def test_pictures_are_reached_through_the_endpoint_alone(stack: Stack) -> None:
    """Reading, writing and removing are denied to everybody who comes another way."""
    denial = stack.statements("module.images.data.aws_iam_policy_document.images")[
        "PicturesOnlyThroughTheEndpoint"
    ]
    assert denial["effect"] == "Deny"
    assert denial["principals"] == [{"type": "*", "identifiers": ["*"]}]
    assert set(denial["actions"]) == {
        "s3:AbortMultipartUpload",
        "s3:DeleteObject",
        "s3:DeleteObjectVersion",
        "s3:GetObject",
        "s3:GetObjectAttributes",
        "s3:GetObjectTagging",
        "s3:GetObjectVersion",
        "s3:GetObjectVersionAttributes",
        "s3:GetObjectVersionTagging",
        "s3:ListMultipartUploadParts",
        "s3:PutObject",
        "s3:PutObjectAcl",
        "s3:PutObjectTagging",
        "s3:RestoreObject",
    }
    assert denial["resources"] == ["arn:aws:s3:::oracle-production-images/*"]
    assert denial["condition"] == [
        {
            "test": "StringNotEquals",
            "variable": "aws:SourceVpce",
            "values": ["vpce-0123456789abcdef0"],
        }
    ]


def test_pictures_are_listed_through_the_endpoint_alone(stack: Stack) -> None:
    """Names are denied as well, but to the deployer, whose every plan asks for the bucket."""
    statements = stack.statements("module.images.data.aws_iam_policy_document.images")
    versions = statements["ListingOnlyThroughTheEndpoint"]
    names = statements["NamesOnlyThroughTheEndpointOrToTheDeployer"]
    assert set(versions["actions"]) == {"s3:ListBucketVersions", "s3:ListBucketMultipartUploads"}
    assert names["actions"] == ["s3:ListBucket"]
    assert (versions["effect"], names["effect"]) == ("Deny", "Deny")
    assert versions["condition"] == [
        {
            "test": "StringNotEquals",
            "variable": "aws:SourceVpce",
            "values": ["vpce-0123456789abcdef0"],
        }
    ]
    assert {row["variable"]: row["values"] for row in names["condition"]} == {
        "aws:SourceVpce": ["vpce-0123456789abcdef0"],
        "aws:PrincipalArn": ["arn:aws:iam::123456789012:role/deployer"],
    }
    assert {row["test"] for row in names["condition"]} == {"StringNotEquals", "ArnNotEquals"}


def test_the_way_to_restore_a_picture_names_what_is_in_its_way() -> None:
    """The runbook takes away the denials of reading versions and of listing them, by their sids."""
    runbook = (ROOT / "docs" / "runbooks" / "restore.md").read_text(encoding="utf-8")
    policy = (SOURCE / "modules" / "images" / "main.tf").read_text(encoding="utf-8")
    named = re.search(r'\["(\w+)", "(\w+)"\] \|', runbook)
    assert named
    for sid in named.groups():
        assert re.search(rf'sid += "{sid}"', policy)
    assert "aws s3api put-bucket-policy" in runbook


def test_managing_the_bucket_is_left_to_the_deployer(stack: Stack) -> None:
    """No denial names an action that a policy is changed or a bucket is managed with."""
    document = stack.one("module.images.data.aws_iam_policy_document.images")
    denied = {action for row in document["statement"] for action in row["actions"]}
    managing = re.compile(
        r"s3:(\*|(Get|Put|Delete)(Bucket|Lifecycle|Encryption)|CreateBucket|DeleteBucket)"
    )
    assert [action for action in denied if managing.match(action)] == []


def test_the_cache_asks_the_balancer_over_tls(stack: Stack) -> None:
    """Both origins are the site's public name, by HTTPS alone."""
    distribution = stack.one("module.cdn.aws_cloudfront_distribution.images")
    for origin in distribution["origin"]:
        assert origin["domain_name"] == "oracle.example.com"
        (custom,) = origin["custom_origin_config"]
        assert custom["origin_protocol_policy"] == "https-only"
        assert custom["origin_ssl_protocols"] == ["TLSv1.2"]
        assert not origin["custom_header"]


def test_pictures_are_cached_and_nothing_else_is(stack: Stack) -> None:
    """One behaviour caches `/images/*`; all else is uncached and looked for among pictures."""
    distribution = stack.one("module.cdn.aws_cloudfront_distribution.images")
    origins = {
        origin["origin_id"]: origin["origin_path"] or "" for origin in distribution["origin"]
    }
    (cached,) = distribution["ordered_cache_behavior"]
    (other,) = distribution["default_cache_behavior"]
    assert cached["path_pattern"] == "/images/*"
    assert cached["cache_policy_id"] == "658327ea-f89d-4fab-a63d-7e88639e58f6"
    assert origins[cached["target_origin_id"]] == ""
    assert other["cache_policy_id"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
    assert origins[other["target_origin_id"]] == "/images"
    for behaviour in (cached, other):
        assert behaviour["viewer_protocol_policy"] == "https-only"
        assert sorted(behaviour["allowed_methods"]) == ["GET", "HEAD"]
        assert not behaviour["origin_request_policy_id"]


def test_a_new_picture_calls_the_function(stack: Stack) -> None:
    """Every created object does, S3 alone may call, and only for this bucket."""
    function = stack.one("module.images.aws_lambda_function.image_upload")
    notification = stack.one("module.images.aws_s3_bucket_notification.images")
    assert notification["bucket"] == "oracle-production-images"
    (subscription,) = notification["lambda_function"]
    assert subscription["events"] == ["s3:ObjectCreated:*"]
    assert subscription["lambda_function_arn"] == function["arn"]
    permission = stack.one("module.images.aws_lambda_permission.images")
    assert permission["principal"] == "s3.amazonaws.com"
    assert permission["source_arn"] == "arn:aws:s3:::oracle-production-images"
    assert permission["source_account"] == "123456789012"


def test_the_function_finds_what_it_reads_from_its_environment(stack: Stack) -> None:
    """Handler, package and variables are those of the module that is packed."""
    function = stack.one("module.images.aws_lambda_function.image_upload")
    module, _, handler = function["handler"].partition(".")
    tree = ast.parse((ROOT / "infra" / "lambda" / f"{module}.py").read_text(encoding="utf-8"))
    assert handler in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    read = {
        node.slice.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Subscript)
        and ast.unparse(node.value) == "os.environ"
        and isinstance(node.slice, ast.Constant)
    }
    assert function["environment"][0]["variables"].keys() == read
    assert function["filename"].endswith("dist/image_upload.zip")
    assert len(base64.b64decode(function["source_code_hash"])) == 32


def test_what_the_function_fails_at_is_kept_and_announced(stack: Stack) -> None:
    """Failures end in a queue that is encrypted, kept for two weeks and watched."""
    function = stack.one("module.images.aws_lambda_function.image_upload")
    queue = stack.one("module.images.aws_sqs_queue.dead")
    assert function["dead_letter_config"][0]["target_arn"] == queue["arn"]
    assert queue["message_retention_seconds"] == 14 * 24 * 3600
    alarm = stack.one("module.images.aws_cloudwatch_metric_alarm.dead")
    assert alarm["dimensions"] == {"QueueName": queue["name"]}
    invoke = stack.one("module.images.aws_lambda_function_event_invoke_config.image_upload")
    assert invoke["maximum_retry_attempts"] == 2


# --- mail ---------------------------------------------------------------------------------------


def test_mail_is_signed_and_returns_to_a_name_of_ours(stack: Stack) -> None:
    """Three DKIM names, MAIL FROM with its MX and SPF, and a DMARC policy, in the public zone."""
    records = {
        (row["type"], row["name"]): row
        for row in stack.all("aws_route53_record").values()
        if row["zone_id"] == "Z0123456789ABCDEFGHIJ"
    }
    for token in ("one", "two", "three"):
        record = records["CNAME", f"{token}._domainkey.oracle.example.com"]
        assert record["records"] == [f"{token}.dkim.amazonses.com"]
    sender = stack.one("module.mail.aws_sesv2_email_identity_mail_from_attributes.this")
    assert sender["mail_from_domain"] == "bounce.oracle.example.com"
    mx = records["MX", "bounce.oracle.example.com"]["records"]
    assert mx == ["10 feedback-smtp.us-east-1.amazonses.com"]
    assert "include:amazonses.com" in records["TXT", "bounce.oracle.example.com"]["records"][0]
    assert records["TXT", "_dmarc.oracle.example.com"]["records"][0].startswith(
        "v=DMARC1; p=quarantine"
    )
    identity = stack.one("module.mail.aws_sesv2_email_identity.this")
    assert identity["email_identity"] == "oracle.example.com"
    (delivery,) = stack.one("module.mail.aws_sesv2_configuration_set.this")["delivery_options"]
    assert delivery["tls_policy"] == "REQUIRE"
    (net,) = stack.one("module.mail.aws_sesv2_configuration_set.this")["suppression_options"]
    assert sorted(net["suppressed_reasons"]) == ["BOUNCE", "COMPLAINT"]


def test_reports_of_mail_arrive_in_a_queue(stack: Stack) -> None:
    """The configuration set reports to the topic, and the topic to the queue, in its envelope."""
    destination = stack.one("module.mail.aws_sesv2_configuration_set_event_destination.this")
    assert destination["configuration_set_name"] == "oracle-production"
    (reports,) = destination["event_destination"]
    assert reports["enabled"]
    assert sorted(reports["matching_event_types"]) == [
        "BOUNCE",
        "COMPLAINT",
        "DELIVERY",
        "DELIVERY_DELAY",
        "REJECT",
        "SEND",
    ]
    assert reports["sns_destination"][0]["topic_arn"] == "arn:aws:sns:us-east-1:123456789012:events"
    subscription = stack.one("module.mail.aws_sns_topic_subscription.events")
    assert subscription["topic_arn"] == "arn:aws:sns:us-east-1:123456789012:events"
    assert (subscription["protocol"], subscription["endpoint"]) == (
        "sqs",
        "arn:aws:sqs:us-east-1:123456789012:events",
    )
    assert subscription["raw_message_delivery"] is False


def test_nobody_else_can_report(stack: Stack) -> None:
    """Only our configuration set may publish, and only that topic may send to the queue."""
    (topic,) = stack.one("module.mail.data.aws_iam_policy_document.events_topic")["statement"]
    assert topic["principals"] == [{"type": "Service", "identifiers": ["ses.amazonaws.com"]}]
    assert {row["variable"]: row["values"] for row in topic["condition"]} == {
        "aws:SourceAccount": ["123456789012"],
        "aws:SourceArn": ["arn:aws:ses:us-east-1:123456789012:configuration-set/oracle-production"],
    }
    (queue,) = stack.one("module.mail.data.aws_iam_policy_document.events_queue")["statement"]
    assert queue["actions"] == ["sqs:SendMessage"]
    assert queue["principals"] == [{"type": "Service", "identifiers": ["sns.amazonaws.com"]}]
    assert queue["condition"] == [
        {
            "test": "ArnEquals",
            "variable": "aws:SourceArn",
            "values": ["arn:aws:sns:us-east-1:123456789012:events"],
        }
    ]


def test_reports_that_cannot_be_read_are_kept_and_announced(stack: Stack) -> None:
    """After five tries they go to the dead-letter queue, which raises an alarm."""
    redrive = json.loads(stack.one("module.mail.aws_sqs_queue.events")["redrive_policy"])
    assert redrive == {
        "deadLetterTargetArn": "arn:aws:sqs:us-east-1:123456789012:events-dead",
        "maxReceiveCount": 5,
    }
    alarm = stack.one("module.mail.aws_cloudwatch_metric_alarm.events_dead")
    assert alarm["dimensions"] == {"QueueName": "oracle-production-mail-events-dead"}


def test_every_alarm_reaches_the_admin(stack: Stack) -> None:
    """All alarms go to the topic that mails the admin, when they begin and when they end."""
    alarms = stack.all("aws_cloudwatch_metric_alarm")
    assert len(alarms) == 8
    for alarm in alarms.values():
        assert alarm["alarm_actions"] == ["arn:aws:sns:us-east-1:123456789012:alarms"]
        assert alarm["ok_actions"] == ["arn:aws:sns:us-east-1:123456789012:alarms"]
    subscription = stack.one("module.mail.aws_sns_topic_subscription.alarms")
    assert (subscription["protocol"], subscription["endpoint"]) == ("email", "admin@example.com")
    assert subscription["topic_arn"] == "arn:aws:sns:us-east-1:123456789012:alarms"


# --- encryption ---------------------------------------------------------------------------------


def test_queues_topics_and_disks_are_encrypted(stack: Stack) -> None:
    """Everything that keeps something at rest does, buckets and the database above."""
    assert all(queue["sqs_managed_sse_enabled"] for queue in stack.all("aws_sqs_queue").values())
    key = stack.one("module.mail.aws_kms_key.topics")
    assert key["enable_key_rotation"]
    assert {topic["kms_master_key_id"] for topic in stack.all("aws_sns_topic").values()} == {
        key["arn"]
    }
    (disk,) = stack.one("module.service.aws_launch_template.this")["block_device_mappings"]
    assert disk["ebs"][0]["encrypted"] == "true"
    assert stack.one("module.monitoring.aws_instance.this")["root_block_device"][0]["encrypted"]
    assert stack.one("module.monitoring.aws_ebs_volume.kept")["encrypted"]


def test_the_topics_key_serves_who_publishes(stack: Stack) -> None:
    """SES and CloudWatch may encrypt with it, for this account."""
    use = stack.statements("module.mail.data.aws_iam_policy_document.topics_key")[
        "UsedByWhoPublishes"
    ]
    assert sorted(use["principals"][0]["identifiers"]) == [
        "cloudwatch.amazonaws.com",
        "ses.amazonaws.com",
    ]
    assert use["condition"][0]["values"] == ["123456789012"]


# --- permissions --------------------------------------------------------------------------------

UNNARROWED = {
    "module.mail.data.aws_iam_policy_document.topics_key": {
        "ManagedByTheAccount",
        "UsedByWhoPublishes",
    },
    "module.monitoring.data.aws_iam_policy_document.this": {"CallsThatKnowNoResource"},
    "module.registry.data.aws_iam_policy_document.push": {"LogIn"},
    "module.service.data.aws_iam_policy_document.this": {"CallsThatKnowNoResource"},
}


# Which documents each resource is given, in their order.
ATTACHED = {
    "images": {
        "aws_s3_bucket_policy.this": ["images", "tls"],
        "aws_iam_role.function": ["function_trust"],
        "aws_iam_role_policy.function": ["function"],
    },
    "mail": {
        "aws_sns_topic_policy.events": ["events_topic"],
        "aws_sqs_queue_policy.events": ["events_queue"],
        "aws_sns_topic_policy.alarms": ["alarms_topic"],
        "aws_kms_key.topics": ["topics_key"],
    },
    "monitoring": {
        "aws_s3_bucket_policy.configuration": ["configuration"],
        "aws_iam_role.this": ["trust"],
        "aws_iam_role_policy.this": ["this"],
    },
    "network": {
        "aws_vpc_endpoint.s3": ["s3_endpoint"],
        "aws_iam_role.flow": ["flow_trust"],
        "aws_iam_role_policy.flow": ["flow_write"],
    },
    "registry": {
        "aws_iam_role.push": ["push_trust"],
        "aws_iam_role_policy.push": ["push"],
    },
    "service": {
        "aws_iam_role.this": ["trust"],
        "aws_iam_role_policy.this": ["this"],
    },
}


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.name)
def test_every_policy_is_in_force(module: Path) -> None:
    """What the tests read of a document holds, since the resource that it is for is given it."""
    text = (module / "main.tf").read_text(encoding="utf-8")
    resources = re.findall(
        r'^resource "(\w+)" "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL
    )
    given = {
        f"{kind}.{name}": re.findall(r"= data\.aws_iam_policy_document\.(\w+)", body)
        for kind, name, body in resources
    }
    assert {at: documents for at, documents in given.items() if documents} == ATTACHED.get(
        module.name, {}
    )
    written = set(re.findall(r'^data "aws_iam_policy_document" "(\w+)"', text, re.MULTILINE))
    assert written == {name for documents in given.values() for name in documents}


def test_no_permission_is_for_all_actions(stack: Stack) -> None:
    """What is allowed is allowed by name."""
    allowed = {
        action
        for statements in stack.policies.values()
        for row in statements
        if row["effect"] != "Deny"
        for action in row["actions"] or []
    }
    assert len(allowed) > 30
    assert [action for action in allowed if "*" in action] == []
    assert [
        row["sid"] for rows in stack.policies.values() for row in rows if row["not_actions"]
    ] == []


def test_permissions_are_for_named_resources(stack: Stack) -> None:
    """But for a few calls that know no resource, listed here."""
    wide: dict[str, set[str]] = {}
    for address, statements in stack.policies.items():
        for row in statements:
            if "*" in (row["resources"] or []):
                wide.setdefault(address, set()).add(row["sid"])
    assert wide == UNNARROWED


def test_the_calls_without_a_resource_are_few(stack: Stack) -> None:
    """A call that could be narrowed is not among them."""
    calls = {
        action
        for address, sids in UNNARROWED.items()
        if "topics_key" not in address
        for row in stack.one(address)["statement"]
        if row["sid"] in sids
        for action in row["actions"]
    }
    assert calls == {
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeInstances",
        "ecr:GetAuthorizationToken",
        "ses:GetAccount",
        "ssm:UpdateInstanceInformation",
        "ssmmessages:CreateControlChannel",
        "ssmmessages:CreateDataChannel",
        "ssmmessages:OpenControlChannel",
        "ssmmessages:OpenDataChannel",
    }


def test_the_admin_has_a_page_where_there_is_a_password(stack: Stack, smallest: Stack) -> None:
    """The machines read the hash from its secret, and without one there is no such page."""
    for made, arn in (
        (stack, None),
        (smallest, "arn:aws:secretsmanager:eu-central-1:123456789012:secret:admin"),
    ):
        user_data = made.one("module.service.aws_launch_template.this")["user_data"]
        told = json.loads(machine_files(user_data)["/etc/oracle/instance.json"])
        assert told["secrets"].get("ORACLE_ADMIN_PASSWORD_HASH") == arn
        assert told["authorities"]["rds.pem"].startswith("https://truststore.pki.rds.")


def test_the_application_may_do_what_it_does_and_no_more(stack: Stack) -> None:
    """Its image, settings, two secrets, pictures, mail and the reports of it."""
    rows = stack.statements("module.service.data.aws_iam_policy_document.this")
    may = {sid: (set(row["actions"]), set(row["resources"])) for sid, row in rows.items()}
    may.pop("CallsThatKnowNoResource")
    account = "us-east-1:123456789012"
    secret = f"arn:aws:secretsmanager:{account}:secret:"
    parameters = f"arn:aws:ssm:{account}:parameter/oracle-production/settings"
    assert may == {
        "PullTheImage": (
            {
                "ecr:BatchCheckLayerAvailability",
                "ecr:BatchGetImage",
                "ecr:GetDownloadUrlForLayer",
            },
            {f"arn:aws:ecr:{account}:repository/oracle-production"},
        ),
        "ReadTheSettings": ({"ssm:GetParametersByPath"}, {parameters, f"{parameters}/*"}),
        "ReadTheSecrets": (
            {"secretsmanager:GetSecretValue"},
            {f"{secret}rds!db-1", f"{secret}secret-key"},
        ),
        "KeepPictures": (
            {"s3:GetObject", "s3:PutObject"},
            {"arn:aws:s3:::oracle-production-images/*"},
        ),
        "ListPictures": ({"s3:ListBucket"}, {"arn:aws:s3:::oracle-production-images"}),
        "SendMail": (
            {"ses:SendEmail", "ses:SendRawEmail"},
            {
                stack.one("module.mail.aws_sesv2_email_identity.this")["arn"],
                stack.one("module.mail.aws_sesv2_configuration_set.this")["arn"],
                # In the sandbox SES asks for the recipient's identity as well.
                f"arn:aws:ses:{account}:identity/admin@example.com",
            },
        ),
        "ReadReportsOfMail": (
            {"sqs:ReceiveMessage", "sqs:DeleteMessage"},
            {f"arn:aws:sqs:{account}:events"},
        ),
    }
    assert rows["SendMail"]["condition"] == [
        {
            "test": "StringEquals",
            "variable": "ses:FromAddress",
            "values": ["digest@oracle.example.com"],
        }
    ]


def test_the_function_may_mail_the_admin_and_nobody_else(stack: Stack) -> None:
    """From its own address to the admin's; it reads no picture."""
    may = stack.statements("module.images.data.aws_iam_policy_document.function")
    assert {row["variable"]: row["values"] for row in may["MailTheAdmin"]["condition"]} == {
        "ses:FromAddress": ["pictures@oracle.example.com"],
        "ses:Recipients": ["admin@example.com"],
    }
    assert may["RememberWhatWasMailed"]["resources"] == ["arn:aws:s3:::oracle-production-notices/*"]
    assert not [row for row in may.values() if any("images" in name for name in row["resources"])]


def test_only_the_main_branch_may_push_images(stack: Stack, smallest: Stack) -> None:
    """GitHub's token has to name repository and branch; without a repository there is no role."""
    (trust,) = stack.one("module.registry.data.aws_iam_policy_document.push_trust[0]")["statement"]
    assert trust["actions"] == ["sts:AssumeRoleWithWebIdentity"]
    assert {(row["test"], row["variable"], row["values"][0]) for row in trust["condition"]} == {
        ("StringEquals", "token.actions.githubusercontent.com:aud", "sts.amazonaws.com"),
        (
            "StringEquals",
            "token.actions.githubusercontent.com:sub",
            "repo:someone/oracle:ref:refs/heads/main",
        ),
    }
    assert [at for at in smallest.resources if "aws_iam_role.push" in at] == []
    push = stack.statements("module.registry.data.aws_iam_policy_document.push")
    assert {sid: set(row["actions"]) for sid, row in push.items()} == {
        "LogIn": {"ecr:GetAuthorizationToken"},
        "Push": {
            "ecr:BatchCheckLayerAvailability",
            "ecr:BatchGetImage",
            "ecr:CompleteLayerUpload",
            "ecr:GetDownloadUrlForLayer",
            "ecr:InitiateLayerUpload",
            "ecr:PutImage",
            "ecr:UploadLayerPart",
        },
    }


def test_an_account_may_have_its_provider_already(rehearsal: Rehearsal) -> None:
    """Then the role trusts that one and none is made, since there can be only one."""
    present = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    shared = rehearsal.stacks["shared_provider"]
    (trust,) = shared.one("module.registry.data.aws_iam_policy_document.push_trust[0]")["statement"]
    assert trust["principals"] == [{"type": "Federated", "identifiers": [present]}]
    assert [at for at in shared.resources if "openid_connect_provider" in at] == []
    made = rehearsal.stacks["production"]
    assert len(made.all("aws_iam_openid_connect_provider")) == 1


# --- registry and monitoring --------------------------------------------------------------------


def test_images_are_scanned_and_never_replaced(stack: Stack) -> None:
    """A tag means one image for ever; old ones go by number, untagged ones by age."""
    repository = stack.one("module.registry.aws_ecr_repository.this")
    assert repository["image_tag_mutability"] == "IMMUTABLE"
    assert repository["image_scanning_configuration"][0]["scan_on_push"]
    assert not repository["force_delete"]
    policy = json.loads(stack.one("module.registry.aws_ecr_lifecycle_policy.this")["policy"])
    assert [rule["selection"]["countNumber"] for rule in policy["rules"]] == [1, 300, 300]


def test_the_image_that_runs_is_never_dropped(stack: Stack) -> None:
    """Deployed images have a rule of their own before the one for all, by the workflow's tag."""
    policy = json.loads(stack.one("module.registry.aws_ecr_lifecycle_policy.this")["policy"])
    rules = {rule["rulePriority"]: rule["selection"] for rule in policy["rules"]}
    assert sorted(rules) == [1, 2, 3]
    # What fits a rule's tags is left alone by all later rules.
    assert rules[2]["tagPrefixList"] == ["deployed-"]
    assert rules[3]["tagStatus"] == "any"
    steps = yaml.safe_load((ROOT / ".github" / "workflows" / "deploy.yml").read_text())["jobs"][
        "deploy"
    ]["steps"]
    assert "put-image" in steps[-1]["run"]
    assert '--image-tag "deployed-$tag"' in steps[-1]["run"]
    assert steps[-2]["name"] == "Wait until the machines are replaced"


def test_monitoring_finds_machines_by_asking(stack: Stack) -> None:
    """Its role may describe instances, and alert by the topic with the topic's key."""
    may = stack.statements("module.monitoring.data.aws_iam_policy_document.this")
    assert "ec2:DescribeInstances" in may["CallsThatKnowNoResource"]["actions"]
    assert may["SendAlerts"]["actions"] == ["sns:Publish"]
    assert may["SendAlerts"]["resources"] == ["arn:aws:sns:us-east-1:123456789012:alarms"]
    assert set(may["EncryptAlerts"]["actions"]) == {"kms:Decrypt", "kms:GenerateDataKey"}
    assert may["EncryptAlerts"]["resources"] == [stack.one("module.mail.aws_kms_key.topics")["arn"]]
    files = machine_files(stack.one("module.monitoring.aws_instance.this")["user_data_base64"])
    told = json.loads(files["/etc/oracle/instance.json"])["environment"]
    assert [told["ALARM_TOPIC_ARN"]] == may["SendAlerts"]["resources"]
    (alertmanager,) = [each for each in list_services(MONITORING) if each.name == "alertmanager"]
    assert {"ALARM_TOPIC_ARN", "AWS_REGION"} <= alertmanager.said["environment"].keys()
    assert set(told) <= list_variables(MONITORING)


def test_monitoring_keeps_its_volume(stack: Stack) -> None:
    """The volume is in the machine's zone, attached, mounted by its id, and not destroyed."""
    volume = stack.one("module.monitoring.aws_ebs_volume.kept")
    assert volume["availability_zone"] == ZONES[0]
    assert volume["final_snapshot"]
    attachment = stack.one("module.monitoring.aws_volume_attachment.kept")
    assert (attachment["volume_id"], attachment["instance_id"]) == (
        "vol-0123456789abcdef0",
        "i-0123456789abcdef0",
    )
    files = machine_files(stack.one("module.monitoring.aws_instance.this")["user_data_base64"])
    assert "VOLUME_ID=vol-0123456789abcdef0\n" in files["/etc/oracle/unit.env"]
    source = (SOURCE / "modules" / "monitoring" / "main.tf").read_text(encoding="utf-8")
    kept = re.search(
        r'^resource "aws_ebs_volume" "kept" \{(.*?)^\}', source, re.MULTILINE | re.DOTALL
    )
    assert kept
    assert "prevent_destroy = true" in kept.group(1)


def test_monitoring_reads_its_configuration_from_a_bucket(stack: Stack) -> None:
    """The machine is told the bucket, and its role reads that one alone."""
    files = machine_files(stack.one("module.monitoring.aws_instance.this")["user_data_base64"])
    told = json.loads(files["/etc/oracle/instance.json"])
    assert told["bucket"] == "oracle-production-configuration"
    assert told["settings_path"] is None
    assert told["secrets"].keys() == {"GF_SECURITY_ADMIN_PASSWORD"}
    may = stack.statements("module.monitoring.data.aws_iam_policy_document.this")
    assert may["ReadTheConfiguration"]["resources"] == [
        "arn:aws:s3:::oracle-production-configuration/*"
    ]


def test_configuration_reaches_the_machines_by_its_path(stack: Stack) -> None:
    """Each file of the repository that configures monitoring is in the bucket, Alloy's in both."""
    objects = {row["key"]: row["content"] for row in stack.all("aws_s3_object").values()}
    for path in PROBES:
        assert objects[path] == f"probe of {path}\n"
    prometheus = yaml.safe_load(objects["infra/prometheus/prometheus.production.yml"])
    asked = [
        {row["name"]: row["values"] for row in found["filters"]}
        for job in prometheus["scrape_configs"]
        for found in job.get("ec2_sd_configs", [])
    ]
    assert len(asked) == 3
    for filters in asked:
        assert filters["tag:Project"] == ["oracle"]
        assert filters["tag:Environment"] == ["oracle-production"]
    files = machine_files(stack.one("module.service.aws_launch_template.this")["user_data"])
    assert files["/opt/oracle/alloy/probe.alloy"] == "probe of infra/alloy/probe.alloy\n"


def test_everything_refuses_to_be_destroyed_unless_told(stack: Stack, smallest: Stack) -> None:
    """Deletion protection is on by default, and one variable turns it off everywhere."""
    for chosen, protected in ((stack, True), (smallest, False)):
        assert (
            chosen.one("module.database.aws_db_instance.this")["deletion_protection"] is protected
        )
        assert chosen.one("module.service.aws_lb.this")["enable_deletion_protection"] is protected
        assert (
            chosen.one("module.monitoring.aws_instance.this")["disable_api_termination"]
            is protected
        )
        for bucket in ("images", "notices"):
            kept = chosen.one(f'module.images.aws_s3_bucket.this["{bucket}"]')
            assert kept["force_destroy"] is not protected


def test_everything_is_tagged(stack: Stack) -> None:
    """The provider tags all it makes with project, environment and origin."""
    text = (SOURCE / "versions.tf").read_text(encoding="utf-8")
    tags = re.search(r"default_tags \{\n +tags = \{(.*?)\}", text, re.DOTALL)
    assert tags
    assert set(re.findall(r"(\w+) +=", tags.group(1))) == {"Project", "Environment", "ManagedBy"}
    assert stack.resources


def test_the_outputs_are_what_a_person_needs_next(stack: Stack) -> None:
    """Addresses to visit, and commands to type."""
    outputs = {name: row["value"] for name, row in stack.outputs.items()}
    assert outputs["site_url"] == "https://oracle.example.com"
    assert outputs["monitoring_url"] == "https://monitoring.oracle.example.com:8443/"
    assert outputs["registry_login_command"].startswith(
        "aws ecr get-login-password --region us-east-1 |"
    )
    assert outputs["image_base_url"] == "https://d111111abcdef8.cloudfront.net"
    assert "grafana-admin" in outputs["monitoring_password_command"]
    queues = "https://sqs.us-east-1.amazonaws.com/123456789012"
    assert outputs["dead_letter_queues"] == [f"{queues}/upload-dead", f"{queues}/events-dead"]


def test_the_script_that_mounts_the_volume_is_valid_shell() -> None:
    """It parses, and makes a file system only where blkid says that there is none."""
    script = SOURCE / "modules" / "machine" / "files" / "mount_volume"
    subprocess.run(["/bin/sh", "-n", script], check=True)
    assert re.search(
        r'^2\) mkfs\.ext4 -q "\$device" ;;$', script.read_text(encoding="utf-8"), re.MULTILINE
    )
