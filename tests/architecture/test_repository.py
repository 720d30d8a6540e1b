"""The repository speaks of the project alone and holds what a clone needs."""

from __future__ import annotations

import json
import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TEXTS = {".cfg", ".css", ".html", ".js", ".json", ".md", ".mjs", ".py", ".sh", ".toml", ".txt", ""}
LOCKS = {"uv.lock", "package-lock.json"}
# In a work tree of its own this is a file that says where the rest is.
GIT = {".git"}
INSTALLED = {"node_modules", "var", "vendor", "__pycache__"}
HIDDEN_BUT_OURS = {".ci", ".github"}
THIS_FILE = Path(__file__)
COMMANDS = ("scripts/bootstrap", "scripts/on_loopback", ".ci/run")

FOREIGN_PATHS = re.compile(r"(?<![\w.$/])/(?:root|home|work)/")
UNFINISHED = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b")


def walk() -> list[Path]:
    """Return the repository's text files, without what was installed or written by running it."""
    found: list[Path] = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [name for name in sorted(folders) if is_ours(name)]
        paths = [Path(folder) / name for name in sorted(names)]
        found += [path for path in paths if path.suffix in TEXTS and path.name not in LOCKS | GIT]
    # This file is the one that has to spell out what it forbids.
    return [path for path in found if path != THIS_FILE]


def is_ours(folder: str) -> bool:
    """Return whether a folder of that name belongs to the repository."""
    if folder.startswith("."):
        return folder in HIDDEN_BUT_OURS
    return folder not in INSTALLED


FILES = walk()


def test_files_are_found() -> None:
    """The rules below are checked on something."""
    assert ROOT / "Makefile" in FILES
    assert ROOT / "oracle" / "ports" / "market.py" in FILES
    assert len(FILES) > 100


def test_no_file_names_a_place_on_one_machine() -> None:
    """What a clone holds works wherever it is cloned to."""
    assert lines_with(FOREIGN_PATHS) == []


def test_nothing_is_left_for_later() -> None:
    """What is missing stands in the issue tracker, not in a comment."""
    assert lines_with(UNFINISHED) == []


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    """Return `path:line` of every line the pattern is found in."""
    return [
        f"{path.relative_to(ROOT)}:{number}"
        for path in FILES
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if pattern.search(line)
    ]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_can_be_executed_and_is_valid_shell(command: str) -> None:
    """The scripts that everything else is started by parse, and their modes survived a commit."""
    script = ROOT / command
    assert os.access(script, os.X_OK)
    assert script.read_text(encoding="utf-8").startswith("#!/bin/sh\n")
    subprocess.run(["/bin/sh", "-n", script], check=True)


def test_every_lint_exception_states_its_reason() -> None:
    """Every rule the project opts out of says why, beside it."""
    configuration = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    ignored = re.findall(r'^  "[A-Z]+[0-9]*",(.*)$', configuration, re.MULTILINE)
    assert len(ignored) > 10
    assert all(re.match(r"\s+# \w.{10,}", reason) for reason in ignored)


def test_the_locks_belong_to_their_projects() -> None:
    """Both locks are committed and name the versions that the project asks for."""
    with (ROOT / "uv.lock").open("rb") as file:
        locked = {package["name"] for package in tomllib.load(file)["package"]}
    with (ROOT / "pyproject.toml").open("rb") as file:
        asked = tomllib.load(file)["project"]["dependencies"]
    assert {re.split(r"[\[<>=,]", requirement)[0] for requirement in asked} <= locked
    manifest = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    assert lock["packages"][""]["dependencies"] == manifest["dependencies"]
