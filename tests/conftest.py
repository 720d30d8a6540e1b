"""Rules that hold for every test: who may open sockets, how long one may take, fixed seeds."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

TESTS = Path(__file__).parent
LOOPBACK = ["127.0.0.1", "::1", "localhost"]
WITH_SOCKETS = frozenset({"integration", "e2e", "infra", "standins"})
SECONDS = {
    "unit": 30,
    "web": 30,
    "architecture": 60,
    "integration": 120,
    "infra": 120,
    "e2e": 180,
}

TERRAFORM_TESTS = "terraform"
"""The fixture by which a test needs the program, which no package of Debian or PyPI brings."""

# How a developer has configured the application is no business of its tests.
for name in [name for name in os.environ if name.startswith("ORACLE_")]:
    del os.environ[name]

# A property test finds the same examples on every machine, however slow that machine is.
settings.register_profile("deterministic", derandomize=True, deadline=None, database=None)
settings.load_profile("deterministic")


def terraform_is_needed() -> bool:
    """Return whether its tests are to run: where it is installed, and wherever nothing may lack."""
    return os.environ.get("CI") == "true" or shutil.which("terraform") is not None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what did not run for want of a program."""
    if not terraform_is_needed():
        terminalreporter.write_sep("=", "not run", yellow=True)
        terminalreporter.write_line(
            "The tests of Terraform (tests/infra/test_terraform.py): terraform is not installed. "
            "https://developer.hashicorp.com/terraform/install says how; 1.11 or newer."
        )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Give each test the rules of its folder; a marker of its own goes before them.

    Sockets stay off but in the folders that run servers, and even there only loopback answers,
    so that no test can depend on the internet.
    """
    if not terraform_is_needed():
        idle = [item for item in items if TERRAFORM_TESTS in getattr(item, "fixturenames", ())]
        items[:] = [item for item in items if item not in idle]
        config.hook.pytest_deselected(items=idle)
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
        if folder in WITH_SOCKETS:
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))
        if folder in SECONDS and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS[folder]))
