"""The lean: a small, strongly shrunk expected return in units of the scale.

With A the scale, Z_t = clip(r_t / A_{t-1}, +-6), zbar its cross-sectional mean over the pool and
e = Z - zbar, the lean is clip(market + residual, +-0.25).

The market part is c zc_t with zc = clip(zbar, +-1.5) less its mean over the window, and c the
slope of zc_{t+1} on zc_t, shrunk by 2,000 pseudo-days: what is left of the market's one-day
reversal. The residual part is a pooled ridge regression of e_{t+1} on momentum from 12 months to
1 month back (Jegadeesh and Titman 1993) and on the last three values of e (reversal: Jegadeesh
1990; Lehmann 1990), shrunk by 100,000 pseudo stock-days. Such effects are faint and come and go.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.regression import solve_ridge
from oracle.forecasting.smoothing import exponential_sums, first_of_all, known_or_zero

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray

MARKET_PSEUDO_DAYS = 2000.0
RESIDUAL_PSEUDO_STOCK_DAYS = 100_000.0
STANDARD_CLIP = 6.0
MARKET_CLIP = 1.5
LEAN_CLIP = 0.25
MOMENTUM_FIRST_LAG = 21
MOMENTUM_SESSIONS = 231
"""Momentum sums the 231 standardised residuals from 21 to 251 sessions back."""

RESIDUAL_LAGS = 3


def standardise(returns: FloatArray, scale: FloatArray) -> FloatArray:
    """Return Z [T, S], each return over the scale forecast for it, clipped; NaN if unknown."""
    standard = np.empty_like(returns)
    standard[:1] = np.nan
    later = np.divide(returns[1:], scale[:-1], out=standard[1:])
    np.clip(later, -STANDARD_CLIP, STANDARD_CLIP, out=later)
    return standard


def centred_market(market_z: FloatArray) -> FloatArray:
    """Return zc [T], the clipped zbar less its mean; zero where it is not known."""
    there = np.isfinite(market_z)
    clipped = np.clip(market_z, -MARKET_CLIP, MARKET_CLIP)
    centre = np.where(there, clipped, 0.0).sum() / max(1, int(there.sum()))
    return known_or_zero(clipped - centre)


def fit_market(market_z: FloatArray) -> float:
    """Return c, the market part's coefficient; zero without two sessions in succession."""
    there = np.isfinite(market_z)
    pairs = there[:-1] & there[1:]
    centred = centred_market(market_z)
    now, after = centred[:-1][pairs], centred[1:][pairs]
    squares = float(now @ now) * (1.0 + MARKET_PSEUDO_DAYS / max(1, int(pairs.sum())))
    return float(now @ after) / squares if squares > 0.0 else 0.0


def residual_features(residuals: FloatArray) -> FloatArray:
    """Return momentum, e_t, e_{t-1} and e_{t-2}, [4, T, S], with zero for what is missing."""
    known = known_or_zero(residuals)
    # By stock, like the residuals: see `Panel.by_stock`.
    features = np.empty((1 + RESIDUAL_LAGS, *known.shape[::-1])).transpose(0, 2, 1)
    _momentum(known, features[0])
    for lag in range(RESIDUAL_LAGS):
        features[1 + lag, :lag] = 0.0
        features[1 + lag, lag:] = known[: len(known) - lag]
    return features


def _momentum(residuals: FloatArray, into: FloatArray) -> None:
    """Put the sum of e over its lags 21 to 251, over sqrt 231, `into` [T, S]; e must be finite."""
    running = exponential_sums(residuals[:-MOMENTUM_FIRST_LAG], (np.inf,))[0]
    year = into[MOMENTUM_FIRST_LAG:]
    into[:MOMENTUM_FIRST_LAG] = 0.0
    year[:MOMENTUM_SESSIONS] = running[:MOMENTUM_SESSIONS]
    np.subtract(
        running[MOMENTUM_SESSIONS:], running[:-MOMENTUM_SESSIONS], out=year[MOMENTUM_SESSIONS:]
    )
    year *= 1.0 / np.sqrt(MOMENTUM_SESSIONS)


def residual_part(features: FloatArray, coefficients: FloatArray) -> FloatArray:
    """Return the coefficients [4] times the features [4, T, S], as [T, S]."""
    part: FloatArray = np.matmul(coefficients, features.transpose(2, 0, 1)).T
    return part


def fit_residual(residuals: FloatArray, features: FloatArray) -> FloatArray:
    """Return the residual part's coefficients [4]: ridge with pseudo stock-days towards zero.

    (G + N0 diag(G) / N) c = g for N stock-days: a feature's pseudo-observations have its own mean
    square, so that the shrinkage has no units. `features` [4, T, S] are those of e [T, S].
    """
    there = np.isfinite(residuals)
    used = there[:-1] & there[1:]
    first, last = first_of_all(used), len(used)
    if first is None:
        # Unused stock-days stay in the matrices as rows of zeros: faster than cutting them out.
        first, features = 0, features[:, :-1] * used
    # Beside the next residuals, in an array of their own: for the product of an array with itself
    # NumPy calls another routine of BLAS, which is five times slower for matrices so narrow.
    count, stocks = len(features), residuals.shape[1]
    both = np.empty((count + 1, stocks, last - first)).transpose(0, 2, 1)
    both[:count] = features[:, first:last]
    both[count] = known_or_zero(residuals[1 + first :])
    by_stock = features[:, first:last].transpose(2, 0, 1)
    products = np.matmul(by_stock, both.transpose(2, 1, 0)).sum(axis=0)
    gram, moments = products[:, :count], products[:, count]
    penalty = RESIDUAL_PSEUDO_STOCK_DAYS * gram.diagonal() / max(1, int(used.sum()))
    return solve_ridge(gram, moments, penalty)


def lean_of(market: FloatArray, residual: FloatArray) -> FloatArray:
    """Return the lean [T, S] from the market part [T] and the residual part [T, S]."""
    return np.clip(market[:, None] + residual, -LEAN_CLIP, LEAN_CLIP)
