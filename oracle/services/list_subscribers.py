"""Use case: the subscribers, a page at a time; and how many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.observability import measurements

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from oracle.domain.subscribers import Subscriber, SubscriberState
    from oracle.services.dependencies import Dependencies

PAGE = 500


async def list_subscribers(
    deps: Dependencies, *, state: SubscriberState | None = None, page: int = PAGE
) -> AsyncIterator[Sequence[Subscriber]]:
    """Yield the subscribers by number, those of one state if given, a page at a time."""
    after = 0
    while True:
        async with deps.store.begin() as unit:
            found = await unit.subscribers.list_subscribers(after=after, limit=page, state=state)
        if not found:
            return
        yield found
        after = found[-1].id


async def count_subscribers(deps: Dependencies) -> dict[SubscriberState, int]:
    """Return how many subscribers there are of each state, and set the metrics of them.

    Cheap enough to be asked every minute.
    """
    async with deps.store.begin() as unit:
        counts = await unit.subscribers.count_subscribers()
        suppressions = await unit.suppressions.count_suppressions()
    measurements.show_subscribers(
        {state.value: count for state, count in counts.items()}, suppressions
    )
    return counts
