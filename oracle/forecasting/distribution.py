"""The distribution of the next return: what the model's own errors have been.

Filtered historical simulation (Hull and White 1998; Barone-Adesi, Giannopoulos and Vosper 1999),
which is split conformal prediction on a moving window. The errors r_{t+1} / A_t - lean_t of the
last 1,000 sessions give quantiles q_p of the pool and q_jp of stock j, which has n_j of them:

    b_jp = (n_j q_jp + K_p q_p) / (n_j + K_p),   K_p = 2,000, in the tails less.

The middle is moved half way to a long-run centre, and the rest with it, less and less towards the
ends: q_jp' = b_jp + (0.5 q_.5 + 0.5 x 0.035 - b_j.5) (1 - |p - 0.5| / 0.475), in order of p.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.forecasts import LEVELS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray

QUANTILE_SESSIONS = 1000
"""The sessions whose standardised errors form the predictive distribution."""

LONG_RUN_CENTRE = 0.035
"""Median of the standardised error of US stocks over decades: about 0.03 % a day."""

CENTRE_WEIGHT = 0.5

MEDIAN = LEVELS.index(0.5)

_LEVELS = np.array(LEVELS)
_TAPER = 1.0 - np.abs(_LEVELS - 0.5) / 0.475
_SMALLEST_GAP = 1e-6

POOL_WEIGHT: FloatArray = np.full(len(LEVELS), 2000.0)
"""K: how many own errors the pool's quantile is worth, per level.

A stock's own tails are heard sooner, since it is there that stocks differ.
"""
POOL_WEIGHT[[1, -2]] = 1000.0
POOL_WEIGHT[[0, -1]] = 500.0


def standardised_errors(returns: FloatArray, scale: FloatArray, lean: FloatArray) -> FloatArray:
    """Return r_{t+1} / A_t - lean_t of the last 1,000 sessions, [at most 1000, S]."""
    rows = slice(-QUANTILE_SESSIONS - 1, -1)
    errors: FloatArray = returns[1:][-QUANTILE_SESSIONS:] / scale[rows]
    errors -= lean[rows]
    return errors


def pooled_quantiles(errors: FloatArray) -> FloatArray:
    """Return q [39], the quantiles of all errors at LEVELS, strictly increasing."""
    # In whatever order they lie in memory.
    known = errors.reshape(-1, order="A")
    if not np.isfinite(known.sum()):
        known = known[np.isfinite(known)]
    if not len(known):
        raise ValueError("there is no error to learn from")
    return strictly_increasing(_quantiles(np.sort(known)[None], len(known) - 1)).reshape(-1)


def stock_quantiles(errors: FloatArray, pooled: FloatArray) -> FloatArray:
    """Return q' [S, 39]: the pool's quantiles with each stock's own mixed in, and the centre."""
    return blended_quantiles(*own_quantiles(errors), pooled)


def own_quantiles(errors: FloatArray) -> tuple[FloatArray, NDArray[np.int64]]:
    """Return q_j [S, 39] of each stock's errors [n, S], and n_j [S]; q_j is NaN without errors."""
    ordered = errors.T.copy(order="C")
    ordered.sort(axis=1)  # What is missing comes last.
    most = ordered.shape[1]
    if not most:
        return np.full((len(ordered), len(LEVELS)), np.nan), np.zeros(len(ordered), dtype=np.int64)
    if np.isfinite(ordered[:, -1]).all():
        return _quantiles(ordered, most - 1), np.full(len(ordered), most)
    counts = np.isfinite(ordered).sum(axis=1)
    return _quantiles(ordered, np.maximum(counts - 1, 0)[:, None]), counts


def blended_quantiles(own: FloatArray, counts: NDArray[np.int64], pooled: FloatArray) -> FloatArray:
    """Return q' [S, 39]: the pool's quantiles, and the `own` ones of n_j errors mixed in."""
    own = np.where(counts[:, None] > 0, own, pooled)
    blend = (counts[:, None] * own + POOL_WEIGHT * pooled) / (counts[:, None] + POOL_WEIGHT)
    centre = (1.0 - CENTRE_WEIGHT) * pooled[MEDIAN] + CENTRE_WEIGHT * LONG_RUN_CENTRE
    moved = blend + (centre - blend[:, MEDIAN, None]) * _TAPER
    return strictly_increasing(np.sort(moved, axis=1))


def _quantiles(ordered: FloatArray, last: int | NDArray[np.int64]) -> FloatArray:
    """Return [S, 39] of each row up to its `last` place, linear between order statistics.

    One place for all, which is nearly always so and several times faster, or one for each, [S, 1].
    """
    places = _LEVELS * last
    below = places.astype(np.int64)
    above = np.minimum(below + 1, last)
    if below.ndim == 1:
        low, high = ordered.take(below, axis=1), ordered.take(above, axis=1)
    else:
        low = np.take_along_axis(ordered, below, axis=1)
        high = np.take_along_axis(ordered, above, axis=1)
    return low + (places - below) * (high - low)


def strictly_increasing(quantiles: FloatArray) -> FloatArray:
    """Return the quantiles [S, 39] with a millionth of the scale between those that are equal."""
    apart = quantiles[:, 1:] - quantiles[:, :-1]
    if (apart >= _SMALLEST_GAP).all():
        return quantiles
    # Only the rows with ties, so that a stock's numbers do not depend on who stands beside it.
    tied = (apart < _SMALLEST_GAP).any(axis=1)
    steps = _SMALLEST_GAP * np.arange(len(LEVELS))
    strict = quantiles.copy()
    strict[tied] = np.maximum.accumulate(quantiles[tied] - steps, axis=1) + steps
    return strict
