"""The whole stack, applied to a stand-in of AWS and looked at by AWS's own client.

Not part of `make test`, since AWS's provider waits for minutes: `make test-aws`.
"""

from __future__ import annotations

import base64
import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest

from infra.moto.stack import DIFFERENCES
from infra.terraform.modules.machine.files import prepare

if TYPE_CHECKING:
    from pathlib import Path

    from infra.moto.conftest import Applied

NAME = "oracle-production"

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.timeout(1800)]


def test_a_second_plan_changes_only_what_is_explained(applied: Applied) -> None:
    """What moto does not read back is listed with the reason, and nothing else differs."""
    changed: dict[str, set[str]] = {}
    for resource in applied.second_plan["resource_changes"]:
        change = resource["change"]
        if resource["mode"] == "managed" and change["actions"] != ["no-op"]:
            address = resource["address"].partition("[")[0]
            changed.setdefault(address, set()).update(chosen_changes(change))
    assert changed == {
        address: set(row["changes"]) for address, row in DIFFERENCES["second_plan"].items()
    }
    assert all(row["why"] for row in DIFFERENCES["second_plan"].values())


def chosen_changes(change: dict[str, Any]) -> set[str]:
    """Return the attributes that would get another known value."""
    before, after = change["before"] or {}, change["after"] or {}
    unknown = change["after_unknown"]
    return {
        name
        for name, value in after.items()
        if value is not None and before.get(name) != value and unknown.get(name) is not True
    }


def test_the_network_spans_two_zones(applied: Applied) -> None:
    """Six subnets in two zones, and a gateway endpoint for S3."""
    ec2 = applied.client("ec2")
    subnets = ec2.describe_subnets(Filters=[{"Name": "tag:Project", "Values": ["oracle"]}])
    zones = [row["AvailabilityZone"] for row in subnets["Subnets"]]
    assert sorted(zones) == ["us-east-1a"] * 3 + ["us-east-1b"] * 3
    (endpoint,) = ec2.describe_vpc_endpoints()["VpcEndpoints"]
    assert endpoint["ServiceName"] == "com.amazonaws.us-east-1.s3"
    assert len(endpoint["RouteTableIds"]) == 2
    assert len(ec2.describe_nat_gateways()["NatGateways"]) == 2


def test_the_balancer_forwards_tls_and_redirects_the_rest(applied: Applied) -> None:
    """Listeners of 80, 443 and 8443; the first only redirects."""
    elb = applied.client("elbv2")
    (balancer,) = elb.describe_load_balancers()["LoadBalancers"]
    listeners = {
        row["Port"]: row
        for row in elb.describe_listeners(LoadBalancerArn=balancer["LoadBalancerArn"])["Listeners"]
    }
    assert {port: row["Protocol"] for port, row in listeners.items()} == {
        80: "HTTP",
        443: "HTTPS",
        8443: "HTTPS",
    }
    assert listeners[80]["DefaultActions"][0]["Type"] == "redirect"
    groups = {row["Port"]: row for row in elb.describe_target_groups()["TargetGroups"]}
    assert groups[8000]["HealthCheckPath"] == "/healthz/ready"


def test_the_group_has_two_machines_in_two_zones(applied: Applied) -> None:
    """Two started, subnets in both zones, and a policy follows their CPU."""
    scaling = applied.client("autoscaling")
    (group,) = scaling.describe_auto_scaling_groups()["AutoScalingGroups"]
    assert (group["MinSize"], group["MaxSize"]) == (2, 4)
    assert group["HealthCheckType"] == "ELB"
    assert len(group["Instances"]) == 2
    subnets = applied.client("ec2").describe_subnets(
        SubnetIds=group["VPCZoneIdentifier"].split(",")
    )["Subnets"]
    assert {row["AvailabilityZone"] for row in subnets} == {"us-east-1a", "us-east-1b"}
    assert {row["MapPublicIpOnLaunch"] for row in subnets} == {False}
    (policy,) = scaling.describe_policies()["ScalingPolicies"]
    tracking = policy["TargetTrackingConfiguration"]
    assert tracking["PredefinedMetricSpecification"]["PredefinedMetricType"] == (
        "ASGAverageCPUUtilization"
    )


def machines(applied: Applied, role: str) -> list[dict[str, Any]]:
    """Return the running machines of that role, as Prometheus finds them."""
    found = applied.client("ec2").describe_instances(
        Filters=[
            {"Name": "tag:Role", "Values": [role]},
            {"Name": "instance-state-name", "Values": ["running"]},
        ]
    )
    return [row for reservation in found["Reservations"] for row in reservation["Instances"]]


