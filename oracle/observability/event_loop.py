"""How late the event loop is: what blocks it holds up every request of the process."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from oracle.observability import metrics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

INTERVAL: Final = 0.5
"""Seconds between two measurements."""


@asynccontextmanager
async def measure_event_loop(interval: float = INTERVAL) -> AsyncIterator[None]:
    """Measure, every so many seconds while the context lasts, how late a sleeper is woken."""
    measuring = asyncio.create_task(_measure(interval), name="event_loop_lag")
    try:
        yield
    finally:
        measuring.cancel()
        with suppress(asyncio.CancelledError):
            await measuring


async def _measure(interval: float) -> None:
    loop = asyncio.get_running_loop()
    while True:
        due_at = loop.time() + interval
        await asyncio.sleep(interval)
        metrics.event_loop_lag.observe(max(loop.time() - due_at, 0.0))
