"""A unit that has to wait for others waits no longer than it may, and is then served."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import TYPE_CHECKING

from oracle.adapters.sql.engine import create_store
from oracle.adapters.sql.migrate import migrate
from oracle.adapters.sql.patience import POOL_TIMEOUT
from oracle.adapters.sql.sqlite import BUSY_MILLISECONDS
from oracle.domain.instruments import Source
from tests.integration.database.attempts import (
    hold,
    seconds_until_unavailable,
    seconds_until_written,
    write,
)
from tests.integration.database.examples import quote

if TYPE_CHECKING:
    from pathlib import Path


SLACK = 1.0


async def test_an_exhausted_pool_is_told_within_two_seconds(mariadb_migrated_url: str) -> None:
    """Who finds no connection free is told so; who comes when one is free again is served."""
    store = create_store(mariadb_migrated_url, deadline=20, pool_size=2)
    leave = asyncio.Event()
    entered = [asyncio.Event(), asyncio.Event()]
    holders = [asyncio.create_task(hold(store, event, leave)) for event in entered]
    for event in entered:
        await event.wait()

    waits = await asyncio.gather(*(seconds_until_unavailable(store) for _ in range(3)))
    assert min(waits) >= POOL_TIMEOUT - 0.1
    assert max(waits) < POOL_TIMEOUT + SLACK

    leave.set()
    await asyncio.gather(*holders)
    assert await seconds_until_written(store) < SLACK
    await store.aclose()


async def test_a_row_locked_by_another_ends_the_wait_at_the_deadline(
    mariadb_migrated_url: str,
) -> None:
    """The waiting unit ends as unavailable; the holder is not disturbed."""
    patient = create_store(mariadb_migrated_url, deadline=20, pool_size=1)
    hasty = create_store(mariadb_migrated_url, deadline=1, pool_size=1)
    async with patient.begin() as unit:
        await unit.quotes.upsert_quote(quote(price=5.0))
        assert await seconds_until_unavailable(hasty) < 1 + SLACK
    async with hasty.begin() as unit:
        stored = await unit.quotes.list_quotes(Source.SAMPLE, ["AAPL"])
    assert stored["AAPL"].price == 5.0
    await patient.aclose()
    await hasty.aclose()


async def test_a_locked_file_ends_the_wait_at_the_deadline(tmp_path: Path) -> None:
    """A unit that may not write in time is unavailable; readers and the next writer are served."""
    file = tmp_path / "oracle.db"
    url = f"sqlite+aiosqlite:///{file}"
    await migrate(url)
    store = create_store(url, deadline=1, pool_size=2)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    assert 0.9 < await seconds_until_unavailable(store) < 1 + SLACK
    async with store.begin() as unit:
        assert await unit.quotes.list_quotes(Source.SAMPLE, ["AAPL"]) == {}

    holder.close()
    assert await seconds_until_written(store) < SLACK
    await store.aclose()


async def test_a_writer_waits_for_the_file_longer_than_one_attempt(tmp_path: Path) -> None:
    """It asks for the lock again and again until its deadline, and gets it when it is free."""
    file = tmp_path / "oracle.db"
    url = f"sqlite+aiosqlite:///{file}"
    await migrate(url)
    store = create_store(url, deadline=20, pool_size=1)
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")

    writing = asyncio.create_task(write(store))
    done, _ = await asyncio.wait([writing], timeout=5 * BUSY_MILLISECONDS / 1000)
    assert not done
    holder.close()
    await writing
    await store.aclose()
