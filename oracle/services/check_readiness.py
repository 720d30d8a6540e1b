"""Use case: whether this process can serve, and what of it works."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class Readiness:
    """`ready` is what the balancer asks; the two others are for people."""

    ready: bool
    draining: bool
    database: bool


async def check_readiness(deps: Dependencies) -> Readiness:
    """Return whether to send requests here: a database outage alone does not make it unready.

    Every instance shares one database, so taking all of them out would only turn away visitors
    whom the caches can still serve.
    """
    draining = deps.lifecycle.draining
    try:
        await deps.store.ping()
    except DatabaseUnavailable:
        return Readiness(ready=not draining, draining=draining, database=False)
    return Readiness(ready=not draining, draining=draining, database=True)
