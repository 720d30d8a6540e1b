"""What a machine does before its containers start, and how the function is packed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from infra.terraform.modules.machine.files import prepare
from scripts.package_lambda import SOURCE, package

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PATH = "/oracle-production/settings/"
BUCKET = "oracle-configuration"


@pytest.fixture
def _aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The cloud, in process."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    with mock_aws():
        yield


def told(root: Path, **changes: Any) -> None:
    """Write what the user data would have written below root."""
    instance: dict[str, Any] = {
        "region": "us-east-1",
        "settings_path": None,
        "environment": {},
        "secrets": {},
        "bucket": None,
        "authorities": {},
        "fingerprint": "",
    }
    about = {"instance_id": "i-1", "availability_zone": "us-east-1a", "region": "us-east-1"}
    for name, content in (
        (prepare.INSTANCE_FILE, instance | changes),
        (prepare.CLOUD_INIT_FILE, {"v1": about}),
    ):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(json.dumps(content), encoding="utf-8")


@pytest.mark.usefixtures("_aws")
def test_settings_of_every_page_are_written(tmp_path: Path) -> None:
    """The Parameter Store gives ten at a time; all of them arrive, in order of their names."""
    client = boto3.client("ssm", region_name="us-east-1")
    for number in range(12):
        client.put_parameter(Name=f"{PATH}ORACLE_{number:02}", Value=f"a {number}", Type="String")
    told(tmp_path, settings_path=PATH)
    prepare.prepare(tmp_path)
    lines = (tmp_path / "opt/oracle/oracle.env").read_text(encoding="utf-8").splitlines()
    assert lines == [f"ORACLE_{number:02}='a {number}'" for number in range(12)]


@pytest.mark.usefixtures("_aws")
def test_a_path_without_settings_is_refused(tmp_path: Path) -> None:
    """An empty file would have the application start with its defaults."""
    told(tmp_path, settings_path=PATH)
    with pytest.raises(prepare.CannotPrepareError, match="no settings below /oracle-production"):
        prepare.prepare(tmp_path)


@pytest.mark.usefixtures("_aws")
def test_secrets_are_for_root_alone(tmp_path: Path) -> None:
    """They lie in memory, readable for nobody else, even where a looser file was before."""
    client = boto3.client("secretsmanager", region_name="us-east-1")
    arn = client.create_secret(Name="key", SecretString="letters$and#more")["ARN"]
    told(tmp_path, secrets={"ORACLE_SECRET_KEY": arn})
    file = tmp_path / prepare.SECRETS_FILE
    file.parent.mkdir(parents=True)
    file.write_text("")
    prepare.prepare(tmp_path)
    assert file.read_text() == "ORACLE_SECRET_KEY='letters$and#more'\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert prepare.SECRETS_FILE.startswith("run/")


@pytest.mark.usefixtures("_aws")
def test_a_changed_secret_is_a_change(tmp_path: Path) -> None:
    """What runs on an old password is started anew, and nothing is while it stays the same."""
    client = boto3.client("secretsmanager", region_name="us-east-1")
    arn = client.create_secret(Name="smtp", SecretString="old")["ARN"]
    told(tmp_path, secrets={"OPERATORS_SMTP_PASSWORD": arn})
    assert prepare.prepare(tmp_path)
    assert not prepare.prepare(tmp_path)
    client.put_secret_value(SecretId=arn, SecretString="new")
    assert prepare.prepare(tmp_path)
    assert "'new'" in (tmp_path / prepare.SECRETS_FILE).read_text()
    assert not prepare.prepare(tmp_path)


@pytest.mark.usefixtures("_aws")
def test_the_compose_file_learns_which_machine_it_is_on(tmp_path: Path) -> None:
    """Instance, zone and region stand beside what the user data say."""
    told(tmp_path, environment={"ORACLE_IMAGE": "registry/oracle:1"})
    prepare.prepare(tmp_path)
    assert (tmp_path / "opt/oracle/.env").read_text() == (
        "AVAILABILITY_ZONE='us-east-1a'\nAWS_REGION='us-east-1'\n"
        "INSTANCE_ID='i-1'\nORACLE_IMAGE='registry/oracle:1'\n"
    )


@pytest.mark.parametrize("value", ["it's", "two\nlines", "two\rlines"])
def test_a_value_that_would_break_the_file_is_refused(value: str) -> None:
    """The error names the variable and never the value."""
    with pytest.raises(prepare.CannotPrepareError, match=r"^ORACLE_X holds a quote") as refused:
        prepare.as_environment({"ORACLE_X": value})
    assert value not in str(refused.value)


def test_a_machine_that_was_told_nothing_says_so(tmp_path: Path) -> None:
    """The missing file is named."""
    with pytest.raises(prepare.CannotPrepareError, match=r"instance\.json is missing"):
        prepare.prepare(tmp_path)


@pytest.mark.usefixtures("_aws")
def test_a_key_that_leads_elsewhere_is_refused(tmp_path: Path) -> None:
    """Whoever can write to the bucket cannot write where they like."""
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="../../etc/passwd", Body=b"root::0:0")
    told(tmp_path, bucket=BUCKET)
    with pytest.raises(prepare.CannotPrepareError, match="leads out of"):
        prepare.prepare(tmp_path)
    assert not (tmp_path / "etc/passwd").exists()


@pytest.mark.usefixtures("_aws")
def test_an_empty_bucket_removes_nothing(tmp_path: Path) -> None:
    """It is a mistake, not a wish to have no configuration."""
    client = boto3.client("s3", region_name="us-east-1")
    client.create_bucket(Bucket=BUCKET)
    client.put_object(Bucket=BUCKET, Key="infra/one.yaml", Body=b"one")
    told(tmp_path, bucket=BUCKET)
    assert prepare.prepare(tmp_path)
    client.delete_object(Bucket=BUCKET, Key="infra/one.yaml")
    with pytest.raises(prepare.CannotPrepareError, match="is empty"):
        prepare.prepare(tmp_path)
    assert (tmp_path / "opt/oracle/infra/one.yaml").read_bytes() == b"one"


@pytest.mark.usefixtures("_aws")
def test_a_change_is_not_lost_when_something_else_fails(tmp_path: Path) -> None:
    """Files are fetched last, so that the next try notices the same change."""
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="infra/one.yaml", Body=b"one")
    told(tmp_path, bucket=BUCKET, settings_path=PATH)
    with pytest.raises(prepare.CannotPrepareError, match="no settings"):
        prepare.prepare(tmp_path)
    told(tmp_path, bucket=BUCKET)
    assert prepare.prepare(tmp_path)


def test_the_same_source_is_packed_into_the_same_bytes(tmp_path: Path) -> None:
    """Whenever and wherever it is packed, so that Terraform sees no change."""
    source = tmp_path / "image_upload.py"
    source.write_bytes((SOURCE / "image_upload.py").read_bytes())
    source.chmod(0o600)
    package(source, tmp_path / "one.zip")
    package(SOURCE / "image_upload.py", tmp_path / "other" / "two.zip")
    one, two = (tmp_path / "one.zip").read_bytes(), (tmp_path / "other" / "two.zip").read_bytes()
    assert one == two
    source.write_text("# changed\n")
    package(source, tmp_path / "one.zip")
    assert (tmp_path / "one.zip").read_bytes() != one


@pytest.mark.usefixtures("_aws")
def test_authorities_are_fetched_and_kept(tmp_path: Path) -> None:
    """A certificate is written for the containers; nonsense or an outage takes no earlier one."""
    source = tmp_path / "bundle.pem"
    told(tmp_path, authorities={"rds.pem": source.as_uri()})
    with pytest.raises(prepare.CannotPrepareError, match=r"bundle\.pem could not be fetched"):
        prepare.prepare(tmp_path)
    written = tmp_path / "opt/oracle/certificates/rds.pem"
    for content in ("<html>", None):
        source.write_text("-----BEGIN CERTIFICATE-----")
        prepare.prepare(tmp_path)
        if content is None:
            source.unlink()
        else:
            source.write_text(content)
        prepare.prepare(tmp_path)
        assert written.read_text() == "-----BEGIN CERTIFICATE-----"
