"""Use case: the second step of the double opt-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.subscriptions import confirm
from oracle.services.change_subscriber import require_change
from oracle.services.subscriber_links import Purpose

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies
    from oracle.services.subscriber_links import Holder


async def confirm_subscription(deps: Dependencies, token: str) -> Holder:
    """Confirm the subscription; repeating it is success. Raises InvalidToken."""
    return await require_change(deps, Purpose.CONFIRM, token, confirm)
