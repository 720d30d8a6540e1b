"""Units of work that start at the same moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from oracle.adapters.sql.store import SqlStore, SqlUnitOfWork

    Stores = tuple[SqlStore, SqlStore]


async def race(stores: Stores, *writes: Callable[[SqlUnitOfWork], Awaitable[Any]]) -> list[Any]:
    """Let each write go in a unit of its own, all at the same moment, by turns on either store."""
    start = asyncio.Barrier(len(writes))

    async def write(number: int) -> Any:
        await start.wait()
        async with stores[number % 2].begin() as unit:
            return await writes[number](unit)

    return list(await asyncio.gather(*(write(number) for number in range(len(writes)))))
