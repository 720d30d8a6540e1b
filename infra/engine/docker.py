"""A Docker engine for the tests: the one that runs on this machine, or one of their own."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
PLUGINS = ROOT / ".tools" / "docker"
"""What `scripts/bootstrap containers` fetched where this machine's Docker has no compose."""

ENGINE_DATA = PLUGINS / "engine"
"""Where an engine of the tests' own keeps its images, so that a second run is quick."""

SECONDS_TO_START = 60


class DockerFailed(Exception):
    """A command of Docker's ended with an error; the message is what it said."""


def say(sentence: str) -> None:
    """Print at once, for whoever waits."""
    print(f"\n  {sentence}", end="", flush=True)


@dataclass(frozen=True, slots=True)
class Docker:
    """Speaks to one engine."""

    environment: Mapping[str, str]
    own: bool
    """Whether the tests have started it."""

    @property
    def socket(self) -> str:
        """Where the engine listens, on this machine."""
        return self.environment.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix(
            "unix://"
        )

    def run(
        self,
        *arguments: str | Path,
        seconds: float = 60,
        variables: Mapping[str, str] | None = None,
    ) -> str:
        """Return what `docker ARGUMENTS` printed, with these variables in its environment.

        Raises DockerFailed when it ends with an error, and subprocess.TimeoutExpired.
        """
        done = subprocess.run(
            ["docker", *map(str, arguments)],
            cwd=ROOT,
            env={**self.environment, **(variables or {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
        if done.returncode != 0:
            said = (done.stderr or done.stdout).strip()[-4000:]
            raise DockerFailed(f"docker {' '.join(map(str, arguments))}: {said}")
        return done.stdout

    def log(self, container: str) -> str:
        """Return what the container has written, to both of its outputs."""
        done = subprocess.run(
            ["docker", "logs", container],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout

    def can(self, *arguments: str, seconds: float = 60) -> bool:
        """Return whether the command succeeds."""
        try:
            self.run(*arguments, seconds=seconds)
        except (DockerFailed, subprocess.TimeoutExpired):
            return False
        return True


@contextmanager
def running_engine() -> Iterator[Docker]:
    """Yield the engine that runs here already; else start one, and stop it at the end.

    Raises DockerFailed when there is none and none can be started.
    """
    environment = dict(os.environ)
    if (PLUGINS / "cli-plugins").is_dir():
        environment["DOCKER_CONFIG"] = str(PLUGINS)
    found = Docker(environment, own=False)
    if found.can("info"):
        yield found
        return
    if shutil.which("dockerd") is None or os.geteuid() != 0:
        raise DockerFailed(
            "No Docker engine answers here, and none can be started: that needs root and dockerd. "
            "Start Docker, or run `make test-containers` as root."
        )
    # A socket's path has to be short.
    with tempfile.TemporaryDirectory(prefix="oracle-docker-") as short:
        socket = f"unix://{short}/docker.sock"
        docker = Docker({**environment, "DOCKER_HOST": socket}, own=True)
        with _own_engine(docker, Path(short), socket):
            yield docker


@contextmanager
def _own_engine(docker: Docker, folder: Path, socket: str) -> Iterator[None]:
    """Run an engine that shares nothing with another one; ports are published on loopback only."""
    ENGINE_DATA.mkdir(parents=True, exist_ok=True)
    log = folder / "engine.log"
    with log.open("wb") as file:
        engine = subprocess.Popen(
            [
                *("dockerd", "--host", socket, "--data-root", str(ENGINE_DATA)),
                *("--exec-root", str(folder / "exec"), "--pidfile", str(folder / "docker.pid")),
                *("--storage-driver", "overlay2", "--ip", "127.0.0.1", "--bridge", "none"),
            ],
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    try:
        deadline = time.monotonic() + SECONDS_TO_START
        while not docker.can("info"):
            if engine.poll() is not None or time.monotonic() > deadline:
                said = log.read_text(encoding="utf-8", errors="replace")[-3000:]
                raise DockerFailed(f"The Docker engine does not start: {said}")
            time.sleep(0.2)
        yield
    finally:
        engine.terminate()
        engine.wait(timeout=60)
