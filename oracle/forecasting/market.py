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
    from numpy.typing import NDArray

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

    def terms(self) -> MarketTerms:
        """Return what of these series enters the features."""
        means = [self.mean[:, None], *trailing_means(self.mean[:, None], (5, 21))]
        falls = [fall(series[:, 0]) for series in means]
        # Of a range that is never known the means are zero, like those of zeros without a gap.
        day_range = self.day_range if self.has_range else 0.0 * self.mean
        sizes = np.stack([np.abs(self.mean), self.magnitude, day_range], axis=1)
        day, few, week, season = exponential_means(sizes, (1.0, 3.0, 8.0, 60.0)).transpose(0, 2, 1)
        return MarketTerms(
            of_closes=np.stack([*falls, few[1], season[1], day[0], week[0]]),
            of_ranges=np.stack([*falls, day[2], week[2], day[0], week[0]]),
        )


@dataclass(frozen=True, slots=True)
class MarketTerms:
    """The market's terms of a form, [7, T] each, in their order.

    The leverage terms m^-, S_5(m)^- and S_21(m)^-; how far its stocks moved, E_3 ma and E_60 ma,
    or how wide their days were, E_1 mrv and E_8 mrv; how far it moved as one, E_1|m| and E_8|m|.
    """

    of_closes: FloatArray
    of_ranges: FloatArray


def market_of(returns: FloatArray, ranges: Ranges | None) -> Market:
    """Return the series of the pool whose returns [T, S] and ranges these are."""
    unknown = np.full(len(returns), np.nan)
    return Market(
        mean=mean_of_present(returns),
        magnitude=mean_of_present(np.abs(returns)),
        day_range=unknown if ranges is None else mean_of_present(ranges.total),
    )


def magnitude_on(market: Market, there: NDArray[np.bool_]) -> FloatArray:
    """Return ma where a stock has a return, which is `there`, else NaN, as [T, S] or [T, 1].

    So a young stock is compared with the market of its own lifetime.
    """
    return np.where(there, known_or_zero(market.magnitude)[:, None], np.nan)
