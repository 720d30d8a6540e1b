"""A scripted market per test, on the embedded database in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.adapters.sql.engine import create_store
from oracle.settings import DEFAULT_POOL
from tests.unit.services.scripted_market import (
    MovingClock,
    ScriptedFeed,
    ScriptedMarket,
    build_market,
)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def market() -> AsyncIterator[ScriptedMarket]:
    """Return a market of the default pool and two stocks beside it, on Wednesday evening."""
    store = create_store("sqlite+aiosqlite:///:memory:", deadline=30.0, pool_size=1)
    await store.create_tables()
    clock = MovingClock()
    feed = ScriptedFeed(clock, (*DEFAULT_POOL, "TSLA", "ZZZQ"))
    built = build_market(clock, feed, store)
    yield built
    await built.deps.aclose()