def test_machines_are_found_by_their_role(applied: Applied) -> None:
    """Service discovery sees two of the application and one of monitoring."""
    assert len(machines(applied, "app")) == 2
    assert len(machines(applied, "monitoring")) == 1


def place_machine(root: Path, user_data: str) -> None:
    """Write the files that user data write, and what cloud-init would find out, below root."""
    config = json.loads(
        gzip.decompress(base64.b64decode(user_data)).decode().removeprefix("#cloud-config\n")
    )
    for row in config["write_files"]:
        path = root / row["path"].lstrip("/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(base64.b64decode(row["content"]))
    about = {"instance_id": "i-1", "availability_zone": "us-east-1a", "region": "us-east-1"}
    path = root / prepare.CLOUD_INIT_FILE
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"v1": about}), encoding="utf-8")


def test_a_machine_of_the_application_prepares_itself(applied: Applied, tmp_path: Path) -> None:
    """With its user data alone it gets its settings, and a key that Terraform's state has not."""
    ec2 = applied.client("ec2")
    (template,) = ec2.describe_launch_template_versions(
        LaunchTemplateName=NAME, Versions=["$Latest"]
    )["LaunchTemplateVersions"]
    place_machine(tmp_path, template["LaunchTemplateData"]["UserData"])
    # The authorities of RDS are on the internet, which this machine does not reach.
    bundle = tmp_path / "bundle.pem"
    bundle.write_text("-----BEGIN CERTIFICATE-----")
    file = tmp_path / prepare.INSTANCE_FILE
    told = json.loads(file.read_text(encoding="utf-8"))
    assert told["authorities"].keys() == {"rds.pem"}
    file.write_text(json.dumps(told | {"authorities": {"rds.pem": bundle.as_uri()}}))
    prepare.prepare(tmp_path)
    assert (tmp_path / "opt/oracle/certificates/rds.pem").exists()
    settings = (tmp_path / "opt/oracle/oracle.env").read_text(encoding="utf-8")
    assert "ORACLE_DATABASE_URL='mysql://database.oracle.internal:3306/oracle'\n" in settings
    secrets = tmp_path / "run/oracle/secrets.env"
    assert secrets.stat().st_mode & 0o777 == 0o600
    name, _, value = secrets.read_text(encoding="utf-8").strip().partition("=")
    assert name == "ORACLE_SECRET_KEY"
    key = value.strip("'")
    assert len(key) == 64
    assert key not in applied.terraform.run("state", "pull")
    assert key not in json.dumps(applied.second_plan)


def test_the_monitoring_machine_prepares_itself(applied: Applied, tmp_path: Path) -> None:
    """It fetches its files from the bucket, and notices when one has changed."""
    (machine,) = machines(applied, "monitoring")
    ec2 = applied.client("ec2")
    user_data = ec2.describe_instance_attribute(
        InstanceId=machine["InstanceId"], Attribute="userData"
    )["UserData"]["Value"]
    place_machine(tmp_path, user_data)
    s3 = applied.client("s3")
    bucket = f"{NAME}-configuration-123456789012"
    # By version, since moto cannot empty a bucket in which a mark of a removal is left.
    one = s3.put_object(Bucket=bucket, Key="infra/one.yaml", Body=b"one")
    assert prepare.prepare(tmp_path)
    assert (tmp_path / "opt/oracle/infra/one.yaml").read_bytes() == b"one"
    assert not prepare.prepare(tmp_path)
    s3.delete_object(Bucket=bucket, Key="infra/one.yaml", VersionId=one["VersionId"])
    two = s3.put_object(Bucket=bucket, Key="infra/two.yaml", Body=b"two")
    assert prepare.prepare(tmp_path)
    assert not (tmp_path / "opt/oracle/infra/one.yaml").exists()
    s3.delete_object(Bucket=bucket, Key="infra/two.yaml", VersionId=two["VersionId"])
    assert "GF_SECURITY_ADMIN_PASSWORD='" in (tmp_path / prepare.SECRETS_FILE).read_text()


def test_the_database_has_a_standby_and_its_own_secret(applied: Applied) -> None:
    """MySQL over two zones, encrypted, its password made by RDS."""
    (database,) = applied.client("rds").describe_db_instances()["DBInstances"]
    assert (database["Engine"], database["MultiAZ"]) == ("mysql", True)
    assert database["StorageEncrypted"]
    assert database["MasterUserSecret"]["SecretArn"].startswith("arn:aws:secretsmanager:")


