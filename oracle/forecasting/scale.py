"""The scale A_t: how large the next absolute return is expected to be.

A panel HAR regression of absolute returns (Corsi 2009; pooled over assets after Bollerslev, Hood,
Huss and Pedersen 2018), with leverage terms (Glosten, Jagannathan and Runkle 1993; Corsi and Reno
2012). With r the log returns, m and ma the pool's cross-sectional means of r and |r|, E_h a
bias-corrected exponential mean of half-life h, S_k a mean of k sessions, x^- = max(-x, 0),
rel = E_250|r| / E_250 ma and n = E_60|r|:

    A_t = max(0.2 n_t, b'x_t),
    x   = [E_1|r|, E_8|r|, E_21|r|, E_250|r|, rel ma, rel E_21 ma, r^-, rel m^-,
           rel S_5(m)^-, rel S_21(m)^-, S_5(r)^-, S_21(r)^-].

All terms are of the size of a return, so A is as well, and b is free of units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.smoothing import (
    exponential_means,
    exponential_sums,
    known_or_zero,
    ratio,
    trailing_means,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray

PRIOR: FloatArray = np.array(
    [0.063, 0.112, 0.436, 0.058, 0.151, 0.091, 0.013, -0.039, 0.314, 0.633, 0.083, 0.203]
)
"""Coefficients measured on US stocks in 1990-2015, towards which a fit is drawn."""

PRIOR_STOCK_DAYS = 2000.0
"""How many stock-days of evidence the prior is worth (Zellner's g-prior)."""

FORGETTING_HALF_LIFE = 1250.0
"""Sessions after which a stock-day counts half in the fit."""

FLOOR = 0.2
"""The scale never falls below this part of n, the mean absolute return of about 60 sessions."""

SMALLEST_SCALE = 1e-5
"""Below this mean absolute return (0.001 %) a price counts as not moving."""

WARM_UP = 20
"""Returns a stock needs before its features are used."""

# Makes the solution unique when columns coincide (one stock alone is its own market) without
# moving any well-determined coefficient by more than about a millionth.
_RIDGE = 1e-8

# Stock-days per matrix product, so that its design matrix stays in the processor's cache.
_CHUNK = 16_384


@dataclass(frozen=True, slots=True)
class ScaleFeatures:
    """`values` [12, T, S] and `norm` n [T, S] (both zero where not `usable` [T, S])."""

    values: FloatArray
    norm: FloatArray
    usable: NDArray[np.bool_]

    def scale(self, coefficients: FloatArray) -> FloatArray:
        """Return A [T, S]: the expected absolute log return of the session after each row."""
        linear = np.tensordot(coefficients, self.values, axes=1)
        return np.where(self.usable, np.maximum(FLOOR * self.norm, linear), np.nan)


def scale_features(
    returns: FloatArray,
    market_mean: FloatArray,
    market_magnitude: FloatArray,
    *,
    latest: int | None = None,
) -> ScaleFeatures:
    """Return the features of `returns` [T, S] against the pool's m and ma, both [T].

    Row t uses rows up to t only. A missing return has weight zero in every mean. With `latest`
    only that many of the newest rows are returned; they are the same as without it.
    """
    rows = slice(-latest if latest else None, None)
    absolute = np.abs(returns)
    m, ma = market_mean[:, None], market_magnitude[:, None]
    own = exponential_means(absolute, (1, 8, 21, 250, 60))[:, rows]
    relative = known_or_zero(relative_size(absolute, ma)[rows])
    shared = (
        known_or_zero(ma),
        exponential_means(ma, (21,))[0],
        fall(m),
        fall(trailing_means(m, 5)),
        fall(trailing_means(m, 21)),
    )
    seen = np.cumsum(np.isfinite(returns), axis=0)[rows] >= WARM_UP
    usable = seen & (known_or_zero(own[4]) > SMALLEST_SCALE)
    values = np.empty((len(PRIOR), *relative.shape))
    values[:4] = own[:4]
    for term, series in zip((4, 5, 7, 8, 9), shared, strict=True):
        np.multiply(relative, series[rows], out=values[term])
    values[6] = fall(returns[rows])
    values[10] = fall(trailing_means(returns, 5)[rows])
    values[11] = fall(trailing_means(returns, 21)[rows])
    np.copyto(values, 0.0, where=~usable)
    return ScaleFeatures(values, np.where(usable, own[4], 0.0), usable)


def relative_size(absolute: FloatArray, market_magnitude: FloatArray) -> FloatArray:
    """Return rel = E_250|r| / E_250 ma, [T, S].

    Both means run over the sessions on which the stock has a return, so a young stock is
    compared with the market of its own lifetime.
    """
    there = np.isfinite(absolute) & np.isfinite(market_magnitude)
    columns = there[:, :1] if np.all(there == there[:, :1]) else there
    own, market = np.where(there, absolute, 0.0), np.where(columns, market_magnitude, 0.0)
    sums = exponential_sums(np.hstack([own, market]), (250,))[0]
    return ratio(sums[:, : own.shape[1]], sums[:, own.shape[1] :])


def fall(values: FloatArray) -> FloatArray:
    """Return x^- = max(-x, 0), and zero where the value is missing."""
    return np.fmax(-values, 0.0)


def fit_scale(features: ScaleFeatures, returns: FloatArray) -> FloatArray:
    """Return b [12], the coefficients of the scale.

    Weighted least squares of |r_{t+1}| / n_t on x_t / n_t over all stocks and sessions; the
    weights halve every 1,250 sessions. With G = sum w xx', g = sum w xy, W = sum w and
    N0 = 2,000 the g-prior (Zellner 1986) gives (G + N0 G/W) b = g + (N0 G/W) b0, which is
    (1 + N0/W) G (b - b0) = g - G b0. A session without a return has weight zero.

    Raises ValueError when there is no stock-day to learn from.
    """
    used = features.usable[:-1] & np.isfinite(returns[1:])
    if not used.any():
        raise ValueError("there is no stock-day to learn from")
    ages = np.arange(len(used) - 1, -1, -1.0)
    weights = 0.5 ** (ages / FORGETTING_HALF_LIFE)
    # Unused stock-days stay in the matrices as zeros: faster than cutting them out.
    factors = np.zeros(used.shape)
    np.divide(np.sqrt(weights)[:, None], features.norm[:-1], out=factors, where=used)
    absolute = np.where(used, np.abs(returns[1:]), 0.0)
    gram, moments = np.zeros((len(PRIOR), len(PRIOR))), np.zeros(len(PRIOR))
    rows = max(1, _CHUNK // used.shape[1])
    for start in range(0, len(used), rows):
        chunk = slice(start, min(start + rows, len(used)))
        design = (features.values[:, chunk] * factors[chunk]).reshape(len(PRIOR), -1)
        gram += design @ design.T
        moments += design @ (absolute[chunk] * factors[chunk]).reshape(-1)
    return PRIOR + solve_ridge(
        (1.0 + PRIOR_STOCK_DAYS / (weights @ used.sum(axis=1))) * gram,
        moments - gram @ PRIOR,
        _RIDGE * np.diag(gram),
    )


def solve_ridge(gram: FloatArray, moments: FloatArray, penalty: FloatArray) -> FloatArray:
    """Return the solution c of (G + diag(penalty)) c = g, with zero for columns that are all zero.

    Columns are scaled to one first, so that their sizes do not spoil the accuracy.
    """
    diagonal = np.diag(gram) + penalty
    active = diagonal > 0.0
    size = np.sqrt(diagonal[active])
    matrix = (gram + np.diag(penalty))[np.ix_(active, active)] / np.outer(size, size)
    solution = np.zeros(len(moments))
    solution[active] = np.linalg.solve(matrix, moments[active] / size) / size
    return solution
