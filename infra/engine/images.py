"""The image of the application, and what it is built from where no registry is within reach."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from infra.engine.docker import PLUGINS, ROOT, Docker, DockerFailed, say

if TYPE_CHECKING:
    from collections.abc import Callable

REVISION = "0123456789abcdef0123456789abcdef01234567"
TAG = "test-containers"
IMAGE = f"oracle:{TAG}"
SUITE = "trixie"
BASE = f"oracle-base:{SUITE}"
STANDINS = "oracle-standins"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
# Each client has a variable of its own for the file of authorities.
TRUSTING = ("NODE_EXTRA_CA_CERTS", "PIP_CERT", "SSL_CERT_FILE")


@dataclass(frozen=True, slots=True)
class Built:
    """What a run of compose needs to know."""

    standins: bool
    """Whether other programs take the places of the images that compose names."""


def build(docker: Docker) -> Built:
    """Build the application's image, from the real bases if they can be had."""
    mysql = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]["mysql"]["image"]
    if docker.can("image", "inspect", mysql) or docker.can("pull", "-q", mysql, seconds=600):
        _timed("application's image", partial(_build_application, docker))
        return Built(standins=False)
    say(
        f"No registry is within reach: a Debian ({SUITE}) made here is the base of the image, "
        "MariaDB takes MySQL's place, Debian's HAProxy and a small mail server those of theirs. "
        "The images of the monitoring are not run."
    )
    if not docker.can("image", "inspect", BASE):
        _timed("base image", partial(_make_base, docker))
    for target in ("node", "services"):
        _timed(f"stand-ins ({target})", partial(_build_standin, docker, target))
    _timed(
        "application's image",
        partial(_build_application, docker, BASE_IMAGE=BASE, NODE_IMAGE=f"{STANDINS}:node"),
    )
    return Built(standins=True)


def _timed(what: str, work: Callable[[], None]) -> None:
    started = time.monotonic()
    work()
    say(f"{what}: {time.monotonic() - started:.0f} s")


def _build_application(docker: Docker, **arguments: str) -> None:
    given = {"REVISION": REVISION, **arguments}
    docker.run(
        *("buildx", "build", "--load", "--network", "host", "--tag", IMAGE),
        *(word for name, value in given.items() for word in ("--build-arg", f"{name}={value}")),
        ".",
        seconds=1200,
    )


def _build_standin(docker: Docker, target: str) -> None:
    folder = Path(__file__).parent
    docker.run(
        *("buildx", "build", "--load", "--network", "host", "--tag", f"{STANDINS}:{target}"),
        *("--target", target, "--build-arg", f"BASE_IMAGE={BASE}"),
        *("--file", folder / "standins.Dockerfile", folder),
        seconds=900,
    )


def _make_base(docker: Docker) -> None:
    """Import a small Debian that trusts whom this machine trusts. Raises DockerFailed."""
    if shutil.which("debootstrap") is None:
        raise DockerFailed(
            "No registry is within reach, and debootstrap is not there to make a base image with: "
            "run `scripts/bootstrap containers` as root."
        )
    PLUGINS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="oracle-base-", dir=PLUGINS) as folder:
        root = Path(folder) / "root"
        made = subprocess.run(
            [
                *("debootstrap", "--variant=minbase"),
                *("--include=ca-certificates,python3,python3-venv", SUITE, str(root), _mirror()),
            ],
            capture_output=True,
            text=True,
            check=False,
            timeout=900,
        )
        if made.returncode != 0:
            raise DockerFailed(f"debootstrap: {made.stdout[-2000:]}{made.stderr[-2000:]}")
        shutil.copy(AUTHORITIES, root / AUTHORITIES.relative_to("/"))
        archive = Path(folder) / "root.tar"
        subprocess.run(["tar", "-C", str(root), "-cf", str(archive), "."], check=True, timeout=300)
        trust = " ".join(f"{name}={AUTHORITIES}" for name in TRUSTING)
        docker.run("import", "--change", f"ENV {trust}", archive, BASE, seconds=300)


def _mirror() -> str:
    """Return where apt of this machine has Debian from."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    ).stdout.split()
    for uri in listed:
        if uri.rstrip("/").endswith("/debian"):
            return uri
    raise DockerFailed(f"apt has no source of Debian's packages; it has {listed}.")
