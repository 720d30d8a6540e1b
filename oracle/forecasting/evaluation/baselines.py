"""The simple methods that every forecast is compared with, for all sessions at once.

Row t of every result uses closes up to row t only. Returns are log returns between consecutive
rows; one that is missing has weight zero.

* last close: tomorrow is like today; as a distribution all its mass is there.
* drift: the last close moved by the mean of the last 250 returns, Gaussian with their standard
  deviation (the random walk with drift: Hyndman and Athanasopoulos 2021, section 5.2).
* rolling empirical: the quantiles of the last 250 returns (historical simulation), its median
  as the point.
* EWMA: Gaussian of mean zero whose variance is an exponentially weighted mean of squared returns
  with decay 0.94 (J.P. Morgan and Reuters 1996), seeded with the variance of the first 60.
"""

from __future__ import annotations

from enum import StrEnum
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from oracle.domain.forecasts import LEVELS
from oracle.forecasting.evaluation.scores import Scores, score_forecasts

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray

DECAY = 0.94
SEED_RETURNS = 60
WINDOW = 250
FEWEST_RETURNS = 60
"""Fewer returns than this in the window, and the rolling baselines say nothing."""

NORMAL_SCORES: FloatArray = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
_MIDDLE = LEVELS.index(0.5)

# Sorting a window of 250 for every stock and session at once would need gigabytes.
_ROWS_AT_ONCE = 32


class Baseline(StrEnum):
    """The methods that are shown beside a forecaster."""

    LAST_CLOSE = "last close"
    DRIFT = "drift"
    ROLLING = "rolling empirical"
    EWMA = "EWMA Gaussian"


def log_returns(closes: FloatArray) -> FloatArray:
    """Return ln(P_t / P_{t-1}) [T, S], NaN in the first row and beside missing closes."""
    returns = np.full(closes.shape, np.nan)
    returns[1:] = np.diff(np.log(closes), axis=0)
    return returns


def ewma_volatility(returns: FloatArray) -> FloatArray:
    """Return sigma [T, S], known after each row's return; NaN before 60 returns are known.

    sigma^2 <- 0.94 sigma^2 + 0.06 r^2 from the 61st return on; at the 60th it is the variance of
    the first 60 about their mean. A missing return leaves it as it was.
    """
    there = np.isfinite(returns)
    known = np.cumsum(there, axis=0)
    variance = np.full(returns.shape[1], np.nan)
    volatility = np.full(returns.shape, np.nan)
    for row in range(len(returns)):
        variance = np.where(
            there[row], DECAY * variance + (1.0 - DECAY) * returns[row] ** 2, variance
        )
        for column in np.flatnonzero(there[row] & (known[row] == SEED_RETURNS)).tolist():
            first = returns[: row + 1, column]
            variance[column] = np.var(first[np.isfinite(first)])
        volatility[row] = np.sqrt(variance)
    return volatility


def window_of(returns: FloatArray, rows: NDArray[np.intp]) -> FloatArray:
    """Return the last 250 returns up to each of the rows, [rows, S, 250], NaN before the first."""
    padded = np.vstack([np.full((WINDOW - 1, returns.shape[1]), np.nan), returns])
    return sliding_window_view(padded, WINDOW, axis=0)[rows]


def rolling_quantiles(window: FloatArray) -> FloatArray:
    """Return the quantiles [rows, S, 39] of the returns in the window, linearly interpolated.

    The place of level p among n ordered returns is p (n - 1), definition 7 of Hyndman and Fan
    (1996). NaN with fewer than 60 returns.
    """
    ordered = np.sort(window, axis=-1)  # NaN comes last.
    count = np.isfinite(window).sum(axis=-1)
    place = np.asarray(LEVELS) * np.maximum(count - 1, 0)[..., None]
    lower = np.floor(place).astype(np.intp)
    upper = np.minimum(lower + 1, np.maximum(count - 1, 0)[..., None])
    below = np.take_along_axis(ordered, lower, axis=-1)
    above = np.take_along_axis(ordered, upper, axis=-1)
    quantiles = below + (place - lower) * (above - below)
    return np.where(count[..., None] >= FEWEST_RETURNS, quantiles, np.nan)


def rolling_moments(window: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return mean and standard deviation [rows, S] of the window; NaN with fewer than 60 returns.

    The variance is the unbiased one, of n - 1 degrees of freedom.
    """
    there = np.isfinite(window)
    count = there.sum(axis=-1).astype(np.float64)
    count[count < FEWEST_RETURNS] = np.nan
    mean: FloatArray = np.where(there, window, 0.0).sum(axis=-1) / count
    squares = np.where(there, window - mean[..., None], 0.0) ** 2
    return mean, np.sqrt(squares.sum(axis=-1) / (count - 1.0))


def score_baselines(closes: FloatArray, origins: NDArray[np.intp]) -> dict[Baseline, Scores]:
    """Return each baseline's scores [N, S] for the sessions after the rows `origins` (N)."""
    returns = log_returns(closes)
    volatility = ewma_volatility(returns)
    parts: dict[Baseline, list[Scores]] = {baseline: [] for baseline in Baseline}
    for start in range(0, len(origins), _ROWS_AT_ONCE):
        rows = origins[start : start + _ROWS_AT_ONCE]
        for baseline, quantiles in _return_quantiles(returns, volatility, rows).items():
            parts[baseline].append(_score(closes, rows, quantiles))
    return {baseline: Scores.join(scores) for baseline, scores in parts.items()}


def _return_quantiles(
    returns: FloatArray, volatility: FloatArray, rows: NDArray[np.intp]
) -> dict[Baseline, FloatArray]:
    window = window_of(returns, rows)
    mean, deviation = rolling_moments(window)
    sigma = volatility[rows]
    return {
        Baseline.LAST_CLOSE: np.zeros((*sigma.shape, len(LEVELS))),
        Baseline.DRIFT: mean[..., None] + deviation[..., None] * NORMAL_SCORES,
        Baseline.ROLLING: rolling_quantiles(window),
        Baseline.EWMA: sigma[..., None] * NORMAL_SCORES,
    }


def _score(closes: FloatArray, rows: NDArray[np.intp], quantiles: FloatArray) -> Scores:
    last = closes[rows]
    prices = last[..., None] * np.exp(quantiles)
    return score_forecasts(prices[..., _MIDDLE], prices, actual=closes[rows + 1], last=last)
