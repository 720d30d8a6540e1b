"""The stack of compose.yaml on a Docker engine: how it is started, looked into and asked."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from infra.engine.docker import Docker

PROJECT = "oracle-test-containers"
INSTANCES = ("app", "app-2", "proxy", "docker-reader")


@dataclass(frozen=True, slots=True)
class Stack:
    """The stack as it runs, and how to ask it."""

    docker: Docker
    files: tuple[str, ...]
    variables: dict[str, str]

    @property
    def site(self) -> str:
        """The first instance, as published."""
        return f"http://127.0.0.1:{self.variables['APP_PORT']}"

    @property
    def proxy(self) -> str:
        """The balancer before both instances."""
        return f"http://127.0.0.1:{self.variables['PROXY_PORT']}"

    def compose(self, *arguments: str, seconds: float = 120) -> str:
        """Return what compose printed."""
        return self.docker.run(
            *("compose", "--project-name", PROJECT, "--profile", "failover"),
            *(word for file in self.files for word in ("--file", file)),
            *arguments,
            seconds=seconds,
            variables=self.variables,
        )

    def start(self) -> float:
        """Start what is not running, wait until all of it is healthy; return the seconds."""
        started = time.monotonic()
        self.compose("up", "--detach", "--wait", "--no-build", *INSTANCES, seconds=300)
        return time.monotonic() - started

    def container(self, service: str) -> str:
        """Return the id of the service's container."""
        return self.compose("ps", "--all", "--quiet", service).strip()

    def inspect(self, service: str) -> dict[str, Any]:
        """Return what the engine knows of the service's container."""
        (found,) = json.loads(self.docker.run("inspect", self.container(service)))
        return dict(found)

    def log(self, service: str) -> str:
        """Return what the service has written."""
        return self.docker.log(self.container(service))

    def inside(self, service: str, *command: str) -> str:
        """Return what the command printed in the service's container."""
        return self.compose("exec", "--no-TTY", service, *command)


def ask(url: str) -> tuple[int, str]:
    """Return the status and the body of the answer, whatever the status."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()
