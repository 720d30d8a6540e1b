"""How old a price may be before it is called stale."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from oracle.domain.prices import MarketState

if TYPE_CHECKING:
    from datetime import datetime

    from oracle.domain.prices import Quote

OPEN_TOLERANCE = timedelta(minutes=20)
"""While the market trades: free feeds are up to 15 minutes late by themselves."""

CLOSED_TOLERANCE = timedelta(minutes=30)
"""After the close: a thinly traded stock's last price is made a little before it."""


def is_stale(
    quote: Quote,
    *,
    now: datetime,
    state: MarketState,
    session_opened: datetime,
    last_close: datetime,
) -> bool:
    """Return whether the quote is older than the market's newest price should be.

    `session_opened` is the newest opening and `last_close` the newest close at or before `now`.
    """
    if state is MarketState.OPEN and now - session_opened > OPEN_TOLERANCE:
        return now - quote.as_of > OPEN_TOLERANCE
    return quote.as_of < last_close - CLOSED_TOLERANCE
