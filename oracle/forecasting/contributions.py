"""The exact parts that a forecast is the sum of.

Nothing is approximated. The width A = A0 f g is the sum of the terms of the linear forms that
make A0, of what its floor adds, and of the two corrections in the order in which they are made:
A0 (f - 1) for the pool's recent surprises, A0 f (g - 1) for the stock's own. The expected return
is A times the sum of the market's and the residual terms, of what their bound takes away, and of
the distribution's centre.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.mean import (
    LEAN_CLIP,
    MOMENTUM_FIRST_LAG,
    MOMENTUM_SESSIONS,
    RESIDUAL_LAGS,
    residual_features,
)
from oracle.forecasting.scale import CLOSE_PRIOR, RANGE_PRIOR
from oracle.forecasting.smoothing import known_or_zero

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.fit import Fit
    from oracle.forecasting.scale import ScaleFeatures


@dataclass(frozen=True, slots=True)
class Path:
    """A0, f, g, A and e of some stocks, [T, S] each, f [T], on all sessions of a fit."""

    before: FloatArray
    pool_factor: FloatArray
    stock_factor: FloatArray
    scale: FloatArray
    residuals: FloatArray


USUAL_SESSIONS = 250
"""The past over which the usual width is averaged."""

CLOSE_PARTS = tuple(
    f"closes: {term}"
    for term in (
        *("E_1|r|", "E_8|r|", "E_21|r|", "E_250|r|", "S_5(r)^-", "S_21(r)^-"),
        *("rel m^-", "rel S_5(m)^-", "rel S_21(m)^-"),
        *("rel E_3 ma", "rel E_60 ma", "rel E_1|m|", "rel E_8|m|"),
    )
)
RANGE_PARTS = tuple(
    f"ranges: {term}"
    for term in (
        *("E_1|r|", "E_250|r|", "E_.5 gk", "E_3 gk", "E_8 gk", "E_21 gk", "E_3 on", "E_21 on"),
        *("rel m^-", "rel S_5(m)^-", "rel S_21(m)^-"),
        *("rel E_1 mrv", "rel E_8 mrv", "rel E_1|m|", "rel E_8|m|"),
    )
)
WIDTH_PARTS = (*CLOSE_PARTS, *RANGE_PARTS, "floor", "pool surprises", "own surprises")
"""Names of the columns of `Contributions.width`."""

RETURN_PARTS = ("market", "momentum", "e_t", "e_t-1", "e_t-2", "bound", "centre")
"""Names of the columns of `Contributions.expected`."""


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """The additive parts of each stock's forecast (S stocks), all in log return.

    `width` [S, 31] are the parts of the scale, in the order of WIDTH_PARTS, and `usual_width`
    [S, 31] their means over the last 250 sessions; `expected` [S, 7] are the parts of the
    expected log return, in the order of RETURN_PARTS. Zero for what does not take part.
    """

    width: FloatArray
    usual_width: FloatArray
    expected: FloatArray

    @classmethod
    def joined(cls, parts: Sequence[Contributions]) -> Contributions:
        """Return the parts' stocks one after the other; without any, arrays of length zero."""
        none = np.empty((0, len(WIDTH_PARTS)))
        return cls(
            np.concatenate([none, *(part.width for part in parts)]),
            np.concatenate([none, *(part.usual_width for part in parts)]),
            np.concatenate([none[:, : len(RETURN_PARTS)], *(part.expected for part in parts)]),
        )


def contributions_of(
    fit: Fit, features: ScaleFeatures, path: Path, market: float, centre: FloatArray
) -> Contributions:
    """Return the parts; `market` is the market part of the lean now, `centre` [S] q_.5."""
    return Contributions(
        width=_width_parts(fit, features, path, 1),
        usual_width=_width_parts(fit, features, path, USUAL_SESSIONS),
        expected=_return_parts(fit, path, market, centre),
    )


def _width_parts(fit: Fit, features: ScaleFeatures, path: Path, sessions: int) -> FloatArray:
    """Return the means of the width's parts over the last sessions that are usable, [S, 31]."""
    rows = slice(-sessions, None)
    there = features.usable[rows].astype(np.float64)
    by_range = there if features.ranges is not None else 0.0 * there
    if features.range_weight is not None:
        by_range = there * features.range_weight[rows]
    parts = np.zeros((len(WIDTH_PARTS), there.shape[1]))
    split, end = len(CLOSE_PRIOR), len(CLOSE_PRIOR) + len(RANGE_PRIOR)
    if features.closes is not None:
        parts[:split] = features.closes.sums(there - by_range, rows)
        parts[:split] *= fit.close_coefficients[:, None]
    if features.ranges is not None:
        parts[split:end] = features.ranges.sums(by_range, rows)
        parts[split:end] *= fit.range_coefficients[:, None]
    before, shared = known_or_zero(path.before[rows]), path.pool_factor[rows, None]
    parts[end] = before.sum(axis=0) - parts[:end].sum(axis=0)
    parts[end + 1] = (before * (shared - 1.0)).sum(axis=0)
    parts[end + 2] = (before * shared * (path.stock_factor[rows] - 1.0)).sum(axis=0)
    means: FloatArray = parts / np.maximum(1.0, there.sum(axis=0))
    return means.T


def _return_parts(fit: Fit, path: Path, market: float, centre: FloatArray) -> FloatArray:
    needed = slice(-(MOMENTUM_FIRST_LAG + MOMENTUM_SESSIONS + RESIDUAL_LAGS), None)
    residual = fit.residual_coefficients[:, None] * residual_features(path.residuals[needed])[:, -1]
    wished = market + residual.sum(axis=0)
    bound = np.clip(wished, -LEAN_CLIP, LEAN_CLIP) - wished
    lean = np.vstack([np.full(len(centre), market), residual, bound, centre])
    parts: FloatArray = known_or_zero(path.scale[-1]) * lean
    return parts.T
