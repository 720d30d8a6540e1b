"""Use case: have the newest session's forecasts ready before anybody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.errors import FeedError
from oracle.observability import metrics
from oracle.services.rank_stocks import rank_stocks

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies


async def prepare_session(deps: Dependencies) -> None:
    """Rank the watchlist for the newest session unless that is done.

    Safe to run at any time, any number of times and on every instance: what is stored first
    is what all of them serve. Raises DatabaseUnavailable.
    """
    await rank_stocks(deps)


async def refresh_prices(deps: Dependencies) -> None:
    """Show the watchlist's last known prices in the metrics, refreshing those that are due.

    The feed is asked for a price at most once per run and instance. Raises DatabaseUnavailable.
    """
    for symbol in deps.settings.watchlist:
        try:
            quote = await deps.market.get_quote(symbol)
        except FeedError:
            # It was logged where it happened; the other stocks are refreshed all the same.
            continue
        metrics.observe_stock(symbol, current=quote.price, predicted=None)
