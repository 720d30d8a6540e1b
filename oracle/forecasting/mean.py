"""The mean: a small, strongly shrunk expected return in units of the scale.

With A the scale, Z_t = clip(r_t / A_{t-1}, +-6), zbar its cross-sectional mean over the pool and
e = Z - zbar, the expected return is

    mu_t = A_t clip(market_t + residual_t, +-0.25).

The market part is a ridge regression of zbar_{t+1} (clipped at +-3) on 1, zbar_t, zbar_{t-1}, the
sum of its lags 2 to 4 over sqrt 3, and zbar_t vr_t with vr = clip(E_10|m| / E_250|m|, 0.3, 4) - 1
(reversals are stronger after turmoil: Nagel 2012). The residual
part is a pooled ridge regression of e_{t+1} on momentum from 12 months to 1 month back
(Jegadeesh and Titman 1993) and on the last three values of e (reversal: Jegadeesh 1990; Lehmann
1990). Both are shrunk hard, since such effects are faint and come and go: no effect besides a small
constant drift is what a fit starts from, and pseudo-days without any further effect hold it there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.scale import solve_ridge
from oracle.forecasting.smoothing import (
    exponential_means,
    known_or_zero,
    lagged,
    mean_of_present,
    ratio,
    trailing_sums,
)

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray

PRIOR_DRIFT = 0.03
"""The market part's constant before any evidence, in units of the scale.

With a usual mean absolute return of 1.1 % a day it is 0.03 % a day or about 8 % a year, roughly
what shares have returned over a century. It is deliberately below the drift of samples of stocks
that are known today because they did well.
"""

MARKET_PSEUDO_DAYS = 5400.0
"""Days without any further effect that the market part is shrunk by."""

RESIDUAL_PSEUDO_STOCK_DAYS = 108_000.0
"""Stock-days without any effect that the residual part is shrunk by."""

STANDARD_CLIP = 6.0
MARKET_CLIP = 3.0
MEAN_CLIP = 0.25
MOMENTUM_FIRST_LAG = 21
MOMENTUM_SESSIONS = 231
"""Momentum sums the 231 standardised residuals from 21 to 251 sessions back."""


@dataclass(frozen=True, slots=True)
class MeanFeatures:
    """`market` [5, T] and `residual` [4, T, S], both without units; missing terms are zero."""

    market: FloatArray
    residual: FloatArray

    def mean(
        self, scale: FloatArray, market_coefficients: FloatArray, residual_coefficients: FloatArray
    ) -> FloatArray:
        """Return mu [T, S], the expected log return of the session after each row."""
        market = market_coefficients @ self.market
        residual = np.tensordot(residual_coefficients, self.residual, axes=1)
        return scale * np.clip(market[:, None] + residual, -MEAN_CLIP, MEAN_CLIP)


def standardise(returns: FloatArray, scale: FloatArray) -> FloatArray:
    """Return Z [T, S], each return over the scale forecast for it, clipped; NaN if unknown."""
    return np.clip(ratio(returns, lagged(scale, 1)), -STANDARD_CLIP, STANDARD_CLIP)


def market_standardised(standardised: FloatArray) -> FloatArray:
    """Return zbar [T], the cross-sectional mean of Z; NaN on sessions without any."""
    return mean_of_present(standardised, np.isfinite(standardised))


def mean_features(
    standardised: FloatArray, market_z: FloatArray, market_mean: FloatArray
) -> MeanFeatures:
    """Return the features of Z [T, S] against the pool's zbar and m.

    The pool's series are [T] or longer: Z is aligned with their newest rows.
    """
    rows = slice(-len(standardised), None)
    residuals = standardised - market_z[rows, None]
    market = _market_features(market_z, market_mean)[:, rows]
    return MeanFeatures(market, _residual_features(residuals))


def _market_features(market_z: FloatArray, market_mean: FloatArray) -> FloatArray:
    fast, slow = exponential_means(np.abs(market_mean)[:, None], (10, 250))[:, :, 0]
    turmoil = known_or_zero(np.clip(ratio(fast, slow), 0.3, 4.0) - 1.0)
    bounded = np.clip(market_z, -MARKET_CLIP, MARKET_CLIP)
    lags = [known_or_zero(lagged(bounded, lag)) for lag in range(5)]
    older = (lags[2] + lags[3] + lags[4]) / np.sqrt(3.0)
    return np.stack([np.ones(len(market_z)), lags[0], lags[1], older, lags[0] * turmoil])


def _residual_features(residuals: FloatArray) -> FloatArray:
    known = known_or_zero(residuals)
    year = trailing_sums(known, MOMENTUM_SESSIONS) / np.sqrt(MOMENTUM_SESSIONS)
    features = np.zeros((4, *known.shape))
    features[0, MOMENTUM_FIRST_LAG:] = year[:-MOMENTUM_FIRST_LAG]
    for lag in range(3):
        features[1 + lag, lag:] = known[: len(known) - lag]
    return features


def fit_market(features: MeanFeatures, market_z: FloatArray) -> FloatArray:
    """Return the market part's coefficients [5]: ridge with pseudo-days towards PRIOR_DRIFT."""
    used = np.isfinite(market_z[:-1]) & np.isfinite(market_z[1:])
    design = features.market[:, :-1][:, used]
    prior = np.array([PRIOR_DRIFT, 0.0, 0.0, 0.0, 0.0])
    target = np.clip(market_z[1:][used], -MARKET_CLIP, MARKET_CLIP)
    return prior + _fit_shrunk(design, target - prior @ design, MARKET_PSEUDO_DAYS, int(used.sum()))


def fit_residual(
    features: MeanFeatures, standardised: FloatArray, market_z: FloatArray
) -> FloatArray:
    """Return the residual part's coefficients [4]: ridge with pseudo stock-days towards zero."""
    residuals = standardised - market_z[:, None]
    used = np.isfinite(residuals[:-1]) & np.isfinite(residuals[1:])
    # Unused stock-days stay in the matrices as rows of zeros: faster than cutting them out.
    design = (features.residual[:, :-1] * used).reshape(len(features.residual), -1)
    target = np.where(used, residuals[1:], 0.0).reshape(-1)
    return _fit_shrunk(design, target, RESIDUAL_PSEUDO_STOCK_DAYS, int(used.sum()))


def _fit_shrunk(
    design: FloatArray, target: FloatArray, pseudo: float, observations: int
) -> FloatArray:
    """Return c of (G + N0 diag(G) / N) c = g, for N observations and N0 pseudo ones.

    A feature's pseudo-observations have its own mean square, so the shrinkage has no units.
    """
    gram = design @ design.T
    penalty = pseudo * np.diag(gram) / max(1, observations)
    return solve_ridge(gram, design @ target, penalty)
