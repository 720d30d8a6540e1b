"""Rules that hold for every test: who may open sockets, how long one may take, fixed seeds."""

from __future__ import annotations

import os
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

# How a developer has configured the application is no business of its tests.
for name in [name for name in os.environ if name.startswith("ORACLE_")]:
    del os.environ[name]

# A property test finds the same examples on every machine, however slow that machine is.
settings.register_profile("deterministic", derandomize=True, deadline=None, database=None)
settings.load_profile("deterministic")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give each test the rules of its folder; a marker of its own goes before them.

    Sockets stay off but in the folders that run servers, and even there only loopback answers,
    so that no test can depend on the internet.
    """
    for item in items:
        folder = item.path.relative_to(TESTS).parts[0] if item.path.is_relative_to(TESTS) else ""
        if folder in WITH_SOCKETS:
            item.add_marker(pytest.mark.allow_hosts(LOOPBACK))
        if folder in SECONDS and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(SECONDS[folder]))
