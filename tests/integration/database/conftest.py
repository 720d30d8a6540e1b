"""Databases of every kind the application runs on, new for each test."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.sql.engine import create_store
from oracle.adapters.sql.migrate import migrate
from tests.servers.mariadb import (
    mariadb_migrated_url,
    mariadb_server,
    mariadb_tables_url,
    mariadb_url,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from oracle.adapters.sql.store import SqlStore

__all__ = ["mariadb_migrated_url", "mariadb_server", "mariadb_tables_url", "mariadb_url"]

DEADLINE = 20.0
MEMORY = "sqlite+aiosqlite:///:memory:"


@pytest.fixture(params=["sqlite", "mariadb"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database that many may open, without a table in it."""
    if request.param == "mariadb":
        url: str = request.getfixturevalue("mariadb_url")
        return url
    return f"sqlite+aiosqlite:///{tmp_path / 'oracle.db'}"


@pytest.fixture(params=["sqlite", "mariadb"])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Return the address of a database that many may open, with all tables."""
    return await _migrated(request, tmp_path)


@pytest.fixture
async def stores(url: str) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    """Yield two stores on one database, as two instances of the application have them."""
    async with _pair(url) as pair:
        yield pair


@pytest.fixture
async def mariadb_stores(mariadb_migrated_url: str) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    """Yield two stores on one server."""
    async with _pair(mariadb_migrated_url) as pair:
        yield pair


@asynccontextmanager
async def _pair(url: str) -> AsyncIterator[tuple[SqlStore, SqlStore]]:
    pair = (
        create_store(url, deadline=DEADLINE, pool_size=4),
        create_store(url, deadline=DEADLINE, pool_size=4),
    )
    yield pair
    for store in pair:
        await store.aclose()


@pytest.fixture(params=["memory", "sqlite", "mariadb"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqlStore]:
    """Yield a store with all tables: in memory, in a file, on a server."""
    if request.param == "memory":
        made = create_store(MEMORY, deadline=DEADLINE, pool_size=4)
        await made.create_tables()
    else:
        address = await _migrated(request, tmp_path)
        made = create_store(address, deadline=DEADLINE, pool_size=4)
    yield made
    await made.aclose()


async def _migrated(request: pytest.FixtureRequest, folder: Path) -> str:
    if request.param == "mariadb":
        url: str = request.getfixturevalue("mariadb_migrated_url")
        return url
    url = f"sqlite+aiosqlite:///{folder / 'oracle.db'}"
    await migrate(url)
    return url
