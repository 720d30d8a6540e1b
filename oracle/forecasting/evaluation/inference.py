"""How sure a measured figure is: tests and intervals that allow for days that resemble each other.

Stocks of one day move together, so days are what is counted, never stock-days.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, sqrt
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray

BLOCK = 20
"""Days that are drawn together in the bootstrap: about a month."""

RESAMPLES = 2000
CONFIDENCE = 0.95
_FEWEST_DAYS = 10
_RESAMPLES_AT_ONCE = 250


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured figure, its 95 % interval, and the t statistic of what it is tested for.

    `t` is NaN where nothing is tested; an interval is NaN where there are too few days for one.
    """

    value: float
    lower: float
    upper: float
    t: float = nan


def newey_west_lags(days: int) -> int:
    """Return floor(4 (N / 100)^(2/9)), the number of lags for N days of Newey and West (1994)."""
    return int(4.0 * (days / 100.0) ** (2.0 / 9.0))


def newey_west_t(series: FloatArray, lags: int | None = None) -> float:
    """Return the t statistic of the mean of a daily series [N] against zero.

    The long-run variance is that of Newey and West (1987): autocovariances with Bartlett weights
    1 - k / (L + 1). Missing days are left out. NaN under 10 days or without any variation.
    """
    values = series[np.isfinite(series)]
    days = len(values)
    if days < _FEWEST_DAYS:
        return nan
    reach = newey_west_lags(days) if lags is None else lags
    mean = float(values.mean())
    centred = values - mean
    variance = float(centred @ centred) / days
    for lag in range(1, reach + 1):
        weight = 1.0 - lag / (reach + 1.0)
        variance += 2.0 * weight * float(centred[lag:] @ centred[:-lag]) / days
    # What is constant but for rounding has no variation to test against.
    if variance <= (1e-12 * abs(mean)) ** 2:
        return nan
    return mean / sqrt(variance / days)


def daily_mean(values: FloatArray, there: NDArray[np.bool_]) -> FloatArray:
    """Return the mean of each day over the stocks that are there, [N] from [N, S]; else NaN."""
    count = there.sum(axis=1).astype(np.float64)
    count[count == 0.0] = np.nan
    mean: FloatArray = np.where(there, values, 0.0).sum(axis=1) / count
    return mean


def diebold_mariano(first: FloatArray, second: FloatArray, there: NDArray[np.bool_]) -> float:
    """Return the t statistic of the loss difference; negative where the first [N, S] loses less.

    The test of Diebold and Mariano (1995) on the daily cross-sectional mean of the difference.
    """
    return newey_west_t(daily_mean(np.where(there, first - second, 0.0), there))


class BlockBootstrap:
    """Resamples of N days in blocks of 20 that wrap around (Politis and Romano 1992).

    The same resamples serve every figure, so that figures can be compared with each other.
    """

    def __init__(
        self, days: int, generator: Generator, *, resamples: int = RESAMPLES, block: int = BLOCK
    ) -> None:
        self._days = days
        self._block = min(block, days)
        whole, rest = divmod(days, self._block) if days else (0, 0)
        self._rest = rest
        blocks = whole + (1 if rest else 0)
        self._starts = generator.integers(0, max(1, days), (resamples, blocks))

    def sums(self, daily: FloatArray) -> FloatArray:
        """Return the sums over the days of each resample, [R, K] from daily figures [N, K].

        A resample has exactly N days: the last block is cut short.
        """
        wrapped = np.vstack([daily, daily[: self._block]])
        running = np.vstack([np.zeros((1, daily.shape[1])), np.cumsum(wrapped, axis=0)])
        days = np.arange(self._days)
        whole = running[days + self._block] - running[days]
        last = running[days + self._rest] - running[days] if self._rest else whole
        totals = np.empty((len(self._starts), daily.shape[1]))
        for start in range(0, len(totals), _RESAMPLES_AT_ONCE):
            part = slice(start, start + _RESAMPLES_AT_ONCE)
            starts = self._starts[part]
            totals[part] = whole[starts[:, :-1]].sum(axis=1) + last[starts[:, -1]]
        return totals

    def ratio(self, numerator: FloatArray, denominator: FloatArray, t: float = nan) -> Estimate:
        """Return sum(numerator) / sum(denominator) over the days [N], with its interval.

        A mean over stock-days is such a ratio: the daily sums over the daily counts.
        """
        below = float(denominator.sum())
        value = float(numerator.sum()) / below if below else nan
        if self._days < 2 * self._block or not below:
            return Estimate(value, nan, nan, t)
        sums = self.sums(np.column_stack([numerator, denominator]))
        drawn = sums[:, 0] / np.where(sums[:, 1] == 0.0, np.nan, sums[:, 1])
        tails = [(1.0 - CONFIDENCE) / 2.0, (1.0 + CONFIDENCE) / 2.0]
        lower, upper = np.quantile(drawn[np.isfinite(drawn)], tails).tolist()
        return Estimate(value, lower, upper, t)
