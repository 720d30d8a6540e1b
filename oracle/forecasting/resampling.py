"""Confidence intervals of figures that are averaged over days which are not independent.

Stocks of one day move together and calm follows calm, so days, and runs of days, are what is
resampled: the circular block bootstrap (Politis and Romano 1992) with blocks of 20 days, shorter
where there are few, so that at least six are drawn.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.track_record import MIN_SETTLED_SESSIONS, Estimate
from oracle.forecasting.evaluation.inference import BLOCK, BlockBootstrap

if TYPE_CHECKING:
    from numpy.random import Generator

    from oracle.domain.prices import FloatArray

LEAST_BLOCKS = 6
DRAWS = 1_000
_ENDS = (0.025, 0.975)
_NORMAL = 1.959963984540054


class DailyResampling:
    """Draws of D days, the same ones for every figure that is taken from them.

    With fewer days than a statement needs no interval is given at all.
    """

    def __init__(self, days: int, generator: Generator) -> None:
        self._draws: BlockBootstrap | None = None
        if days >= MIN_SETTLED_SESSIONS:
            block = min(BLOCK, days // LEAST_BLOCKS)
            self._draws = BlockBootstrap(days, generator, resamples=DRAWS, block=block)

    def ratio(self, numerators: FloatArray, denominators: FloatArray) -> Estimate | None:
        """Return sum(numerators [D]) / sum(denominators [D]), or None when that is undefined."""
        below = float(denominators.sum())
        if below <= 0.0:
            return None
        value = float(numerators.sum()) / below
        draws = self._draw_ratios(numerators, denominators)
        if draws is None:
            return Estimate(value)
        lower, upper = np.quantile(draws, _ENDS)
        return Estimate(value, float(lower), float(upper))

    def mean(self, values: FloatArray) -> Estimate:
        """Return the mean of daily values [D]."""
        estimate = self.ratio(values, np.ones_like(values))
        return Estimate(0.0) if estimate is None else estimate

    def share(self, hits: FloatArray, counts: FloatArray) -> Estimate | None:
        """Return the share of hits [D] among counts [D], or None when there are none.

        Wilson's interval (1927), which behaves near 0 and 1, on the number of independent
        observations that the bootstrap's variance corresponds to: never more than there are. Where
        all hit or all missed the variance says nothing, and a day counts as one observation.
        """
        n = float(counts.sum())
        if n <= 0.0:
            return None
        value = float(hits.sum()) / n
        draws = self._draw_ratios(hits, counts)
        if draws is None:
            return Estimate(value)
        effective = float(np.count_nonzero(counts))
        variance = float(draws.var())
        if 0.0 < value < 1.0 and variance > 0.0:
            effective = min(n, value * (1.0 - value) / variance)
        return Estimate(value, *_wilson(value, effective))

    def _draw_ratios(self, numerators: FloatArray, denominators: FloatArray) -> FloatArray | None:
        if self._draws is None:
            return None
        sums = self._draws.sums(np.column_stack([numerators, denominators]))
        above, below = sums[:, 0], sums[:, 1]
        ratios: FloatArray = above[below > 0.0] / below[below > 0.0]
        return ratios if len(ratios) else None


def _wilson(share: float, n: float) -> tuple[float, float]:
    squared = _NORMAL**2
    middle = (share + squared / (2.0 * n)) / (1.0 + squared / n)
    half = _NORMAL * sqrt(share * (1.0 - share) / n + squared / (4.0 * n**2)) / (1.0 + squared / n)
    return max(0.0, middle - half), min(1.0, middle + half)
