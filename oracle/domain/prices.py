"""Bars, price histories and quotes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from datetime import date, datetime

    from oracle.domain.instruments import Source

FloatArray = NDArray[np.float64]
SessionArray = NDArray[np.datetime64]


class MarketState(StrEnum):
    """What the exchange is doing now."""

    OPEN = "open"
    CLOSED = "closed"
    PRE_MARKET = "pre-market"
    AFTER_HOURS = "after-hours"


@dataclass(frozen=True, slots=True, eq=False)
class PriceHistory:
    """Daily bars of one symbol, oldest first.

    `sessions` is [T] of datetime64[D], strictly increasing. `open`, `high`, `low`, `close` are
    [T], split-adjusted, in `currency`; `adj_close` [T] is adjusted for dividends as well;
    `volume` [T] is in shares. What a feed did not give is NaN, never a made-up number.
    """

    symbol: str
    currency: str
    sessions: SessionArray
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    adj_close: FloatArray
    volume: FloatArray

    def __len__(self) -> int:
        return int(self.sessions.shape[0])

    @property
    def last_session(self) -> date | None:
        """The newest session with a row, or None for an empty history."""
        if not len(self):
            return None
        newest: date = self.sessions[-1].astype("datetime64[D]").item()
        return newest

    def up_to(self, session: date) -> PriceHistory:
        """Return the rows up to and including that session."""
        keep = slice(0, int(np.searchsorted(self.sessions, np.datetime64(session, "D"), "right")))
        return self._rows(keep)

    def latest(self, count: int) -> PriceHistory:
        """Return the newest `count` rows."""
        return self._rows(slice(max(0, len(self) - count), len(self)))

    def _rows(self, rows: slice) -> PriceHistory:
        return PriceHistory(
            symbol=self.symbol,
            currency=self.currency,
            sessions=self.sessions[rows],
            open=self.open[rows],
            high=self.high[rows],
            low=self.low[rows],
            close=self.close[rows],
            adj_close=self.adj_close[rows],
            volume=self.volume[rows],
        )


@dataclass(frozen=True, slots=True)
class Split:
    """A share split: from `session` on there are `ratio` shares for each one before."""

    session: date
    ratio: float


@dataclass(frozen=True, slots=True)
class Quote:
    """The latest known price of a symbol and when the market made it.

    `as_of` is the market's own time of the price, `fetched_at` when it was asked for; both UTC.
    """

    symbol: str
    price: float
    currency: str
    as_of: datetime
    market_state: MarketState
    source: Source
    fetched_at: datetime
