"""Use case: the subscribers, a page at a time; and how many there are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.observability import measurements

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from oracle.domain.subscribers import Subscriber, SubscriberState
    from oracle.services.dependencies import Dependencies

PAGE = 500


@dataclass(frozen=True, slots=True)
class ListedSubscriber:
    """A subscriber, and whether the address is suppressed: then it gets no mail in any state."""

    subscriber: Subscriber
    is_suppressed: bool


async def list_subscribers(
    deps: Dependencies,
    *,
    state: SubscriberState | None = None,
    suppressed_only: bool = False,
    page: int = PAGE,
) -> AsyncIterator[Sequence[ListedSubscriber]]:
    """Yield the subscribers by number, those of one state or suppressed if asked, by pages."""
    after = 0
    while True:
        async with deps.store.begin() as unit:
            found = await unit.subscribers.list_subscribers(after=after, limit=page, state=state)
            suppressed = set(
                await unit.suppressions.list_suppressed(
                    [each.address.fingerprint for each in found]
                )
            )
        if not found:
            return
        listed = [ListedSubscriber(each, each.address.fingerprint in suppressed) for each in found]
        wanted = [each for each in listed if each.is_suppressed or not suppressed_only]
        if wanted:
            yield wanted
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
