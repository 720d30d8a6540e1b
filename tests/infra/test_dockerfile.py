"""The Dockerfile, without an engine; `make test-containers` builds it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.infra.compose_files import last_stage, list_instructions
from tests.infra.documents import ROOT


def test_the_dockerfiles_have_no_known_weakness() -> None:
    """The linter of Dockerfiles finds nothing but exceptions that are explained beside them."""
    checked = subprocess.run(
        [
            Path(sys.executable).with_name("hadolint"),
            "Dockerfile",
            "infra/engine/standins.Dockerfile",
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert checked.stdout == ""
    assert checked.returncode == 0


def test_both_bases_can_be_replaced() -> None:
    """Each stage begins with an argument; one argument replaces all; no other syntax is fetched."""
    instructions = list_instructions()
    arguments = dict(rest.split("=", 1) for word, rest in instructions[:3] if word == "ARG")
    assert arguments == {
        "BASE_IMAGE": "",
        "NODE_IMAGE": "${BASE_IMAGE:-node-base}",
        "PYTHON_IMAGE": "${BASE_IMAGE:-python-base}",
    }
    bases = [rest.split() for word, rest in instructions if word == "FROM"]
    assert {words[0] for words in bases[2:]} == {"${NODE_IMAGE}", "${PYTHON_IMAGE}"}
    assert "syntax=" not in (ROOT / "Dockerfile").read_text()


def test_dependabot_sees_the_bases() -> None:
    """It reads a whole version in a FROM, and follows neither arguments nor half a version."""
    bases = [rest for word, rest in list_instructions() if word == "FROM"][:2]
    for base, name in zip(bases, ("node", "python"), strict=True):
        assert re.fullmatch(rf"{name}:\d+\.\d+\.\d+-[\w-]+ AS {name}-base", base), base


def test_the_image_runs_as_nobody_and_ends_in_peace() -> None:
    """A fixed number is the user, an init the first process, and no command needs a shell."""
    stage = dict(last_stage())
    assert re.fullmatch(r"(\d{5}):\1", stage["USER"])
    assert stage["ENTRYPOINT"] == '["tini", "--"]'
    assert stage["CMD"] == '["oracle", "serve"]'
    assert stage["STOPSIGNAL"] == "SIGTERM"
    assert stage["EXPOSE"] == "8000 9464"
    assert "/healthz/ready" in stage["HEALTHCHECK"]
    assert ' CMD ["python", ' in stage["HEALTHCHECK"]


def test_tools_and_secrets_stay_out_of_what_runs() -> None:
    """It installs an init and authorities, copies from other stages, and is given no secret."""
    stage = last_stage()
    (install,) = [rest for word, rest in stage if word == "RUN"]
    packages = re.search(r"--no-install-recommends ([\w -]+?) &&", install)
    assert packages is not None
    assert packages[1].split() == ["ca-certificates", "tini"]
    assert all(rest.startswith("--from=") for word, rest in stage if word == "COPY")
    given = [rest for word, rest in list_instructions() if word in {"ARG", "ENV"}]
    assert not re.search(r"(?i)password|secret|token", " ".join(given))
    assert "ADD" not in dict(list_instructions())


def test_uv_is_the_same_in_the_image_and_here() -> None:
    """One version of the installer reads the lock, wherever it is read."""
    here = re.search(r"^UV_VERSION=(\S+)$", (ROOT / "scripts/bootstrap").read_text(), re.MULTILINE)
    assert here is not None
    assert ("ARG", f"UV_VERSION={here[1]}") in list_instructions()


def test_the_build_sees_what_it_copies_and_nothing_else() -> None:
    """The list of what is sent to the engine names exactly what the Dockerfile copies."""
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    assert rules[0] == "*"
    sent = {line[1:] for line in rules if line.startswith("!")}
    copied = {
        source
        for word, rest in list_instructions()
        if word == "COPY" and not rest.startswith("--from=")
        for source in rest.split()[:-1]
    }
    assert sent == copied
    assert all((ROOT / path).exists() for path in sent)
    assert not any(Path(path).name.startswith(".") for path in sent)
