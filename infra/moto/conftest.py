"""The whole stack as it stands in a stand-in of AWS: applied once for all tests, then destroyed."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from infra.moto.stack import CREDENTIALS, copy_for_moto, moto_server
from tests.infra.terraform import Terraform

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(frozen=True, slots=True)
class Applied:
    """The stack as it stands in moto."""

    terraform: Terraform
    client: Callable[[str], Any]
    outputs: dict[str, Any]
    second_plan: dict[str, Any]


@pytest.fixture(scope="module")
def applied(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Applied]:
    """Apply everything, plan again, and destroy it after the last test."""
    folder = tmp_path_factory.mktemp("moto")
    with moto_server(folder / "moto.log") as address, pytest.MonkeyPatch.context() as patch:
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": address}.items():
            patch.setenv(name, value)
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CA_BUNDLE"):
            patch.delenv(name, raising=False)
        client = partial(boto3.client, region_name="us-east-1", endpoint_url=address)
        zone = client("route53").create_hosted_zone(Name="oracle.example.com", CallerReference="1")
        stack = copy_for_moto(folder / "copy", public_zone=zone["HostedZone"]["Id"].split("/")[-1])
        terraform = Terraform.at(stack, **CREDENTIALS, AWS_ENDPOINT_URL=address)
        terraform.init()
        began = time.monotonic()
        terraform.run("apply", "-auto-approve", "-input=false", "-no-color", "-parallelism=20")
        print(f"\napplied in {time.monotonic() - began:.0f} s")
        terraform.run("plan", "-input=false", "-no-color", "-out=second", "-parallelism=20")
        yield Applied(
            terraform,
            client,
            {
                name: row["value"]
                for name, row in json.loads(terraform.run("output", "-json")).items()
            },
            json.loads(terraform.run("show", "-json", "second")),
        )
        began = time.monotonic()
        terraform.run("destroy", "-auto-approve", "-input=false", "-no-color", "-parallelism=20")
        assert json.loads(terraform.run("show", "-json")).get("values") is None
        assert client("s3").list_buckets()["Buckets"] == []
        assert client("autoscaling").describe_auto_scaling_groups()["AutoScalingGroups"] == []
        print(f"destroyed in {time.monotonic() - began:.0f} s")
