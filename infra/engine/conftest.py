"""What both files of tests need: an engine, and the image on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from infra.engine.docker import running_engine, say
from infra.engine.images import build

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.engine.docker import Docker
    from infra.engine.images import Built


@pytest.fixture(scope="session")
def docker() -> Iterator[Docker]:
    """Yield an engine."""
    with running_engine() as engine:
        say(f"Engine: {'of its own' if engine.own else 'that of this machine'}.")
        yield engine


@pytest.fixture(scope="session")
def built(docker: Docker) -> Built:
    """Build the application's image."""
    return build(docker)
