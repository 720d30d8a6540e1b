"""The stack of compose.yaml as it runs on a Docker engine, asked from outside.

Not part of `make test`, since it builds and fetches for minutes: `make test-containers`.
"""

from __future__ import annotations

import json
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest

from infra.engine.docker import ROOT, DockerFailed, say
from infra.engine.images import REVISION, TAG
from infra.engine.stack import PROJECT, Stack, ask
from tests.servers.application import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.engine.docker import Docker
    from infra.engine.images import Built

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.timeout(3600)]

STANDINS = Path(__file__).with_name("compose.standins.yaml")


@pytest.fixture(scope="module")
def stack(docker: Docker, built: Built) -> Iterator[Stack]:
    """Start application, second instance, balancer, database and mail; take all down at the end."""
    ports = ("APP_PORT", "PROXY_PORT", "MAILPIT_PORT", "GRAFANA_PORT")
    stack = Stack(
        docker,
        files=("compose.yaml", *([str(STANDINS)] if built.standins else [])),
        # Of prices that are the same wherever this runs.
        variables={
            **{name: str(free_port()) for name in ports},
            "ORACLE_TAG": TAG,
            "ORACLE_MARKET": "sample",
            "DOCKER_SOCKET": docker.socket,
        },
    )
    try:
        say(f"started and healthy after {stack.start():.0f} s")
        yield stack
    except DockerFailed:
        for service in stack.compose("ps", "--all", "--services").split():
            print(f"--- {service}\n{stack.log(service)[-3000:]}")
        raise
    finally:
        stack.compose("down", "--volumes", "--remove-orphans", "--timeout", "20")
        leftovers = docker.run("ps", "--all", "--quiet", "--filter", f"name={PROJECT}")
        assert leftovers == ""


@pytest.mark.parametrize("name", ["production", "monitoring"])
def test_compose_accepts_what_the_machines_run(docker: Docker, tmp_path: Path, name: str) -> None:
    """Compose itself reads both files, every variable filled in, and finds nothing wrong."""
    text = (ROOT / "infra" / f"compose.{name}.yaml").read_text(encoding="utf-8")
    secrets = tmp_path / "secrets.env"
    secrets.write_text(
        "OPERATORS_SMTP_PASSWORD='one $with a dollar'\nGF_SECURITY_ADMIN_PASSWORD='first'\n",
        encoding="utf-8",
    )
    # The machine's own paths exist on the machine alone.
    text = re.sub(r"env_file: \[.*\]", f"env_file: [{secrets}]", text)
    file = tmp_path / "compose.yaml"
    file.write_text(text, encoding="utf-8")
    needed = dict.fromkeys(re.findall(r"(?<!\$)\$\{(\w+):\?", text), "/told")
    with pytest.raises(DockerFailed, match=r"required variable|is missing a value"):
        docker.run("compose", "--file", file, "config", "--quiet")
    docker.run("compose", "--file", file, "config", "--quiet", variables=needed)
    if name == "monitoring":
        read = docker.run(
            *("compose", "--env-file", secrets, "--file", file, "config", "--format", "json"),
            variables=needed,
        )
        services = json.loads(read)["services"]
        grafana = services["grafana"]["environment"]
        # What is printed here has each dollar twice, as a compose file would.
        expected = ("$$__env{OPERATORS_SMTP_PASSWORD}", "one $$with a dollar")
        assert (grafana["GF_SMTP_PASSWORD"], grafana["OPERATORS_SMTP_PASSWORD"]) == expected
        assert services["alertmanager"]["environment"]["OPERATORS_SMTP_PASSWORD"] == expected[1]
        given = [name for name, said in services.items() if "first" in json.dumps(said)]
        assert given == ["grafana"]


def test_pages_interface_and_health_answer(stack: Stack) -> None:
    """What a visitor, a program and a balancer ask for is answered through the published port."""
    status, page = ask(f"{stack.site}/")
    assert status == 200
    assert "Oracle" in page
    assert "sample" in page.lower()
    script = re.search(r'src="(/static/vendor/[^"]+)"', page)
    assert script is not None
    assert ask(stack.site + script[1])[0] == 200
    status, answer = ask(f"{stack.site}/api/v1/stocks/AAPL")
    assert status == 200
    assert json.loads(answer)["symbol"] == "AAPL"
    for path in ("live", "ready", "deep"):
        assert ask(f"{stack.site}/healthz/{path}")[0] == 200, path


def test_figures_are_for_the_inside_alone(stack: Stack) -> None:
    """Another container reads the metrics; no port of this machine leads there."""
    read = "import urllib.request as r; print(r.urlopen('http://app:9464/metrics').read().decode())"
    figures = stack.inside("app-2", "python", "-c", read)
    assert re.search(rf'^oracle_build_info{{[^}}]*revision="{REVISION}"', figures, re.MULTILINE)
    assert ask(f"{stack.site}/metrics")[0] == 404
    published = stack.inspect("app")["NetworkSettings"]["Ports"]
    assert published["9464/tcp"] is None
    assert {each["HostIp"] for each in published["8000/tcp"]} == {"127.0.0.1"}


