"""The application as its own process, as a user starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
COMMAND = Path(sys.executable).with_name("oracle")
START_SECONDS = 90.0
LOG_SECONDS = 20.0
STOP_SECONDS = 20.0


def free_port() -> int:
    """Return a port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment(folder: Path, **variables: str) -> dict[str, str]:
    """Return an environment with these ORACLE_ variables and no others of the machine's."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("ORACLE_")}
    return {
        **clean,
        "COLUMNS": "120",
        "ORACLE_MARKET": "sample",
        "ORACLE_DATABASE_URL": f"sqlite:///{folder / 'oracle.db'}",
        "ORACLE_CACHE_FOLDER": str(folder / "cache"),
        "ORACLE_MAIL_FOLDER": str(folder / "mail"),
        "ORACLE_LOG_FORMAT": "json",
        **{f"ORACLE_{name.upper()}": value for name, value in variables.items()},
    }


def run_oracle(folder: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run the `oracle` command to its end and return what it printed."""
    return subprocess.run(
        [COMMAND, *arguments],
        cwd=ROOT,
        env=environment(folder, **variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What a request got: status 0 when nobody answers, and how long that took."""

    status: int
    text: str
    retry_after: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Application:
    """A running `oracle serve`: where it listens, where its log is, and its process."""

    url: str
    metrics_url: str
    log: Path
    process: subprocess.Popen[bytes]

    def status(self, path: str) -> int:
        """Return the HTTP status of a GET, or 0 when nobody answers."""
        try:
            with urllib.request.urlopen(self.url + path, timeout=10) as answer:  # noqa: S310 - own http address
                code: int = answer.status
                return code
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return 0

    def ask(self, path: str, body: dict[str, Any] | None = None, *, client: int = 1) -> Answer:
        """Return what a GET is answered or, with a body, a POST of it as JSON.

        Each number, from 1 to 60,000, is a client with an address of its own on this machine.
        """
        source = f"127.0.{client // 250}.{client % 250 + 1}"
        connection = HTTPConnection(
            self.url.removeprefix("http://"), timeout=30, source_address=(source, 0)
        )
        started = time.monotonic()
        try:
            connection.request(
                "GET" if body is None else "POST",
                path,
                None if body is None else json.dumps(body),
                {"Content-Type": "application/json"},
            )
            answer = connection.getresponse()
            text = answer.read().decode()
        except OSError as error:
            return Answer(0, str(error), "", time.monotonic() - started)
        finally:
            connection.close()
        again = answer.headers.get("Retry-After", "")
        return Answer(answer.status, text, again, time.monotonic() - started)

    def read(self, url: str) -> str:
        """Return the text behind the address."""
        with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310 - own http address
            text: str = answer.read().decode()
            return text

    def wait_for_event(self, event: str, **fields: str) -> dict[str, Any]:
        """Return the first log line with that event and these fields, once it is written."""
        deadline = time.monotonic() + LOG_SECONDS
        while time.monotonic() < deadline:
            for text in self.log.read_text().splitlines():
                line: dict[str, Any] = json.loads(text)
                if line["event"] == event and fields.items() <= line.items():
                    return line
            time.sleep(0.05)
        raise AssertionError(f"no {event} with {fields} in:\n{self.log.read_text()}")

    def stop(self) -> int:
        """Ask it to stop as an orchestrator does, and return its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)


@contextmanager
def running_application(
    folder: Path, sink: IO[bytes] | None = None, /, **variables: str
) -> Iterator[Application]:
    """Start `oracle serve` with these settings, wait until it is ready, and stop it at the end.

    Its log goes to `sink` if one is given, else into a file of the folder.
    """
    port = int(variables.get("port") or free_port())
    metrics_port = free_port()
    url = f"http://127.0.0.1:{port}"
    log = folder / "oracle.log"
    settings = {
        "port": str(port),
        "metrics_port": str(metrics_port),
        "base_url": url,
        "drain_seconds": "0",
        **variables,
    }
    with log.open("wb") as file:
        process = subprocess.Popen(
            [COMMAND, "serve"],
            cwd=ROOT,
            env=environment(folder, **settings),
            stdout=sink or file,
            stderr=subprocess.STDOUT,
        )
    application = Application(url, f"http://127.0.0.1:{metrics_port}/metrics", log, process)
    try:
        _wait_until_ready(application)
        yield application
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(application: Application) -> None:
    deadline = time.monotonic() + START_SECONDS
    while application.status("/healthz/ready") != 200:
        if application.process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"oracle serve did not get ready:\n{application.log.read_text()}")
        time.sleep(0.05)
