"""Losses of one settled prediction, and the baselines of one origin that it is compared with.

The same definitions as in `evaluation`, which scores whole histories at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.forecasts import LEVELS, MIN_SESSIONS
from oracle.forecasting.evaluation import losses
from oracle.forecasting.evaluation.baselines import (
    DECAY,
    NORMAL_SCORES,
    SEED_RETURNS,
    WINDOW,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from oracle.domain.prices import FloatArray

_LEVELS = np.array(LEVELS)


def crps(quantiles: ArrayLike, actual: float, last_close: float) -> float:
    """Return the CRPS of the quantiles [39] at LEVELS, divided by the last close."""
    rows = np.asarray(quantiles, dtype=np.float64)[None, :]
    return float(losses.crps(rows, np.array([actual]), np.array([last_close]))[0])


def known_log_returns(closes: Sequence[float] | FloatArray) -> FloatArray:
    """Return ln(P_t / P_{t-1}) of consecutive adjusted closes, without those that are undefined."""
    prices = np.asarray(closes, dtype=np.float64)
    usable = np.where(np.isfinite(prices) & (prices > 0.0), prices, np.nan)
    returns = np.diff(np.log(usable))
    known: FloatArray = returns[np.isfinite(returns)]
    return known


def ewma_volatility(returns: FloatArray) -> float | None:
    """Return the volatility of the next log return, or None with fewer than 60 sessions.

    The last row of `evaluation.baselines.ewma_volatility`, without the rows before it.
    """
    if len(returns) + 1 < MIN_SESSIONS:
        return None
    later = returns[SEED_RETURNS:] ** 2
    weights = (1.0 - DECAY) * DECAY ** np.arange(len(later) - 1, -1, -1.0)
    seed = np.var(returns[:SEED_RETURNS])
    return float(np.sqrt(DECAY ** len(later) * seed + weights @ later))


def gaussian_quantiles(returns: FloatArray, last_close: float) -> FloatArray | None:
    """Return the prices [39] of the zero-mean EWMA(0.94) Gaussian, or None."""
    volatility = ewma_volatility(returns)
    if volatility is None:
        return None
    quantiles: FloatArray = last_close * np.exp(volatility * NORMAL_SCORES)
    return quantiles


def empirical_quantiles(returns: FloatArray, last_close: float) -> FloatArray | None:
    """Return the prices [39] of the last 250 returns' own distribution, or None."""
    if len(returns) + 1 < MIN_SESSIONS:
        return None
    quantiles: FloatArray = last_close * np.exp(np.quantile(returns[-WINDOW:], _LEVELS))
    return quantiles
