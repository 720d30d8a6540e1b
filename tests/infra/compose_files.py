"""What the compose files and the Dockerfile say, as the tests look at it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.infra.documents import ROOT, read_yaml

if TYPE_CHECKING:
    from pathlib import Path

LOCAL = ROOT / "compose.yaml"
PRODUCTION = ROOT / "infra" / "compose.production.yaml"
MONITORING = ROOT / "infra" / "compose.monitoring.yaml"
STANDINS = ROOT / "infra" / "engine" / "compose.standins.yaml"
WHOLE = (LOCAL, PRODUCTION, MONITORING)
"""Files that run by themselves; the stand-ins are laid over the first."""

VARIABLE = re.compile(r"(?<!\$)\$\{(?P<name>\w+)(?P<rest>[^}]*)\}")


@dataclass(frozen=True, slots=True)
class Service:
    """A service, and where it stands."""

    file: Path
    name: str
    said: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.file.name}: {self.name}"

    @property
    def is_the_application(self) -> bool:
        """Whether it runs the image that this repository builds."""
        return bool(re.match(r"oracle:|\$\{ORACLE_IMAGE", self.said["image"]))

    @property
    def ends_by_itself(self) -> bool:
        """Whether it does one thing and is done."""
        return bool(self.said["restart"] == "no")


def list_services(*files: Path) -> list[Service]:
    """Return the services of these files, of all whole ones if none is named."""
    return [
        Service(file, name, said)
        for file in files or WHOLE
        for name, said in read_yaml(file)["services"].items()
    ]


def get_service(file: Path, name: str) -> Service:
    """Return that service. Raises KeyError if the file has none of that name."""
    return Service(file, name, read_yaml(file)["services"][name])


def with_defaults(text: str) -> str:
    """Return the text as compose reads it where no variable is set."""
    return VARIABLE.sub(lambda found: found["rest"].removeprefix(":-"), text)


def list_variables(file: Path) -> set[str]:
    """Return the variables that the file refers to."""
    lines = [line for line in file.read_text().splitlines() if not line.lstrip().startswith("#")]
    return {found["name"] for line in lines for found in VARIABLE.finditer(line)}


def list_instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions: the word, and what follows it on all of its lines."""
    text = (ROOT / "Dockerfile").read_text()
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ")
    return [(word, " ".join(rest.split())) for word, _, rest in map(_parts, joined.splitlines())]


def _parts(line: str) -> tuple[str, str, str]:
    return line.partition(" ")


def last_stage() -> list[tuple[str, str]]:
    """Return the instructions of the stage that runs."""
    instructions = list_instructions()
    start = max(at for at, (word, _) in enumerate(instructions) if word == "FROM")
    return instructions[start:]
