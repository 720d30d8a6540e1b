"""Use case: the second step of the double opt-in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.errors import InvalidToken
from oracle.domain.subscriptions import confirm, has_left_since_asked
from oracle.services.change_subscriber import require_change
from oracle.services.subscriber_links import Purpose

if TYPE_CHECKING:
    from datetime import datetime

    from oracle.domain.subscribers import Subscriber
    from oracle.services.dependencies import Dependencies
    from oracle.services.subscriber_links import Holder


async def confirm_subscription(deps: Dependencies, token: str) -> Holder:
    """Confirm the subscription; repeating it is success.

    Raises InvalidToken, also when who holds the link has left and not signed up again since.
    """
    return await require_change(deps, Purpose.CONFIRM, token, _confirm)


def _confirm(subscriber: Subscriber, now: datetime) -> Subscriber:
    if has_left_since_asked(subscriber):
        raise InvalidToken("This link is older than your leaving. Sign up again to come back.")
    return confirm(subscriber, now)
