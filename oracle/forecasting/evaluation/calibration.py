"""Whether stated probabilities come true: coverage, reliability, and where it was worst."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.forecasts import LEVELS
from oracle.forecasting.evaluation.scores import BANDS

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray
    from oracle.forecasting.evaluation.inference import BlockBootstrap, Estimate
    from oracle.forecasting.evaluation.scores import Mask, Outcomes, Scores

ROLLING_DAYS = 250
"""The length of the windows that coverage and width are followed over."""

FEWEST_STOCK_DAYS = 250
"""A stock with fewer scored days is not looked at by itself when the worst one is named."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The share of outcomes inside one central interval, and where it was furthest from it.

    `width` is the interval's mean width over the last close. The worst stock and the worst window
    of 250 days are given with their own coverage; None where there is too little to tell.
    """

    level: float
    observed: Estimate
    width: float
    worst_stock: tuple[str, float] | None
    worst_window: tuple[str, float] | None

    @property
    def error(self) -> float:
        """Observed minus stated coverage."""
        return self.observed.value - self.level


@dataclass(frozen=True, slots=True)
class ReliabilityPoint:
    """A stated level, and the share of outcomes at or below that quantile."""

    level: float
    observed: Estimate


def measure_coverage(
    outcomes: Outcomes, scores: Scores, there: Mask, bootstrap: BlockBootstrap
) -> tuple[Coverage, ...]:
    """Return the coverage of the 50, 80 and 95 % intervals (Christoffersen 1998)."""
    return tuple(
        Coverage(
            level=level,
            observed=bootstrap.ratio((scores.inside(level) & there).sum(1), there.sum(1)),
            width=float(scores.widths[..., band][there].mean()),
            worst_stock=_worst_stock(outcomes, scores.inside(level), there, level),
            worst_window=_worst_window(outcomes, scores.inside(level), there, level),
        )
        for band, level in enumerate(BANDS)
    )


def measure_reliability(
    scores: Scores, there: Mask, bootstrap: BlockBootstrap
) -> tuple[ReliabilityPoint, ...]:
    """Return for each of the 39 levels how often the outcome was at or below that quantile.

    The reliability diagram of quantile forecasts: the calibrated ones lie on the diagonal
    (Gneiting, Balabdaoui and Raftery 2007).
    """
    days = there.sum(axis=1)
    return tuple(
        ReliabilityPoint(level, bootstrap.ratio(((scores.below <= place) & there).sum(1), days))
        for place, level in enumerate(LEVELS)
    )


def rolling_share(marked: Mask, there: Mask, days: int = ROLLING_DAYS) -> FloatArray:
    """Return the share of marked stock-days in each window of that many days, [N - days + 1]."""
    return rolling_mean(marked.astype(np.float64), there, days)


def rolling_mean(values: FloatArray, there: Mask, days: int = ROLLING_DAYS) -> FloatArray:
    """Return the mean of the stock-days that are there in each window, [N - days + 1].

    Empty with fewer days than a window has; NaN where a window holds nothing.
    """
    if len(values) < days:
        return np.empty(0)
    daily = np.column_stack([np.where(there, values, 0.0).sum(axis=1), there.sum(axis=1)])
    running = np.vstack([np.zeros((1, 2)), np.cumsum(daily, axis=0)])
    sums = running[days:] - running[:-days]
    mean: FloatArray = sums[:, 0] / np.where(sums[:, 1] > 0.0, sums[:, 1], np.nan)
    return mean


def _worst_stock(
    outcomes: Outcomes, inside: Mask, there: Mask, level: float
) -> tuple[str, float] | None:
    count = there.sum(axis=0)
    share = (inside & there).sum(axis=0) / np.maximum(count, 1)
    distance = np.where(count >= FEWEST_STOCK_DAYS, np.abs(share - level), -1.0)
    worst = int(np.argmax(distance))
    return None if distance[worst] < 0.0 else (outcomes.symbols[worst], float(share[worst]))


def _worst_window(
    outcomes: Outcomes, inside: Mask, there: Mask, level: float
) -> tuple[str, float] | None:
    share = rolling_share(inside, there)
    distance = np.abs(share - level)
    if not np.isfinite(distance).any():
        return None
    worst = int(np.nanargmax(distance))
    return str(outcomes.sessions[worst + ROLLING_DAYS - 1]), float(share[worst])
