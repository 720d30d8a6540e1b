"""Use case: one stock's current price and its predicted value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.domain.forecasts import Prediction
    from oracle.domain.instruments import Instrument
    from oracle.domain.prices import PriceHistory, Quote
    from oracle.services.dependencies import Dependencies
    from oracle.services.read_market_status import MarketStatus


@dataclass(frozen=True, slots=True)
class StockReport:
    """All that is known of one stock now.

    `quote` is the last good price, `quote_stale` whether it is older than it should be.
    `prediction` is for `status.target` unless `prediction_outdated`: then it is the last one
    that could be made. `history` holds the stored bars (for the chart), or None. `notices` are
    sentences on what failed and what still works.
    """

    instrument: Instrument
    status: MarketStatus
    quote: Quote | None
    quote_stale: bool
    prediction: Prediction | None
    prediction_outdated: bool
    history: PriceHistory | None
    notices: tuple[str, ...]


async def predict_stock(deps: Dependencies, symbol: str) -> StockReport:
    """Return the report of one stock; its prediction is stored before this returns.

    A failing feed is no error here but a notice. Raises InvalidSymbol, UnknownSymbol,
    UnsupportedInstrument, and DatabaseUnavailable when nothing at all can be said.
    """
    raise NotImplementedError
