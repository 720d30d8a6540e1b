"""Terraform on a copy of the repository's infrastructure: where it is, and what it makes.

Nothing is written into the repository and nothing is fetched where the provider lies in a mirror.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scripts.package_lambda import SOURCE, package

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

ROOT = Path(__file__).parent.parent.parent
COPIED = ("infra", "grafana", "loki")
PROVIDER = "registry.terraform.io/hashicorp/aws"
MIRROR_VARIABLE = "TERRAFORM_MIRROR"


def find_mirror() -> Path | None:
    """Return a folder with the provider: the variable's, or one in a usual place, or None."""
    named = os.environ.get(MIRROR_VARIABLE)
    candidates = (
        [Path(named)]
        if named
        else [*Path("/opt").glob("*"), *Path("/usr/share").glob("terraform*/*")]
    )
    found = [folder for folder in candidates if any((folder / PROVIDER).glob("*/*/*"))]
    return found[0] if found else None


def copy_stack(folder: Path) -> Path:
    """Copy what Terraform reads into the folder; return where Terraform is to be run."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(
                ROOT / name,
                folder / name,
                ignore=shutil.ignore_patterns(
                    ".terraform*", "*.tfstate*", "*.tfvars", "__pycache__"
                ),
            )
    for source in SOURCE.glob("*.py"):
        package(source, folder / "dist" / f"{source.stem}.zip")
    return folder / "infra" / "terraform"


def substitute(path: Path, pattern: str, replacement: str) -> None:
    """Replace the one place that the pattern fits. Raises LookupError if it is none or two."""
    text, count = re.subn(pattern, replacement, path.read_text(encoding="utf-8"), flags=re.DOTALL)
    if count != 1:
        raise LookupError(f"{path.name} has {count} places for {pattern!r}, not one.")
    path.write_text(text, encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Terraform:
    """The program, in one folder."""

    folder: Path
    environment: Mapping[str, str]

    @classmethod
    def at(cls, folder: Path, **environment: str) -> Terraform:
        """Return the program for that folder, whose working files lie beside it."""
        configured = os.environ.get("TF_CLI_CONFIG_FILE")
        surroundings = {
            **{key: value for key, value in os.environ.items() if not key.startswith("AWS_")},
            "TF_DATA_DIR": str(folder.parent.parent / "terraform-data"),
            "TF_IN_AUTOMATION": "1",
            "CHECKPOINT_DISABLE": "1",
            **environment,
        }
        if configured and not Path(configured).exists():
            surroundings["TF_CLI_CONFIG_FILE"] = os.devnull
        return cls(folder, surroundings)

    def run(self, *arguments: str, allowed: tuple[int, ...] = (0,)) -> str:
        """Return what it printed. Raises AssertionError with all of that if it failed."""
        if shutil.which("terraform") is None:
            raise AssertionError(
                "terraform is not installed; the README of infra/terraform says how."
            )
        done = subprocess.run(
            ["terraform", *arguments],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode not in allowed:
            raise AssertionError(f"terraform {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}")
        return done.stdout

    def init(self, *arguments: str) -> None:
        """Get the provider, from a mirror if there is one."""
        mirror = find_mirror()
        plugins = [] if mirror is None else [f"-plugin-dir={mirror}"]
        self.run("init", "-input=false", "-no-color", *plugins, *arguments)


@dataclass(frozen=True)
class Stack:
    """The resources of a state or plan, by their addresses."""

    resources: Mapping[str, Mapping[str, Any]]
    outputs: Mapping[str, Any]

    @classmethod
    def of_state(cls, state: Mapping[str, Any]) -> Stack:
        """Return what a state holds."""
        return cls(dict(_walk(state["root_module"])), state["outputs"])

    @classmethod
    def of_plan(cls, plan: Mapping[str, Any]) -> Stack:
        """Return what a plan wants, as far as it is known."""
        return cls(
            {
                change["address"]: change["change"]["after"]
                for change in plan.get("resource_changes", [])
                if change["change"]["after"] is not None
            },
            {},
        )

    def one(self, address: str) -> Mapping[str, Any]:
        """Return the values of the resource at that address. Raises KeyError if there is none."""
        return self.resources[address]

    def all(self, kind: str) -> dict[str, Mapping[str, Any]]:
        """Return the resources of that type, at least one. Raises LookupError if there is none."""
        found = {
            address: values
            for address, values in self.resources.items()
            if f".{kind}." in f".{address}" and f"data.{kind}." not in address
        }
        if not found:
            raise LookupError(f"There is no {kind}.")
        return found

    def statements(self, address: str) -> dict[str, Mapping[str, Any]]:
        """Return the statements of a policy document by their sids."""
        return {row["sid"]: row for row in self.one(f"{address}")["statement"]}

    @cached_property
    def policies(self) -> dict[str, list[Mapping[str, Any]]]:
        """The statements of every policy document."""
        return {
            address: values["statement"]
            for address, values in self.resources.items()
            if "data.aws_iam_policy_document." in address
        }


def _walk(module: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    for resource in module.get("resources", []):
        yield resource["address"], resource["values"]
    for child in module.get("child_modules", []):
        yield from _walk(child)


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """What `terraform test` said: how each run ended, and what those that passed would make."""

    statuses: Mapping[str, str]
    stacks: Mapping[str, Stack]
    problems: list[str]


def rehearse(terraform: Terraform) -> Rehearsal:
    """Run the tests of Terraform's own, all of them, and return what came of each."""
    statuses: dict[str, str] = {}
    stacks: dict[str, Stack] = {}
    problems: list[str] = []
    for line in terraform.run("test", "-json", "-verbose", allowed=(0, 1)).splitlines():
        message = json.loads(line)
        run = message.get("@testrun", "")
        match message["type"]:
            case "test_run" if message["test_run"].get("status"):
                statuses[run] = message["test_run"]["status"]
            case "test_state":
                stacks[run] = Stack.of_state(message["test_state"])
            case "test_plan":
                stacks[run] = Stack.of_plan(message["test_plan"])
            case "diagnostic" if message["diagnostic"]["severity"] == "error":
                detail = message["diagnostic"]["detail"]
                problems.append(f"{run}: {message['@message']} {detail}")
    return Rehearsal(statuses, stacks, problems)
