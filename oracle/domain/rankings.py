"""Rankings: several predictions of one session in order of expected return for their risk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.costs import covers_costs

if TYPE_CHECKING:
    from datetime import date, datetime

    from oracle.domain.forecasts import Prediction
    from oracle.domain.instruments import Source

MIN_SELECTION = 2
MAX_SELECTION = 50


@dataclass(frozen=True, slots=True)
class RankedStock:
    """A place in the ranking: the stock's prediction and its score. Rank 1 is the best."""

    rank: int
    symbol: str
    name: str
    score: float
    prediction: Prediction


@dataclass(frozen=True, slots=True)
class UnavailableStock:
    """A stock of the list that could not be ranked, and why."""

    symbol: str
    reason: str


@dataclass(frozen=True, slots=True)
class BestBuy:
    """The stock named as best buy, with the reason in words."""

    symbol: str
    name: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ranking:
    """The ranked stocks of one session. `best` is None when nothing is expected to rise.

    `selection` is a SHA-256 of the sorted symbols that were asked for, `fingerprint` one of the
    whole outcome. A ranking may hold no stock at all: then `unavailable` says why for each.
    """

    source: Source
    selection: str
    as_of: date
    target: date
    model_version: str
    best: BestBuy | None
    stocks: tuple[RankedStock, ...]
    unavailable: tuple[UnavailableStock, ...]
    fingerprint: str
    created_at: datetime

    @property
    def best_covers_costs(self) -> bool:
        """Whether the best buy is expected to gain more than buying and selling it costs."""
        return any(
            covers_costs(stock.prediction.change_percent)
            for stock in self.stocks
            if self.best is not None
            and stock.symbol == self.best.symbol
            and stock.prediction.change_percent is not None
        )
