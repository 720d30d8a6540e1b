"""Use case: what comes next of a session's digest that has not been begun, without beginning it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.services.awaited_closes import AwaitedCloses
from oracle.services.digest_agenda import name_moment

if TYPE_CHECKING:
    from datetime import datetime

    from oracle.digest.schedule import DigestWindow
    from oracle.services.dependencies import Dependencies


async def describe_outlook(deps: Dependencies, window: DigestWindow, now: datetime) -> str:
    """Return in a sentence when that window's digest is sent, or what it waits for.

    The database is asked which closes are in, never the feed. Raises DatabaseUnavailable.
    """
    if now >= window.ends_at:
        return f"Its time was over at {window.ends_at:%Y-%m-%d %H:%M} UTC."
    if now < window.opens_at:
        return f"It is sent from {name_moment(deps, window.opens_at)} on."
    watchlist = deps.settings.watchlist
    known = await deps.market.list_known(watchlist)
    available = sum(
        each.up_to(window.session).last_session == window.session for each in known.values()
    )
    awaited = AwaitedCloses(window, available, len(watchlist))
    if awaited.are_enough(now):
        return f"It is due since {name_moment(deps, window.opens_at)}."
    return awaited.describe()