def test_the_pictures_bucket_is_closed_but_for_the_endpoint(applied: Applied) -> None:
    """The policy that is in force names the endpoint that is there."""
    (endpoint,) = applied.client("ec2").describe_vpc_endpoints()["VpcEndpoints"]
    s3 = applied.client("s3")
    policy = json.loads(s3.get_bucket_policy(Bucket=applied.outputs["image_bucket"])["Policy"])
    statements = {row["Sid"]: row for row in policy["Statement"]}
    assert set(statements) == {
        "TlsOnly",
        "PicturesOnlyThroughTheEndpoint",
        "ListingOnlyThroughTheEndpoint",
        "NamesOnlyThroughTheEndpointOrToTheDeployer",
    }
    for sid in set(statements) - {"TlsOnly"}:
        assert statements[sid]["Effect"] == "Deny"
        assert statements[sid]["Principal"] == "*"
        allowed = statements[sid]["Condition"]["StringNotEquals"]["aws:SourceVpce"]
        assert allowed == endpoint["VpcEndpointId"]
    block = s3.get_public_access_block(Bucket=applied.outputs["image_bucket"])
    assert set(block["PublicAccessBlockConfiguration"].values()) == {True}


def test_the_pictures_bucket_calls_the_function(applied: Applied) -> None:
    """Created objects call the function that was packed."""
    notification = applied.client("s3").get_bucket_notification_configuration(
        Bucket=applied.outputs["image_bucket"]
    )
    (subscription,) = notification["LambdaFunctionConfigurations"]
    assert subscription["Events"] == ["s3:ObjectCreated:*"]
    function = applied.client("lambda").get_function_configuration(
        FunctionName=f"{NAME}-image-upload"
    )
    assert subscription["LambdaFunctionArn"] == function["FunctionArn"]
    assert function["Handler"] == "image_upload.handle"


def test_the_cache_keeps_pictures_alone(applied: Applied) -> None:
    """One cached behaviour for pictures; the other caches nothing and sees only pictures."""
    (item,) = applied.client("cloudfront").list_distributions()["DistributionList"]["Items"]
    config = applied.client("cloudfront").get_distribution(Id=item["Id"])["Distribution"]
    behaviours = config["DistributionConfig"]["CacheBehaviors"]["Items"]
    assert [row["PathPattern"] for row in behaviours] == ["/images/*"]
    assert applied.outputs["image_base_url"] == f"https://{config['DomainName']}"
    origins = config["DistributionConfig"]["Origins"]["Items"]
    assert {row["CustomOriginConfig"]["OriginProtocolPolicy"] for row in origins} == {"https-only"}


def test_a_report_reaches_the_queue(applied: Applied) -> None:
    """What is published to the topic arrives in the application's queue, in its envelope."""
    (topic,) = [
        row["TopicArn"]
        for row in applied.client("sns").list_topics()["Topics"]
        if row["TopicArn"].endswith("-mail-events")
    ]
    applied.client("sns").publish(TopicArn=topic, Message='{"eventType": "Send"}')
    sqs = applied.client("sqs")
    queue = sqs.get_queue_url(QueueName=f"{NAME}-mail-events")["QueueUrl"]
    (message,) = sqs.receive_message(QueueUrl=queue)["Messages"]
    assert json.loads(message["Body"])["TopicArn"] == topic
    attributes = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["All"])["Attributes"]
    assert json.loads(attributes["RedrivePolicy"])["maxReceiveCount"] == 5
    (statement,) = json.loads(attributes["Policy"])["Statement"]
    assert statement["Condition"]["ArnEquals"]["aws:SourceArn"] == topic


def test_the_private_zone_names_the_parts(applied: Applied) -> None:
    """The names that the application is told lead to the database and to monitoring."""
    dns = applied.client("route53")
    (zone,) = [
        row for row in dns.list_hosted_zones()["HostedZones"] if row["Name"] == "oracle.internal."
    ]
    records = dns.list_resource_record_sets(HostedZoneId=zone["Id"])["ResourceRecordSets"]
    values = {row["Name"]: row["ResourceRecords"][0]["Value"] for row in records}
    (machine,) = machines(applied, "monitoring")
    assert values["monitoring.oracle.internal."] == machine["PrivateIpAddress"]
    (database,) = applied.client("rds").describe_db_instances()["DBInstances"]
    assert values["database.oracle.internal."] == database["Endpoint"]["Address"]


def test_roles_hold_their_policies(applied: Applied) -> None:
    """The application's role names secrets and bucket as they really are."""
    policy = applied.client("iam").get_role_policy(
        RoleName=f"{NAME}-application", PolicyName="application"
    )["PolicyDocument"]
    statements = {row["Sid"]: row for row in policy["Statement"]}
    bucket = applied.outputs["image_bucket"]
    assert statements["KeepPictures"]["Resource"] == f"arn:aws:s3:::{bucket}/*"
    (database,) = applied.client("rds").describe_db_instances()["DBInstances"]
    assert database["MasterUserSecret"]["SecretArn"] in statements["ReadTheSecrets"]["Resource"]
