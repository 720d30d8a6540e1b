"""Fetches what this machine needs before its containers start: settings, secrets, files.

/etc/oracle/instance.json says where from; the machine's role says whether it may. Settings come
from the Parameter Store into /opt/oracle/oracle.env, secrets from the Secrets Manager into
/run/oracle/secrets.env, which is memory and only root's, and files from a bucket into /opt/oracle.
It runs on the machine, by the system's Python and boto3 alone.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

if TYPE_CHECKING:
    from collections.abc import Mapping

INSTANCE_FILE = "etc/oracle/instance.json"
CLOUD_INIT_FILE = "run/cloud-init/instance-data.json"
FOLDER = "opt/oracle"
SECRETS_FILE = "run/oracle/secrets.env"
FETCHED_FILE = "var/cache/oracle/fetched.json"
CERTIFICATES = "opt/oracle/certificates"
FETCH_SECONDS = 30.0


class CannotPrepareError(Exception):
    """Something that this machine needs is missing or unusable; the message says what."""


@dataclass(frozen=True, slots=True)
class Instance:
    """What the machine was told: where its settings, secrets and files are."""

    region: str
    settings_path: str | None
    environment: Mapping[str, str]
    secrets: Mapping[str, str]
    bucket: str | None
    authorities: Mapping[str, str]


def read_instance(root: Path) -> Instance:
    """Return what the user data wrote. Raises CannotPrepareError if it is not there."""
    path = root / INSTANCE_FILE
    if not path.exists():
        raise CannotPrepareError(f"{path} is missing: the user data has not been carried out.")
    told = json.loads(path.read_text(encoding="utf-8"))
    return Instance(
        region=told["region"],
        settings_path=told["settings_path"],
        environment=told["environment"],
        secrets=told["secrets"],
        bucket=told["bucket"],
        authorities=told["authorities"],
    )


def as_environment(values: Mapping[str, str]) -> str:
    """Return the text of an environment file, whose values compose takes as they are.

    Raises CannotPrepareError naming the variable if its value cannot be written in quotes.
    """
    for name, value in values.items():
        if any(character in value for character in "'\n\r\0"):
            raise CannotPrepareError(f"{name} holds a quote or a line end, which it must not.")
    return "".join(f"{name}='{value}'\n" for name, value in sorted(values.items()))


def fetch_settings(instance: Instance) -> dict[str, str]:
    """Return the settings by name. Raises CannotPrepareError if there is none at the path."""
    if instance.settings_path is None:
        return {}
    client = boto3.client("ssm", region_name=instance.region)
    pages = client.get_paginator("get_parameters_by_path").paginate(Path=instance.settings_path)
    found = {
        parameter["Name"].removeprefix(instance.settings_path): parameter["Value"]
        for page in pages
        for parameter in page["Parameters"]
    }
    if not found:
        raise CannotPrepareError(f"There are no settings below {instance.settings_path}.")
    return found


def fetch_secrets(instance: Instance) -> dict[str, str]:
    """Return the secrets' values by the variable they become."""
    client = boto3.client("secretsmanager", region_name=instance.region)
    return {
        name: client.get_secret_value(SecretId=arn)["SecretString"]
        for name, arn in instance.secrets.items()
    }


def fetch_authorities(instance: Instance, root: Path) -> None:
    """Write the certificates of authorities that the containers have to know.

    Those of an earlier start serve on while they cannot be fetched; without any this machine
    could not reach its database, which raises CannotPrepareError.
    """
    for name, address in instance.authorities.items():
        path = _path_below((root / CERTIFICATES).resolve(), name)
        try:
            content = _fetch_certificates(address)
        except OSError as error:
            if not path.exists():
                raise CannotPrepareError(f"{address} could not be fetched: {error}.") from error
            sys.stderr.write(f"{address} could not be fetched, the earlier one stays: {error}\n")
        else:
            write(path, content, mode=0o644)


def _fetch_certificates(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=FETCH_SECONDS) as answer:  # noqa: S310 - told by the user data
        content: bytes = answer.read()
    if b"BEGIN CERTIFICATE" not in content:
        raise OSError("what came is no certificate")
    return content


def fetch_files(instance: Instance, root: Path) -> bool:
    """Make the folder's files those of the bucket; return whether any was changed.

    Files that came from the bucket earlier and are not in it any more are removed; others stay.
    """
    if instance.bucket is None:
        return False
    record = root / FETCHED_FILE
    before = json.loads(record.read_text(encoding="utf-8")) if record.exists() else {}
    client = boto3.client("s3", region_name=instance.region)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=instance.bucket)
    now = {item["Key"]: item["ETag"] for page in pages for item in page.get("Contents", [])}
    if not now:
        raise CannotPrepareError(f"The bucket {instance.bucket} is empty.")
    folder = (root / FOLDER).resolve()
    for key, tag in now.items():
        path = _path_below(folder, key)
        if before.get(key) != tag or not path.exists():
            body = client.get_object(Bucket=instance.bucket, Key=key)["Body"].read()
            write(path, body, mode=0o644)
    for key in before.keys() - now.keys():
        _path_below(folder, key).unlink(missing_ok=True)
    write(record, json.dumps(now).encode(), mode=0o644)
    return bool(now != before)


def _path_below(folder: Path, key: str) -> Path:
    path = (folder / key).resolve()
    if not path.is_relative_to(folder):
        raise CannotPrepareError(f"The key {key!r} leads out of {folder}.")
    return path


def write(path: Path, content: bytes, *, mode: int) -> None:
    """Write the file with that mode, whole or not at all, and never readable for more people."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    beside.touch(mode=mode)
    beside.write_bytes(content)
    beside.chmod(mode)
    beside.replace(path)


def place(root: Path) -> dict[str, str]:
    """Return which machine this is, as cloud-init found out."""
    about: dict[str, Any] = json.loads((root / CLOUD_INIT_FILE).read_text(encoding="utf-8"))["v1"]
    return {
        "INSTANCE_ID": about["instance_id"],
        "AVAILABILITY_ZONE": about["availability_zone"],
        "AWS_REGION": about["region"],
    }


def prepare(root: Path) -> bool:
    """Write all that the containers need; return whether a secret or a file was changed."""
    instance = read_instance(root)
    settings = as_environment(fetch_settings(instance))
    secrets = as_environment(fetch_secrets(instance))
    compose = as_environment({**place(root), **instance.environment})
    write(root / FOLDER / ".env", compose.encode(), mode=0o644)
    write(root / FOLDER / "oracle.env", settings.encode(), mode=0o644)
    (root / CERTIFICATES).mkdir(parents=True, exist_ok=True)
    fetch_authorities(instance, root)
    # Last: a change that was noted before something failed would never be acted upon.
    changed = fetch_files(instance, root)
    path = root / SECRETS_FILE
    before = path.read_text(encoding="utf-8") if path.exists() else None
    write(path, secrets.encode(), mode=0o600)
    return changed or secrets != before


def main() -> None:
    """Prepare this machine; with `--restart-on-change` also restart what runs on what is old."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--restart-on-change", action="store_true")
    parser.add_argument("--root", type=Path, default=Path("/"), help="in place of /, for tests")
    options = parser.parse_args()
    if prepare(options.root) and options.restart_on_change:
        subprocess.run(["/usr/bin/systemctl", "restart", "oracle.service"], check=True)


if __name__ == "__main__":
    main()
