"""Units tried against a failing database, and how long they took."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from oracle.domain.errors import DatabaseUnavailable
from oracle.domain.instruments import Source
from tests.integration.database.examples import quote

if TYPE_CHECKING:
    from oracle.adapters.sql.store import SqlStore

RECOVERY = 10.0


async def write(store: SqlStore, price: float = 1.0) -> None:
    """Read and write in one unit."""
    async with store.begin() as unit:
        await unit.quotes.list_quotes(Source.SAMPLE, ["AAPL"])
        await unit.quotes.upsert_quote(quote(price=price))


async def hold(store: SqlStore, entered: asyncio.Event, leave: asyncio.Event) -> None:
    """Stay in a unit, with its connection in use, until told to leave."""
    async with store.begin() as unit:
        await unit.quotes.list_quotes(Source.SAMPLE, ["AAPL"])
        entered.set()
        await leave.wait()


async def seconds_until_unavailable(store: SqlStore) -> float:
    """Return how long it took to be told that the database is unavailable."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    with pytest.raises(DatabaseUnavailable):
        await write(store)
    return loop.time() - started


async def seconds_until_written(store: SqlStore) -> float:
    """Return how long it took until a write succeeded, tried again and again."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with asyncio.timeout(RECOVERY):
        while True:
            try:
                await write(store)
            except DatabaseUnavailable:
                # A refused connection fails at once; trying on without a pause helps nobody.
                await asyncio.sleep(0.05)
            else:
                return loop.time() - started


async def occupy(store: SqlStore, connections: int) -> None:
    """Make the pool open that many connections, and leave them there unused."""
    leave = asyncio.Event()
    entered = [asyncio.Event() for _ in range(connections)]
    tasks = [asyncio.create_task(hold(store, event, leave)) for event in entered]
    for event in entered:
        await event.wait()
    leave.set()
    await asyncio.gather(*tasks)
