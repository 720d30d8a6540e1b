"""The event loop's lag is measured while the context lasts."""

from __future__ import annotations

import asyncio
from time import perf_counter

from prometheus_client import REGISTRY

from oracle.observability.event_loop import measure_event_loop

BLOCKED = 0.06


def measured(name: str) -> float:
    """Return the histogram's sum or count."""
    return REGISTRY.get_sample_value(f"oracle_event_loop_lag_seconds_{name}") or 0.0


async def test_what_blocks_the_loop_is_measured() -> None:
    """Work that does not yield appears as lag; once the context has ended nothing is added."""
    count, total = measured("count"), measured("sum")
    async with measure_event_loop(0.001):
        await asyncio.sleep(0)
        started = perf_counter()
        while perf_counter() - started < BLOCKED:
            pass
        async with asyncio.timeout(10):
            while True:
                if measured("count") > count:
                    break
                await asyncio.sleep(0)
    assert measured("sum") - total >= BLOCKED - 0.01
    assert "event_loop_lag" not in {task.get_name() for task in asyncio.all_tasks()}
