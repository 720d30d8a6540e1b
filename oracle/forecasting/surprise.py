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

from oracle.forecasting.smoothing import lagged, present_sums, ratio, sums_of_present

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray

SURPRISE_CLIP = 3.0
POOL_HALF_LIFE, POOL_PSEUDO_DAYS = 20.0, 40.0
STOCK_HALF_LIFE, STOCK_PSEUDO_DAYS = 250.0, 200.0


def surprises(returns: FloatArray, scale: FloatArray) -> FloatArray:
    """Return z [T, S], the size of each return against the A0 forecast for it; NaN if unknown."""
    sizes = np.empty_like(returns)
    sizes[:1] = np.nan
    later = np.divide(returns[1:], scale[:-1], out=sizes[1:])
    np.minimum(np.abs(later, out=later), SURPRISE_CLIP, out=later)
    return sizes


def pool_factor(sizes: FloatArray) -> tuple[FloatArray, float]:
    """Return f [T] from the pool's z [T, S], and um, the mean of u."""
    total, counts = sums_of_present(sizes)
    count = max(1.0, float(counts.sum()))
    usual = float(total.sum()) / count
    factor = _factor(ratio(total, counts)[:, None], usual, POOL_HALF_LIFE, POOL_PSEUDO_DAYS)[:, 0]
    return factor, float((total / _one_before(factor)).sum()) / count


def own_surprises(sizes: FloatArray, factor: FloatArray) -> FloatArray:
    """Return u [T, S], what is left of z when the pool's factor is taken out."""
    return sizes / _one_before(factor)[:, None]


def _one_before(factor: FloatArray) -> FloatArray:
    """Return f_{t-1} [T], where one stands before the first."""
    before = lagged(factor, 1)
    before[:1] = 1.0
    return before


def stock_factors(own: FloatArray, usual: float) -> FloatArray:
    """Return g [T, S] from u [T, S] and the pool's um."""
    return _factor(own, usual, STOCK_HALF_LIFE, STOCK_PSEUDO_DAYS)


def _factor(sizes: FloatArray, usual: float, half_life: float, pseudo_days: float) -> FloatArray:
    if usual <= 0.0:  # Nothing moved since it could be measured: there is nothing to correct.
        return np.ones_like(sizes)
    sums, weights = present_sums(sizes, (half_life,))
    factor: FloatArray = sums[0]
    factor += pseudo_days * usual
    factor /= (weights[0] + pseudo_days) * usual
    return factor
