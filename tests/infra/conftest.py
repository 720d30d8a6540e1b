"""The monitoring as it runs: an application with a past, and what watches it, from Debian."""

from __future__ import annotations

import asyncio
import os
import re
import threading
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.smtp import SMTP

from tests.infra.documents import PROMETHEUS, ROOT, read_yaml
from tests.servers.application import Application, free_port, running_application
from tests.servers.monitoring import (
    SHORT,
    Server,
    program,
    running_node_exporter,
    running_prometheus,
    running_server,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

YESTERDAY = "2022-12-27T23:30:00Z"
TODAY = "2022-12-28T23:30:00Z"
"""Both within the digest's window; the second is when the first one's predictions are settled."""


@dataclass(slots=True)
class Mailbox:
    """Mails to the operators, as they arrived."""

    address: str
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_DATA(self, _server: object, _session: object, envelope: Any) -> str:  # noqa: N802 - the name is the library's
        """Keep a mail."""
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 kept"


@dataclass(frozen=True, slots=True)
class Stack:
    """Everything that runs."""

    application: Application
    node_exporter: Server
    prometheus: Server
    alertmanager: Server
    mailbox: Mailbox

    def count(self, query: str) -> int:
        """Return how many series answer the query now."""
        answer = self.prometheus.ask("/api/v1/query", query=query)
        return len(answer["data"]["result"])


@pytest.fixture(scope="session")
def mailbox() -> Iterator[Mailbox]:
    """Return the operators' mailbox on a mail server of its own."""
    port = free_port()
    box = Mailbox(f"127.0.0.1:{port}")
    loop = asyncio.new_event_loop()
    server = loop.run_until_complete(
        loop.create_server(lambda: SMTP(box, loop=loop), host="127.0.0.1", port=port)
    )
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    yield box
    loop.call_soon_threadsafe(server.close)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture(scope="session")
def alertmanager(tmp_path_factory: pytest.TempPathFactory, mailbox: Mailbox) -> Iterator[Server]:
    """Return Alertmanager with the repository's configuration, which waits for a second at most."""
    folder = tmp_path_factory.mktemp("alertmanager")
    source = folder / "source"
    source.mkdir()
    for path in (ROOT / "infra" / "alertmanager").iterdir():
        copy = source / path.name
        text = re.sub(r"(group_wait|group_interval): .*", rf"\1: {SHORT}", path.read_text())
        copy.write_text(text)
        copy.chmod(path.stat().st_mode)
    variables = {
        "ALERTMANAGER": program("prometheus-alertmanager"),
        "ALERTMANAGER_FOLDER": str(folder / "written"),
        "OPERATORS_SMTP_HOST": mailbox.address,
        "GRAFANA_URL": "https://grafana.example",
        "RUNBOOKS_URL": "https://code.example/",
    }
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        with running_server(
            str(source / "start.sh"),
            folder,
            f"--storage.path={folder / 'storage'}",
            "--web.listen-address=127.0.0.1:{port}",
            "--cluster.listen-address=",
            ready="/-/ready",
        ) as server:
            yield server
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@pytest.fixture(scope="session")
def stack(
    tmp_path_factory: pytest.TempPathFactory, alertmanager: Server, mailbox: Mailbox
) -> Iterator[Stack]:
    """Return a running application that has settled a session, watched by everything there is."""
    folder = tmp_path_factory.mktemp("application")
    with running_application(folder, now=YESTERDAY) as first:
        first.wait_for_event("digest_finished")
    with (
        running_application(folder, now=TODAY) as application,
        running_node_exporter(tmp_path_factory.mktemp("node")) as node_exporter,
        running_prometheus(
            tmp_path_factory.mktemp("prometheus"),
            shorten(
                {
                    "app": application.metrics_url.split("/")[2],
                    "node": node_exporter.address,
                    "alertmanager": alertmanager.address,
                    "prometheus": "localhost:9090",
                }
            ),
        ) as prometheus,
    ):
        yield Stack(application, node_exporter, prometheus, alertmanager, mailbox)


def shorten(addresses: dict[str, str]) -> dict[str, Any]:
    """Return the repository's configuration for these targets alone, looking every other second."""
    configuration: dict[str, Any] = read_yaml(PROMETHEUS / "prometheus.yml")
    configuration["global"].update(
        scrape_interval="2s", scrape_timeout="2s", evaluation_interval=SHORT
    )
    configuration["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = [
        addresses["alertmanager"]
    ]
    jobs = {job["job_name"]: job for job in configuration["scrape_configs"]}
    for name, address in addresses.items():
        jobs[name]["static_configs"][0]["targets"] = [address]
    configuration["scrape_configs"] = [jobs[name] for name in addresses]
    return configuration
