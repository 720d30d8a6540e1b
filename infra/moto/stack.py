"""A copy of the stack that Terraform can apply against moto, and moto itself."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import URLError
from urllib.request import urlopen

from tests.infra.terraform import copy_stack, substitute

if TYPE_CHECKING:
    from collections.abc import Iterator

HERE = Path(__file__).parent
DIFFERENCES: dict[str, dict[str, Any]] = tomllib.loads(
    (HERE / "differences.toml").read_text(encoding="utf-8")
)
CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
START_SECONDS = 60

ROOT_OVERRIDE = """
terraform {
  backend "local" {}
}

provider "aws" {
  s3_use_path_style           = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
}
"""
# moto knows Amazon's images and not Canonical's.
AMI_OVERRIDE = """
data "aws_ssm_parameter" "ubuntu" {
  name = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
}
"""
# No machine of moto's ever answers a health check.
GROUP_OVERRIDE = """
resource "aws_autoscaling_group" "this" {
  wait_for_capacity_timeout = "0"
}
"""
# What has to be kept in earnest is destroyed at the end of a rehearsal.
VOLUME_OVERRIDE = """
resource "aws_ebs_volume" "kept" {
  final_snapshot = false

  lifecycle {
    prevent_destroy = false
  }
}
"""


def copy_for_moto(folder: Path, *, public_zone: str) -> Path:
    """Copy the stack, leave out what moto cannot do, and fill in its variables."""
    stack = copy_stack(folder)
    modules = stack / "modules"
    (stack / "override.tf").write_text(ROOT_OVERRIDE, encoding="utf-8")
    (modules / "service" / "override.tf").write_text(
        AMI_OVERRIDE + GROUP_OVERRIDE, encoding="utf-8"
    )
    (modules / "monitoring" / "override.tf").write_text(
        AMI_OVERRIDE + VOLUME_OVERRIDE, encoding="utf-8"
    )
    for address in DIFFERENCES["left_out"]:
        _, module, kind, name = address.split(".")
        substitute(
            modules / module / "main.tf",
            rf'(?m:^resource "{kind}" "{name}" \{{\n).*?(?m:^\}}\n)',
            "",
        )
    for path in modules.rglob("*.tf"):
        text = path.read_text(encoding="utf-8")
        for reference, literal in DIFFERENCES["read_of_it"].items():
            text = re.sub(
                rf"(?<![\w.]){re.escape(reference)}(?!\w)", literal.replace("\\", r"\\"), text
            )
        path.write_text(text, encoding="utf-8")
    (stack / "terraform.tfvars").write_text(
        f"""
site_name           = "oracle.example.com"
public_zone_id      = "{public_zone}"
monitoring_cidrs    = ["203.0.113.0/24"]
admin_address       = "admin@example.com"
image_tag           = "0.1.0"
github_repository   = "someone/oracle"
deletion_protection = false
""",
        encoding="utf-8",
    )
    return stack


@contextmanager
def moto_server(log: Path) -> Iterator[str]:
    """Run moto on loopback and yield its address; it ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with log.open("w", encoding="utf-8") as file:
        server = subprocess.Popen(
            [Path(sys.executable).parent / "moto_server", "-H", "127.0.0.1", "-p", str(port)],
            stdout=file,
            stderr=subprocess.STDOUT,
            env={**os.environ, **CREDENTIALS},
        )
        try:
            _wait_for(address, server)
            yield address
        finally:
            server.terminate()
            server.wait(timeout=30)


def _wait_for(address: str, server: subprocess.Popen[Any]) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        if server.poll() is not None:
            raise RuntimeError(f"moto ended by itself with {server.returncode}.")
        try:
            with urlopen(f"{address}/moto-api/", timeout=5):
                return
        except URLError:
            time.sleep(0.2)
    raise TimeoutError(f"moto did not answer at {address} within {START_SECONDS} s.")
