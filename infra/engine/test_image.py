"""The image of the application, built and looked at.

Not part of `make test`, since it builds and fetches for minutes: `make test-containers`.
"""

from __future__ import annotations

import json
import re
import time
from typing import TYPE_CHECKING

import pytest

from infra.engine.docker import say
from infra.engine.images import IMAGE, REVISION

if TYPE_CHECKING:
    from infra.engine.docker import Docker
    from infra.engine.images import Built

pytestmark = [pytest.mark.allow_hosts(["127.0.0.1"]), pytest.mark.timeout(3600)]

IN_THE_IMAGE = [
    *(".venv", "LICENSE", "README.md", "oracle", "pyproject.toml", "scheduler"),
    *("static", "templates", "uv.lock"),
]
TOOLS = "gcc make npm node uv git curl wget"


def test_the_image_is_small_and_says_what_it_is(docker: Docker, built: Built) -> None:
    """User, stop signal, check, entry and labels are there; the size is printed and bounded."""
    (image,) = json.loads(docker.run("image", "inspect", IMAGE))
    config = image["Config"]
    say(f"size: {image['Size'] / 1e6:.0f} MB")
    for line in docker.run("history", "--format", "{{.Size}}\t{{.CreatedBy}}", IMAGE).splitlines():
        size, _, made_by = line.partition("\t")
        if not size.startswith("0B"):
            say(f"  {size:>8}  {made_by[:80]}")
    assert config["User"] == "10001:10001"
    assert config["StopSignal"] == "SIGTERM"
    assert config["Entrypoint"] == ["tini", "--"]
    assert config["Cmd"] == ["oracle", "serve"]
    assert config["Healthcheck"]["Test"][0] == "CMD"
    assert config["Labels"]["org.opencontainers.image.revision"] == REVISION
    assert set(config["ExposedPorts"]) == {"8000/tcp", "9464/tcp"}
    # A Debian made here is larger than a slim one; what is added must not grow unnoticed.
    assert image["Size"] < (650e6 if built.standins else 550e6)


def test_the_image_holds_no_secret_and_no_tool(docker: Docker, built: Built) -> None:
    """Neither history nor environment name a secret; compilers and installers stayed behind."""
    del built
    (image,) = json.loads(docker.run("image", "inspect", IMAGE))
    told = docker.run("history", "--no-trunc", IMAGE) + "\n".join(image["Config"]["Env"])
    assert not re.search(r"(?i)password|secret|token|api_?key|://[^/\s]+:[^/\s]+@", told)
    script = f"for tool in {TOOLS}; do command -v $tool; done; "
    script += "ls -A /opt/oracle; find /opt/oracle /var/lib/oracle -name '.env*' -o -name '*.key'"
    lines = docker.run("run", "--rm", "--network", "none", IMAGE, "sh", "-c", script).splitlines()
    assert sorted(lines) == sorted(IN_THE_IMAGE)


def test_bytecode_is_made_when_the_image_is(docker: Docker, built: Built) -> None:
    """No module of the application is compiled at its start, where nothing may be written."""
    del built
    script = (
        "import pathlib, importlib.util as u\n"
        "for p in pathlib.Path('oracle').rglob('*.py'):\n"
        "    c = pathlib.Path(u.cache_from_source(str(p)))\n"
        "    print(p) if not c.exists() or "
        "int.from_bytes(c.read_bytes()[8:12], 'little') != int(p.stat().st_mtime) else None"
    )
    missing = docker.run("run", "--rm", "--network", "none", IMAGE, "python", "-c", script)
    assert missing == ""


def test_the_image_runs_by_itself(docker: Docker, built: Built) -> None:
    """Without compose, with a read-only root and no capability, it gets healthy on its own."""
    del built
    name = "oracle-test-containers-alone"
    docker.run(
        *("run", "--detach", "--name", name, "--read-only", "--tmpfs", "/tmp"),  # noqa: S108 - inside
        *("--cap-drop", "ALL", "--network", "none", "--env", "ORACLE_MARKET=sample", IMAGE),
    )
    try:
        deadline = time.monotonic() + 120
        health = "starting"
        while health == "starting" and time.monotonic() < deadline:
            time.sleep(1)
            health = docker.run("inspect", "-f", "{{.State.Health.Status}}", name).strip()
        assert health == "healthy", docker.log(name)
    finally:
        docker.run("rm", "--force", "--volumes", name)
