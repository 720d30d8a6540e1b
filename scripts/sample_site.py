"""A server on the sample market: a year of replayed predictions, and one digest that was sent."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parent.parent
COMMAND = Path(sys.executable).with_name("oracle")
SESSIONS = 250
START_SECONDS = 60.0
NOBODYS_HASH = (
    "$argon2id$v=19$m=65536,t=3,p=4"
    "$bm9ib2R5J3Mgc2FsdC4u$bm8gcGFzc3dvcmQgaGFzIHRoaXMgaGFzaCBhdCBhbGw"
)
"""Of no password: the admin's page asks for one, and none is right."""


@contextmanager
def running_site(folder: Path) -> Iterator[str]:
    """Yield its address, and stop it afterwards; its database is in that folder."""
    port = _free_port()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("ORACLE_")},
        "ORACLE_MARKET": "sample",
        "ORACLE_DATABASE_URL": f"sqlite:///{folder / 'oracle.db'}",
        "ORACLE_CACHE_FOLDER": str(folder / "cache"),
        "ORACLE_MAIL_FOLDER": str(folder / "mail"),
        "ORACLE_PORT": str(port),
        "ORACLE_METRICS_PORT": "0",
        "ORACLE_DRAIN_SECONDS": "0",
        "ORACLE_LOG_LEVEL": "error",
        "ORACLE_ADMIN_PASSWORD_HASH": NOBODYS_HASH,
    }
    _run(environment, "replay", "--sessions", str(SESSIONS))
    _run(environment, "subscribers", "add", "reader@example.org", "--confirmed")
    _run(environment, "digest", "send", "--now")
    arguments = [str(COMMAND), "serve"]
    with subprocess.Popen(arguments, cwd=ROOT, env=environment) as process:  # noqa: S603 - our own command
        try:
            url = f"http://127.0.0.1:{port}"
            _wait_for(f"{url}/ranking", process)
            yield url
        finally:
            process.terminate()


def _run(environment: dict[str, str], *arguments: str) -> None:
    subprocess.run([str(COMMAND), *arguments], cwd=ROOT, env=environment, check=True)  # noqa: S603 - our own command


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(url, timeout=10):  # noqa: S310 - own http address
                return
        except urllib.error.URLError:
            time.sleep(0.1)
    sys.exit("The server did not get ready.")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
