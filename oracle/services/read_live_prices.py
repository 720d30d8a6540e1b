"""Use case: the prices that open pages watch, as they are known now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.freshness import is_stale
from oracle.services.read_market_status import read_market_status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.prices import Quote
    from oracle.services.dependencies import Dependencies
    from oracle.services.read_market_status import MarketStatus


@dataclass(frozen=True, slots=True)
class LivePrices:
    """The market's status, the last good price of each symbol, and which of them are stale.

    `traded` are those whose price was made in the session that is running.
    """

    status: MarketStatus
    quotes: dict[str, Quote]
    stale: frozenset[str]
    traded: frozenset[str]


async def read_live_prices(deps: Dependencies, symbols: Sequence[str]) -> LivePrices:
    """Return what is known of the symbols' prices; the feed is not asked.

    Raises DatabaseUnavailable.
    """
    status = read_market_status(deps)
    quotes = await deps.market.list_quotes(symbols)
    opened = deps.calendar.session_open(status.target)
    last_close = deps.calendar.session_close(status.as_of)
    return LivePrices(
        status=status,
        quotes=quotes,
        stale=frozenset(
            symbol
            for symbol, quote in quotes.items()
            if is_stale(
                quote,
                now=status.now,
                state=status.state,
                session_opened=opened,
                last_close=last_close,
            )
        ),
        traded=frozenset(
            symbol
            for symbol, quote in quotes.items()
            if status.target_is_running and quote.as_of >= opened
        ),
    )


async def refresh_live_prices(deps: Dependencies, symbols: Sequence[str]) -> None:
    """Ask the feed for the one of those prices that is oldest, if it is older than it should be.

    One at a time: a free feed bans who asks often. Raises FeedError and DatabaseUnavailable.
    """
    await deps.market.refresh_stalest(symbols)
