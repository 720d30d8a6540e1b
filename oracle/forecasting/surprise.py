"""The correction of the scale by its own recent errors, of the whole pool and of each stock.

A regression with fixed coefficients is late when the market changes, and a little wrong for each
single stock. With z_t = min(|r_t| / A0_{t-1}, 3), zm its mean over the pool's window, and s, w
exponential sums (half-life 20) of the daily cross-sectional mean of z and of one,

    f_t = (s_t + 40 zm) / (w_t + 40) / zm

is the pool's factor; with u_t = z_t / f_{t-1}, um its mean over the pool's window, and sums of
half-life 250,

    g_t = (s_t + 200 um) / (w_t + 200) / um

is the stock's own. The scale is A = A0 f g.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.smoothing import (
    exponential_sums,
    exponential_weights,
    known_or_zero,
    lagged,
    mean_of_present,
    ratio,
)

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray

SURPRISE_CLIP = 3.0
POOL_HALF_LIFE, POOL_PSEUDO_DAYS = 20.0, 40.0
STOCK_HALF_LIFE, STOCK_PSEUDO_DAYS = 250.0, 200.0


def surprises(returns: FloatArray, scale: FloatArray) -> FloatArray:
    """Return z [T, S], the size of each return against the A0 forecast for it; NaN if unknown."""
    sizes = np.full(returns.shape, np.nan)
    np.divide(np.abs(returns[1:]), scale[:-1], out=sizes[1:])
    np.minimum(sizes, SURPRISE_CLIP, out=sizes)
    return sizes


def usual_size(values: FloatArray) -> float:
    """Return the mean of the values that are there; zero if none is."""
    there = np.isfinite(values)
    count = int(there.sum())
    return float(np.where(there, values, 0.0).sum()) / count if count else 0.0


def pool_factor(sizes: FloatArray) -> FloatArray:
    """Return f [T] from the pool's z [T, S]."""
    daily = mean_of_present(sizes)[:, None]
    return _factor(daily, usual_size(sizes), POOL_HALF_LIFE, POOL_PSEUDO_DAYS)[:, 0]


def own_surprises(sizes: FloatArray, factor: FloatArray) -> FloatArray:
    """Return u [T, S], what is left of z when the pool's factor is taken out."""
    before = lagged(factor, 1)
    before[:1] = 1.0
    return sizes / before[:, None]


def stock_factors(own: FloatArray, usual: float) -> FloatArray:
    """Return g [T, S] from u [T, S] and the pool's um."""
    return _factor(own, usual, STOCK_HALF_LIFE, STOCK_PSEUDO_DAYS)


def _factor(sizes: FloatArray, usual: float, half_life: float, pseudo_days: float) -> FloatArray:
    if usual <= 0.0:  # Nothing moved since it could be measured: there is nothing to correct.
        return np.ones(sizes.shape)
    sums = exponential_sums(known_or_zero(sizes), (half_life,))[0]
    weights = exponential_weights(np.isfinite(sizes), (half_life,))[0]
    return ratio(sums + pseudo_days * usual, (weights + pseudo_days) * usual)
