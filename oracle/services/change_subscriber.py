"""One change of one subscriber, in one transaction, with the mails that it makes superfluous."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.errors import DatabaseUnavailable, InvalidToken
from oracle.services.subscriber_links import Holder, find_holder

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from oracle.domain.subscribers import Subscriber
    from oracle.ports import UnitOfWork
    from oracle.services.dependencies import Dependencies
    from oracle.services.subscriber_links import Purpose

    Change = Callable[[Subscriber, datetime], Subscriber]

TRIES = 5
"""How often a change is tried again because another one of the same row came first."""


async def change_holder(
    deps: Dependencies, purpose: Purpose, token: str, change: Change
) -> Holder | None:
    """Change who holds the link and return them; None if they were erased since.

    What makes no difference is not written, so that repeating it is success. Raises InvalidToken
    and DatabaseUnavailable.
    """
    for _ in range(TRIES):
        async with deps.store.begin() as unit:
            holder = await find_holder(deps, unit, purpose, token)
            if holder is None:
                return None
            changed = await apply_change(unit, holder.subscriber, change)
            if changed is not None:
                return Holder(changed, holder.is_suppressed)
    raise DatabaseUnavailable("The subscription is being changed by others at the same time.")


async def require_change(
    deps: Dependencies, purpose: Purpose, token: str, change: Change
) -> Holder:
    """Change who holds the link; raises InvalidToken too if they were erased since."""
    holder = await change_holder(deps, purpose, token, change)
    if holder is None:
        raise InvalidToken("This link belongs to a subscription that was deleted.")
    return holder


async def apply_change(
    unit: UnitOfWork, subscriber: Subscriber, change: Change
) -> Subscriber | None:
    """Return the changed subscriber, or None if another change of the row came first.

    Whoever receives no digest any more gets none of the mails that are still waiting.
    """
    changed = change(subscriber, await unit.epochs.now())
    if changed == subscriber:
        return subscriber
    if not await unit.subscribers.update_subscriber(changed):
        return None
    if not changed.receives_digest:
        await unit.deliveries.suppress_pending(subscriber.id)
    return changed
