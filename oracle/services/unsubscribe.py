"""Use case: leave the digest, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain import subscriptions
from oracle.services.change_subscriber import change_holder
from oracle.services.subscriber_links import Purpose

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies
    from oracle.services.subscriber_links import Holder


async def unsubscribe(deps: Dependencies, token: str) -> Holder | None:
    """End the subscription and return whose it was; None if they were erased since.

    Mails that are still waiting are suppressed in the same transaction. Repeating it is success,
    and so is leaving where nothing is left. Raises InvalidToken.
    """
    return await change_holder(deps, Purpose.UNSUBSCRIBE, token, subscriptions.unsubscribe)
