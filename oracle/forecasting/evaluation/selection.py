"""Whether the expected returns tell stocks apart: direction, rank correlation, the top pick."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.evaluation.inference import Estimate, daily_mean, newey_west_t
from oracle.forecasting.evaluation.scores import BANDS

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray
    from oracle.forecasting.evaluation.inference import BlockBootstrap
    from oracle.forecasting.evaluation.scores import Mask, Outcomes, Scores

FEWEST_STOCKS = 3
"""With fewer stocks on a day there is nothing to rank."""

_RANKED_BY = BANDS.index(0.8)


@dataclass(frozen=True, slots=True)
class Direction:
    """How often up and down were called rightly, and how often "always up" was right there.

    `advantage` is the first minus the second, with its t.
    """

    calls: int
    right: Estimate
    always_up: Estimate
    advantage: Estimate


@dataclass(frozen=True, slots=True)
class Selection:
    """Direction, rank information coefficient and top pick; none of them is claimed as an edge.

    `top_pick` is the mean daily return of the stock with the highest expected return for its
    range over that of all stocks held equally, before costs. None with too few stocks.
    """

    direction: Direction
    rank_correlation: Estimate | None
    top_pick: Estimate | None


def measure_selection(
    outcomes: Outcomes, scores: Scores, there: Mask, bootstrap: BlockBootstrap
) -> Selection:
    """Return what the expected returns were worth for choosing among the stocks."""
    realised = outcomes.actual / outcomes.last - 1.0
    correlations = rank_correlations(scores.expected, realised, there)
    excess = top_pick_excess(scores, realised, there)
    return Selection(
        direction=_direction(scores.expected, realised, there, bootstrap),
        rank_correlation=_daily_estimate(correlations, bootstrap),
        top_pick=_daily_estimate(excess, bootstrap),
    )


def rank_correlations(expected: FloatArray, realised: FloatArray, there: Mask) -> FloatArray:
    """Return Spearman's (1904) rank correlation of each day over its stocks, [N].

    The rank information coefficient of Grinold and Kahn (2000). Equal values share their mean
    rank. NaN on days with fewer than three stocks or without any difference among them.
    """
    correlations = np.full(len(expected), np.nan)
    for row in np.flatnonzero(there.sum(axis=1) >= FEWEST_STOCKS).tolist():
        said = _mean_ranks(expected[row, there[row]])
        came = _mean_ranks(realised[row, there[row]])
        spread = np.sqrt((said @ said) * (came @ came))
        if spread > 0.0:
            correlations[row] = (said @ came) / spread
    return correlations


def top_pick_excess(scores: Scores, realised: FloatArray, there: Mask) -> FloatArray:
    """Return each day's return of the top pick minus the mean return of all stocks, [N].

    The pick has the highest expected return over half the width of its 80 % interval.
    """
    half_width = 0.5 * scores.widths[..., _RANKED_BY]
    ranked = there & (half_width > 0.0)
    merit = np.where(ranked, scores.expected / np.where(ranked, half_width, 1.0), -np.inf)
    pick = np.argmax(merit, axis=1)
    excess = realised[np.arange(len(pick)), pick] - daily_mean(realised, there)
    return np.where(ranked.sum(axis=1) >= FEWEST_STOCKS, excess, np.nan)


def _mean_ranks(values: FloatArray) -> FloatArray:
    """Return the ranks about their mean; equal values share the mean of their ranks."""
    _, group, sizes = np.unique(values, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(sizes) - 0.5 * (sizes - 1.0))[group]
    return np.asarray(ranks - ranks.mean(), dtype=np.float64)


def _direction(
    expected: FloatArray, realised: FloatArray, there: Mask, bootstrap: BlockBootstrap
) -> Direction:
    # Neither a forecast nor an outcome of exactly no change has a direction.
    called = there & (expected != 0.0) & (realised != 0.0)
    right = called & ((expected > 0.0) == (realised > 0.0))
    rose = called & (realised > 0.0)
    calls = called.sum(axis=1)
    advantage = right.astype(np.float64) - rose
    t = newey_west_t(daily_mean(advantage, called))
    return Direction(
        calls=int(calls.sum()),
        right=bootstrap.ratio(right.sum(axis=1), calls),
        always_up=bootstrap.ratio(rose.sum(axis=1), calls),
        advantage=bootstrap.ratio(advantage.sum(axis=1), calls, t),
    )


def _daily_estimate(series: FloatArray, bootstrap: BlockBootstrap) -> Estimate | None:
    there = np.isfinite(series)
    if not there.any():
        return None
    return bootstrap.ratio(
        np.where(there, series, 0.0), there.astype(np.float64), newey_west_t(series)
    )
