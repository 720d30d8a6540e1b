"""Use case: the bars of several stocks that are known already, for small pictures of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.prices import PriceHistory
    from oracle.services.dependencies import Dependencies


async def list_known_histories(
    deps: Dependencies, symbols: Sequence[str]
) -> dict[str, PriceHistory]:
    """Return the bars of those of the symbols that have any; the feed is not asked.

    Raises DatabaseUnavailable.
    """
    return await deps.market.list_known(symbols)
