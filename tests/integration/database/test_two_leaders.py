"""Two who believe that they lead fan the same run out at the same moment, on a real server."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from oracle.domain.runs import DeliveryState
from tests.integration.database.digest_examples import confirmed, planned_run

if TYPE_CHECKING:
    from oracle.adapters.sql.store import SqlStore
    from tests.integration.database.races import Stores

PEOPLE = 120
PAGE = 7


async def test_two_leaders_who_fan_out_together_leave_one_delivery_for_each(
    mariadb_stores: Stores,
) -> None:
    """Neither epoch nor memory keeps them apart here: that nobody has two is the key's doing."""
    async with mariadb_stores[0].begin() as unit:
        await confirmed(unit, *(f"p{number}" for number in range(PEOPLE)))
        run = await planned_run(unit)
    start = asyncio.Barrier(2)

    async def fan_out(store: SqlStore) -> int:
        pages, after = 0, 0
        await start.wait()
        while True:
            async with store.begin() as unit:
                last = await unit.deliveries.add_page(run.id, epoch=1, after=after, limit=PAGE)
            if last is None:
                return pages
            pages, after = pages + 1, last

    pages = await asyncio.gather(*(fan_out(store) for store in mariadb_stores))
    assert min(pages) == max(pages) > PEOPLE / PAGE
    async with mariadb_stores[0].begin() as unit:
        counts = await unit.deliveries.count_deliveries(run.id)
    assert counts.by_state == {DeliveryState.PENDING: PEOPLE}