def test_the_application_may_do_little(stack: Stack) -> None:
    """It is nobody special, cannot write to its root, has no capability, and its memory ends."""
    for service in ("app", "app-2"):
        assert stack.inside(service, "id", "-u").strip() == "10001"
        with pytest.raises(DockerFailed, match="Read-only file system"):
            stack.inside(service, "touch", "/opt/oracle/changed")
        assert "CapEff:\t0000000000000000" in stack.inside(service, "cat", "/proc/1/status")
        assert "NoNewPrivs:\t1" in stack.inside(service, "cat", "/proc/1/status")
        host = stack.inspect(service)["HostConfig"]
        assert host["Memory"] == 1200 * 1024**2
        assert host["ReadonlyRootfs"] is True


def test_tables_are_made_once(stack: Stack) -> None:
    """The migration ended well before any instance began."""
    migrated = stack.inspect("migrate")["State"]
    assert migrated["ExitCode"] == 0
    assert stack.log("migrate").count("Applied ") == 1
    for service in ("app", "app-2"):
        assert migrated["FinishedAt"] < stack.inspect(service)["State"]["StartedAt"]


READ_BY_SOCKET = """
import http.client, json, socket, sys

class Engine(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(20)
        self.sock.connect("/run/docker-reader/docker.sock")

for method, path in json.loads(sys.argv[1]):
    engine = Engine("engine")
    engine.request(method, path)
    answer = engine.getresponse()
    # What is followed never ends.
    print(json.dumps([answer.status, answer.read1(65536).decode(errors="replace")[:4000]]))
    engine.close()
"""


def test_the_reader_of_the_engine_only_reads(stack: Stack) -> None:
    """What Alloy asks for is answered, lines as they are written; whatever changes is refused."""
    app = stack.inspect("app")["Id"]
    asked = [
        ("HEAD", "/_ping"),
        ("GET", "/v1.41/containers/json"),
        ("GET", "/v1.41/networks"),
        ("GET", f"/v1.41/containers/{app}/json"),
        ("GET", f"/v1.41/containers/{app}/logs?follow=1&stdout=1&stderr=1&timestamps=1&since=0"),
    ]
    refused = [
        ("POST", f"/v1.41/containers/{app}/stop"),
        ("POST", "/v1.41/containers/create"),
        ("DELETE", f"/v1.41/containers/{app}?force=1"),
        ("POST", f"/v1.41/containers/{app}/json"),
        ("GET", f"/v1.41/containers/{app}/archive?path=/etc/passwd"),
        ("GET", "/v1.41/containers/json/../../images/json"),
        ("GET", "/v1.41/secrets"),
        ("GET", "/info"),
    ]
    # As Alloy is: root without capabilities, who has the socket and nothing else.
    said = stack.docker.run(
        *("run", "--rm", "--network", "none", "--user", "0:0", "--cap-drop", "ALL"),
        *("--volume", f"{PROJECT}_docker-reader:/run/docker-reader:ro"),
        *(f"oracle:{TAG}", "python", "-c", READ_BY_SOCKET, json.dumps(asked + refused)),
    )
    answers = [json.loads(line) for line in said.splitlines()]
    statuses = [status for status, _ in answers]
    assert statuses == [200] * len(asked) + [403] * len(refused)
    bodies = [body for _, body in answers]
    assert app in bodies[1]
    assert f"{PROJECT}_default" in bodies[2]
    assert app in bodies[3]
    assert '"event"' in bodies[4]
    assert stack.inspect("app")["State"]["Running"]
    assert f"/v1.41/containers/{app}/stop" in stack.log("docker-reader")


def test_a_visitor_does_not_notice_that_an_instance_goes(stack: Stack) -> None:
    """While an instance is stopped the balancer answers every request, and it exits 0."""
    over = Event()

    def visit() -> list[int]:
        statuses = []
        while not over.is_set():
            statuses.append(ask(f"{stack.proxy}/api/v1/search?q=apple")[0])
            over.wait(0.2)
        return statuses

    with ThreadPoolExecutor() as visitors:
        visitor = visitors.submit(visit)
        started = time.monotonic()
        stack.compose("stop", "app-2")
        took = time.monotonic() - started
        over.wait(3)
        over.set()
        statuses = visitor.result()
    state = stack.inspect("app-2")["State"]
    events = [json.loads(line)["event"] for line in stack.log("app-2").splitlines()]
    say(f"an instance stopped within {took:.1f} s, meanwhile {len(statuses)} requests: all 200")
    assert state["ExitCode"] == 0
    assert events[-1] == "stopped"
    assert "draining" in events
    assert len(statuses) > 10
    assert set(statuses) == {200}
    stack.start()


def test_data_outlive_the_containers(stack: Stack) -> None:
    """After all containers are removed and made anew, what was stored is there."""
    stack.inside("app", "oracle", "subscribers", "add", "reader@example.org", "--confirmed")
    stack.compose("down", "--timeout", "20")
    say(f"started anew after {stack.start():.0f} s")
    assert "reader@example.org" in stack.inside("app", "oracle", "subscribers", "list")


def test_every_service_gets_healthy(stack: Stack, built: Built) -> None:
    """Whatever can be run here passes its own check: with a registry that is the whole stack."""
    if not built.standins:
        stack.compose("up", "--detach", "--no-build", seconds=900)
    services = stack.compose("ps", "--all", "--services").split()
    deadline = time.monotonic() + 180
    states: dict[str, str] = {}
    while time.monotonic() < deadline:
        states = {
            name: stack.inspect(name)["State"].get("Health", {}).get("Status", "none")
            for name in services
            if name != "migrate"
        }
        if set(states.values()) == {"healthy"}:
            break
        time.sleep(2)
    say(f"healthy: {', '.join(sorted(states))}")
    assert set(states.values()) == {"healthy"}, states
