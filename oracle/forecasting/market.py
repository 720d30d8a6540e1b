"""What the pool as a whole did: the series that enter the features of every stock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.smoothing import (
    exponential_means,
    fall,
    known_or_zero,
    mean_of_present,
    trailing_means,
)

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray
    from oracle.forecasting.bars import Ranges


@dataclass(frozen=True, slots=True)
class Market:
    """Cross-sectional means of the pool, each [T], NaN where no stock of it has a value.

    `mean` m of the returns, `magnitude` ma of their absolute values, and `day_range` mrv of the
    size of the whole day, sqrt(gk^2 + on^2); all of the latter NaN if the pool has closes only.
    """

    mean: FloatArray
    magnitude: FloatArray
    day_range: FloatArray

    @property
    def has_range(self) -> bool:
        """Whether any stock of the pool had more than closes."""
        return bool(np.isfinite(self.day_range).any())

    def falls(self) -> FloatArray:
        """Return the leverage terms m^-, S_5(m)^- and S_21(m)^-, [3, T]."""
        column = self.mean[:, None]
        means = [column, trailing_means(column, 5), trailing_means(column, 21)]
        return np.stack([fall(series[:, 0]) for series in means])

    def recent_sizes(self) -> FloatArray:
        """Return E_1|m| and E_8|m|: how far the market moved as one, [2, T]."""
        return exponential_means(np.abs(self.mean)[:, None], (1, 8))[:, :, 0]

    def close_sizes(self) -> FloatArray:
        """Return E_3 ma and E_60 ma: how far its stocks moved, [2, T]."""
        return exponential_means(self.magnitude[:, None], (3, 60))[:, :, 0]

    def range_sizes(self) -> FloatArray:
        """Return E_1 mrv and E_8 mrv: how wide its stocks' days were, [2, T]."""
        return exponential_means(self.day_range[:, None], (1, 8))[:, :, 0]


def market_of(returns: FloatArray, ranges: Ranges | None) -> Market:
    """Return the series of the pool whose returns [T, S] and ranges these are."""
    unknown = np.full(len(returns), np.nan)
    return Market(
        mean=mean_of_present(returns),
        magnitude=mean_of_present(np.abs(returns)),
        day_range=unknown if ranges is None else mean_of_present(ranges.total),
    )


def magnitude_on(market: Market, returns: FloatArray) -> FloatArray:
    """Return ma on the sessions on which each stock has a return, else NaN, as [T, S] or [T, 1].

    So a young stock is compared with the market of its own lifetime.
    """
    there = np.isfinite(returns)
    if np.array_equal(there, np.broadcast_to(there[:, :1], there.shape)):
        there = there[:, :1]
    return np.where(there, known_or_zero(market.magnitude)[:, None], np.nan)
