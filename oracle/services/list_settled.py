"""Use case: every settled prediction, one after the other, for whoever wants to check."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from oracle.domain.forecasts import Origin
    from oracle.domain.outcomes import SettledPrediction
    from oracle.services.dependencies import Dependencies

PAGE_ROWS = 500


async def list_settled(
    deps: Dependencies, origin: Origin, symbol: str | None
) -> AsyncIterator[tuple[SettledPrediction, ...]]:
    """Yield the settled predictions of that origin a page at a time, in the order of storing.

    Each page is a transaction of its own, so that a slow reader holds none. Raises
    DatabaseUnavailable.
    """
    after: int | None = 0
    while after is not None:
        async with deps.store.begin() as unit:
            page = await unit.outcomes.list_settled(
                deps.feed.source, origin, symbol, after=after, limit=PAGE_ROWS
            )
        if page.rows:
            yield page.rows
        after = page.after
