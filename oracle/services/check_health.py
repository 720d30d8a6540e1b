"""Use case: whether this process can serve, and what of it works."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies

PATIENCE = 2.0
"""Seconds the database may take to answer the check that people look at."""


@dataclass(frozen=True, slots=True)
class Health:
    """What of the process works, for people; `source` is where its prices come from."""

    draining: bool
    database: bool
    source: str


def is_ready(deps: Dependencies) -> bool:
    """Return whether to send requests here: unless the process is draining.

    Nothing is asked of the database. All instances share it, so an outage would take every one of
    them out at once, and with them the pages that memory can still serve.
    """
    return not deps.lifecycle.draining


async def check_health(deps: Dependencies) -> Health:
    """Return what works, having asked the database for a sign of life."""
    return Health(
        draining=deps.lifecycle.draining,
        database=await _database_answers(deps),
        source=deps.feed.source,
    )


async def _database_answers(deps: Dependencies) -> bool:
    try:
        async with asyncio.timeout(PATIENCE):
            await deps.store.ping()
    except (DatabaseUnavailable, TimeoutError):
        return False
    return True
