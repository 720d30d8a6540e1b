"""The scale before its corrections: how large the next absolute return is expected to be.

A panel HAR regression of absolute returns (Corsi 2009; pooled over assets after Bollerslev, Hood,
Huss and Pedersen 2018), with leverage terms (Glosten, Jagannathan and Runkle 1993; Corsi and Reno
2012) and, where bars have a range, with that in place of most returns (Garman and Klass 1980).
With E_h a bias-corrected exponential mean of half-life h, S_k a mean of k sessions, x^- =
max(-x, 0), rel = E_250|r| / E_250 ma and n = E_60|r|, the linear forms b'x have the terms

    closes: E_1|r|, E_8|r|, E_21|r|, E_250|r|, S_5(r)^-, S_21(r)^-, and rel times
            m^-, S_5(m)^-, S_21(m)^-, E_3 ma, E_60 ma, E_1|m|, E_8|m|
    ranges: E_1|r|, E_250|r|, E_.5 gk, E_3 gk, E_8 gk, E_21 gk, E_3 on, E_21 on, and rel times
            m^-, S_5(m)^-, S_21(m)^-, E_1 mrv, E_8 mrv, E_1|m|, E_8|m|

and A0 = w max(0.2 n, b_ranges'x) + (1 - w) max(0.2 n, b_closes'x), where w is the share of the
recent sessions (half-life 8) whose bar has a range. All terms are of the size of a return, so A0
is as well, and b is free of units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.market import magnitude_on
from oracle.forecasting.smoothing import (
    by_session,
    exponential_means,
    one_if_alike,
    room_for,
    trailing_means,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.bars import Ranges
    from oracle.forecasting.market import Market

CLOSE_PRIOR: FloatArray = np.array(
    [
        *(0.087, -0.058, 0.590, 0.127, 0.074, 0.209),
        *(0.031, 0.220, 0.508, 0.496, -0.149, -0.141, -0.181),
    ]
)
"""Coefficients of the terms of closes, measured on US stocks in 1990-2015."""

RANGE_PRIOR: FloatArray = np.array(
    [
        *(0.027, -0.025, 0.217, -0.012, 0.253, -0.011, 0.062, 0.115),
        *(0.027, 0.219, 0.416, 0.433, -0.004, -0.133, -0.081),
    ]
)
"""Coefficients of the terms of ranges, measured on US stocks in 2016-2021."""

FLOOR = 0.2
"""The scale never falls below this part of n, the mean absolute return of about 60 sessions."""

SMALLEST_SCALE = 1e-5
"""Below this mean absolute return (0.001 %) a price counts as not moving."""

WARM_UP = 20
"""Returns a stock needs before its features are used."""

RANGE_HALF_LIFE = 8.0
"""Half-life, in sessions, of the memory for whether bars have a range."""


@dataclass(frozen=True, slots=True)
class LinearForm:
    """The terms of one form: `own` [K, T, S], then `relative` [T, S] times `shared` [M, T].

    The terms of the stocks' own are quick to add up where `own` is a view of [K, S, T].
    """

    own: FloatArray
    shared: FloatArray
    relative: FloatArray

    def value(self, coefficients: FloatArray) -> FloatArray:
        """Return b'x [T, S] without making the terms themselves."""
        count = len(self.own)
        total: FloatArray = np.matmul(coefficients[:count], self.own.transpose(2, 0, 1)).T
        total += self.relative * (coefficients[count:] @ self.shared)[:, None]
        return total

    def sums(self, factor: FloatArray, rows: slice) -> FloatArray:
        """Return the sums over these rows of x times `factor` [T, S] of those rows, [K + M, S]."""
        own = np.einsum("kts,ts->ks", self.own[:, rows], factor)
        return np.vstack([own, self.shared[:, rows] @ (factor * self.relative[rows])])


@dataclass(frozen=True, slots=True)
class ScaleFeatures:
    """What the scale is computed from, on T sessions for S stocks.

    `norm` n [T, S]; `usable` [T, S], false before 20 returns and without movement; the form of
    `ranges`, None where no bar has one, with its weight `range_weight` w [T, S], None for one
    everywhere; the form of `closes`, None where it would weigh nothing and is not asked for.
    """

    norm: FloatArray
    usable: NDArray[np.bool_]
    closes: LinearForm | None
    ranges: LinearForm | None
    range_weight: FloatArray | None

    def scale(self, close_coefficients: FloatArray, range_coefficients: FloatArray) -> FloatArray:
        """Return A0 [T, S], NaN where it is not usable."""
        floor = FLOOR * self.norm
        if self.ranges is None:
            scale = self._bounded(self.closes, close_coefficients, floor)
        else:
            scale = self._bounded(self.ranges, range_coefficients, floor)
            if self.range_weight is not None:
                scale *= self.range_weight
                scale += (1.0 - self.range_weight) * self._bounded(
                    self.closes, close_coefficients, floor
                )
        np.copyto(scale, np.nan, where=~self.usable)
        return scale

    def _bounded(
        self, form: LinearForm | None, coefficients: FloatArray, floor: FloatArray
    ) -> FloatArray:
        if form is None:
            raise ValueError("the form that these sessions need was not computed")
        value = form.value(coefficients)
        return np.maximum(value, floor, out=value)


def scale_features(
    returns: FloatArray, ranges: Ranges | None, market: Market, *, both: bool = False
) -> ScaleFeatures:
    """Return the features of `returns` [T, S] and their ranges against the pool's series.

    Row t uses rows up to t only. A missing value has weight zero in every mean. With `both` the
    terms of closes are computed even where they weigh nothing.
    """
    if not market.has_range:
        ranges = None
    weight = None if ranges is None else _range_weight(returns, ranges)
    with_closes = both or ranges is None or weight is not None
    # Always the same half-lives, since their number may decide about the last bits.
    sizes = room_for(7, returns.shape)
    half_lives = (60.0, 1.0, 8.0, 21.0, 250.0)
    norm, day, _, _, year = exponential_means(np.abs(returns), half_lives, sizes[:5])
    there = one_if_alike(np.isfinite(returns))
    usual = exponential_means(magnitude_on(market, there), (250.0,))[0]
    seen = np.cumsum(there, axis=0)
    usable = (seen >= WARM_UP) & (norm > SMALLEST_SCALE) & (usual > 0.0)
    relative = year / np.where(usable, usual, np.inf)
    shared = market.terms()
    closes = None
    if with_closes:
        own = by_session(sizes[1:], len(returns))
        for place, mean in enumerate(trailing_means(returns, (5, 21)), 4):
            np.maximum(np.negative(mean, out=mean), 0.0, out=own[place])
        closes = LinearForm(own, shared.of_closes, relative)
    by_range = None
    if ranges is not None:
        room = room_for(8, returns.shape)
        exponential_means(ranges.garman_klass, (0.5, 3.0, 8.0, 21.0), room[2:6])
        exponential_means(ranges.overnight, (3.0, 21.0), room[6:])
        own = by_session(room, len(returns))
        own[0], own[1] = day, year
        by_range = LinearForm(own, shared.of_ranges, relative)
    return ScaleFeatures(norm, usable, closes, by_range, weight)


def _range_weight(returns: FloatArray, ranges: Ranges) -> FloatArray | None:
    """Return w [T, S]: the share of recent returns whose bar has a range; None if all have."""
    there = np.isfinite(returns)
    has_range = np.isfinite(ranges.overnight)
    if np.array_equal(there, has_range):
        return None
    known = np.where(there, has_range, np.nan)
    return exponential_means(known, (RANGE_HALF_LIFE,)).reshape(returns.shape)
