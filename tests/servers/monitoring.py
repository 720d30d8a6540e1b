"""Prometheus, node-exporter and Alertmanager of this machine, each private and on loopback."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.servers.application import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "infra" / "prometheus" / "rules"
START_SECONDS = 60.0
SHORT = "1s"
PATIENCE = "5s"
"""How long a condition holds before its alert fires: a scrape that is late is no outage."""


def program(name: str) -> str:
    """Return where the program is. Raises AssertionError that says how to install it."""
    path = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
    assert path, f"{name} is not installed; run scripts/bootstrap system"
    return path


def promtool(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run promtool to its end."""
    return subprocess.run(
        [program("promtool"), *arguments],
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        env={**os.environ, **variables},
    )


@dataclass(frozen=True, slots=True)
class Server:
    """A running server: where it answers, its log, and its process."""

    url: str
    log: Path
    process: subprocess.Popen[bytes]

    @property
    def address(self) -> str:
        """Host and port, as a target is written."""
        return self.url.removeprefix("http://")

    def ask(self, path: str, **parameters: str) -> Any:
        """Return the JSON behind that path."""
        query = f"?{urllib.parse.urlencode(parameters)}" if parameters else ""
        with urllib.request.urlopen(self.url + path + query, timeout=10) as answer:  # noqa: S310 - own http address
            return json.load(answer)


@contextmanager
def running_server(
    name: str, folder: Path, *arguments: str, ready: str, port: int = 0
) -> Iterator[Server]:
    """Start the program with `{port}` in its arguments replaced, and stop it at the end."""
    port = port or free_port()
    log = folder / f"{Path(name).name}.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [name, *(each.replace("{port}", str(port)) for each in arguments)],
            cwd=folder,
            stdout=sink,
            stderr=subprocess.STDOUT,
        )
    server = Server(f"http://127.0.0.1:{port}", log, process)
    try:
        wait_until(lambda: _answers(server, ready), f"{name} to answer", START_SECONDS)
        yield server
    finally:
        process.kill()
        process.wait()


def wait_until(holds: Callable[[], bool], what: str, seconds: float) -> None:
    """Return once it holds. Raises AssertionError that names what was waited for."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
        time.sleep(0.1)


def _answers(server: Server, path: str) -> bool:
    assert server.process.poll() is None, server.log.read_text()
    try:
        with urllib.request.urlopen(server.url + path, timeout=5) as answer:  # noqa: S310 - own http address
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def running_prometheus(folder: Path, configuration: Mapping[str, Any]) -> Iterator[Server]:
    """Start Prometheus with that configuration, and the rules with every wait cut to seconds.

    The configuration is kept as JSON, which is YAML as well. Its target `localhost:9090`, which is
    Prometheus itself, becomes the port that it really has.
    """
    port = free_port()
    rules = folder / "rules"
    rules.mkdir()
    for path in RULES.glob("*.yml"):
        text = re.sub(r"(?m)^( +(?:keep_firing_)?for): .*$", rf"\1: {PATIENCE}", path.read_text())
        text = re.sub(r"(?m)^( +interval): .*$", rf"\1: {SHORT}", text)
        (rules / path.name).write_text(text)
    file = folder / "prometheus.yml"
    file.write_text(json.dumps(configuration).replace("localhost:9090", f"127.0.0.1:{port}"))
    with running_server(
        program("prometheus"),
        folder,
        f"--config.file={file}",
        f"--storage.tsdb.path={folder / 'tsdb'}",
        "--web.listen-address=127.0.0.1:{port}",
        "--enable-feature=exemplar-storage",
        ready="/-/ready",
        port=port,
    ) as server:
        yield server


@contextmanager
def running_node_exporter(folder: Path) -> Iterator[Server]:
    """Start node-exporter."""
    with running_server(
        program("prometheus-node-exporter"),
        folder,
        "--web.listen-address=127.0.0.1:{port}",
        ready="/metrics",
    ) as server:
        yield server
