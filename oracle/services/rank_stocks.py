"""Use case: several stocks in order of expected return for their risk."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.rankings import Ranking
    from oracle.services.dependencies import Dependencies


async def rank_stocks(deps: Dependencies, symbols: Sequence[str] | None = None) -> Ranking:
    """Return the ranking of the symbols (None: the watchlist), stored before this returns.

    When the feed cannot deliver the last close the newest stored ranking is returned: its `as_of`
    is then older than that of `read_market_status`. Raises InvalidSelection (not 2 to 50 different
    well-formed symbols) and DatabaseUnavailable.
    """
    raise NotImplementedError
