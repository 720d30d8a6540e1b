"""Losses of a settled prediction and of the baselines it is compared with.

All losses are divided by the last close, so that those of different stocks may be added.
CRPS is the mean over the 39 levels of twice the pinball loss (Gneiting and Raftery 2007).
"""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.forecasts import LEVELS, MIN_SESSIONS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from oracle.domain.prices import FloatArray

DECAY = 0.94
"""The weight of yesterday's variance in today's (RiskMetrics 1996)."""

SEED_RETURNS = 60
"""The recursion starts from the variance of this many returns, the oldest there are."""

EMPIRICAL_RETURNS = 250
"""The rolling empirical baseline knows this many of the newest returns."""

_LEVELS = np.array(LEVELS)
_NORMAL = np.array([NormalDist().inv_cdf(level) for level in LEVELS])


def pinball_losses(quantiles: ArrayLike, actual: float) -> FloatArray:
    """Return the pinball loss [39] of each quantile [39] of LEVELS, in the unit of `actual`."""
    missed = actual - np.asarray(quantiles, dtype=np.float64)
    losses: FloatArray = np.where(missed >= 0.0, _LEVELS * missed, (_LEVELS - 1.0) * missed)
    return losses


def crps(quantiles: ArrayLike, actual: float, last_close: float) -> float:
    """Return the CRPS of the quantiles [39] at LEVELS, divided by the last close."""
    return float(2.0 * pinball_losses(quantiles, actual).mean()) / last_close


def known_log_returns(closes: Sequence[float] | FloatArray) -> FloatArray:
    """Return ln(P_t / P_{t-1}) of consecutive adjusted closes, without those that are undefined."""
    prices = np.asarray(closes, dtype=np.float64)
    usable = np.where(np.isfinite(prices) & (prices > 0.0), prices, np.nan)
    returns = np.diff(np.log(usable))
    known: FloatArray = returns[np.isfinite(returns)]
    return known


def ewma_volatility(returns: FloatArray) -> float | None:
    """Return the volatility of the next log return, or None with fewer than 60 sessions.

    s2_{t+1} = 0.94 s2_t + 0.06 r_t^2, seeded with the variance of the first 60 returns, which is
    taken about zero as the mean is.
    """
    if len(returns) + 1 < MIN_SESSIONS:
        return None
    squares = returns**2
    seed, later = squares[:SEED_RETURNS].mean(), squares[SEED_RETURNS:]
    weights = (1.0 - DECAY) * DECAY ** np.arange(len(later) - 1, -1, -1.0)
    return float(np.sqrt(DECAY ** len(later) * seed + weights @ later))


def gaussian_quantiles(returns: FloatArray, last_close: float) -> FloatArray | None:
    """Return the prices [39] of the zero-mean EWMA(0.94) Gaussian, or None."""
    volatility = ewma_volatility(returns)
    if volatility is None:
        return None
    quantiles: FloatArray = last_close * np.exp(volatility * _NORMAL)
    return quantiles


def empirical_quantiles(returns: FloatArray, last_close: float) -> FloatArray | None:
    """Return the prices [39] of the last 250 returns' own distribution, or None."""
    if len(returns) + 1 < MIN_SESSIONS:
        return None
    quantiles: FloatArray = last_close * np.exp(np.quantile(returns[-EMPIRICAL_RETURNS:], _LEVELS))
    return quantiles
