"""The path of stocks whose window has no gap, in a few passes: the ordinary case.

With frozen coefficients and nothing missing, all of A0 but the falls and the floor is linear in the
sizes |r|, gk and on, with weights that depend on the session alone: rel m = E_250|r| m / E_250 ma
too. So it is one `BlockFilter`, and so are the floor and f g. With P the close, a mean of k returns
is ln(P_t / P_{t-k}) / k. Only A, the lean of the last session and the last 1,000 errors are made.

The numbers are those of `scale`, `surprise` and `mean`, which other stocks need, but for rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.bars import largest, plain_ranges, smallest
from oracle.forecasting.block_filters import BlockFilter, block_filter
from oracle.forecasting.complete_lean import CompleteLean
from oracle.forecasting.distribution import QUANTILE_SESSIONS
from oracle.forecasting.mean import centred_market, residual_features, residual_part
from oracle.forecasting.panel import ODD_MOVE
from oracle.forecasting.scale import FLOOR, SMALLEST_SCALE, WARM_UP
from oracle.forecasting.smoothing import (
    BLOCK,
    exponential_means,
    known_or_zero,
    series_weights,
    weights_from,
)
from oracle.forecasting.surprise import STOCK_HALF_LIFE, STOCK_PSEUDO_DAYS, SURPRISE_CLIP

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.fit import Fit
    from oracle.forecasting.panel import Panel

_FALLS = ((5, 4), (21, 5))
"""Sessions of the stock's own falls, and the places of their coefficients."""

_NORM_HALF_LIFE = 60.0
_CLOSE_INPUTS = ((_NORM_HALF_LIFE, 1.0, 8.0, 21.0, 250.0),)
_RANGE_INPUTS = ((_NORM_HALF_LIFE, 1.0, 250.0), (0.5, 3.0, 8.0, 21.0), (3.0, 21.0))
"""Half-lives of the sums of |r|, gk and on. That of the norm comes first and serves the floor."""

_MARGIN = 1e-9
"""A size so near to its limit that rounding could decide is left to the general path."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What C stocks' paths end in: A and lean of the last session [C], the errors [n, C].

    `complete` [C] tells whose numbers count: the others have gaps.
    """

    scale: FloatArray
    lean: FloatArray
    errors: FloatArray
    complete: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class CompletePath:
    """A fit's formulas for stocks without gaps; sessions come after `spare` rows of padding.

    `value` gives A0 = max(value + falls, floor), with `floor` the gains of the sum that is taken of
    the first input and its first half-life, and `falls` [2, N] the weights of the falls, all alike
    from the session on that has so many before it. `corrections` gives f g, and `lean` the rest.
    """

    spare: int
    value: BlockFilter
    floor: FloatArray
    falls: FloatArray
    corrections: BlockFilter
    lean: CompleteLean
    with_ranges: bool

    def follow(self, window: Panel) -> Outcome:
        """Return the outcome of the window's stocks, all of which are computed side by side."""
        with np.errstate(all="ignore"):  # Of stocks that are not complete, whose numbers go.
            return self._follow(window)

    def _follow(self, window: Panel) -> Outcome:
        logs = _padded_logs(window.closes, self.spare)
        returns = np.empty(logs.shape)
        returns[0] = 0.0
        np.subtract(logs[1:], logs[:-1], out=returns[1:])
        room = self.value.room(logs.shape[1])
        sizes = np.abs(_in_blocks(returns), out=room[:, self.value.rows(0)])
        complete = largest(sizes) <= ODD_MOVE
        if self.with_ranges:
            parts = (window.open, window.high, window.low)
            bars = [_padded_logs(part, self.spare) for part in parts if part is not None]
            complete &= plain_ranges(
                [_in_blocks(series) for series in (*bars, logs)],
                _in_blocks(returns),
                _MARGIN,
                (room[:, self.value.rows(1)], room[:, self.value.rows(2)]),
            )
            # The first session has no return and, as for other stocks, no range.
            for place in (1, 2):
                room[0, self.value.rows(place)][: self.spare + 1] = 0.0
        before, moving = self._before(logs, room)
        complete &= moving
        # In place of the returns: those over A0, then over A.
        np.divide(returns[1:], before[:-1], out=returns[1:])
        factor = self._factor(returns)
        np.divide(returns[1:], factor[:-1], out=returns[1:])
        first = max(self.spare + WARM_UP, len(returns) - QUANTILE_SESSIONS - 1)
        lean, errors = self.lean.errors(returns, first)
        return Outcome(before[-1] * factor[-1], lean, errors, complete)

    def _before(self, logs: FloatArray, room: FloatArray) -> tuple[FloatArray, NDArray[np.bool_]]:
        """Return A0 [N, C], infinite before it is usable, and whose prices move, [C]."""
        first = self.spare + WARM_UP
        before = self.value.apply(room).reshape(logs.shape)
        start = self.value.rows(0).start
        floor = np.matmul(self.floor, room[:, start : start + self.floor.shape[2]])
        floor = floor.reshape(logs.shape)
        floor[:first] = np.inf
        moving = smallest(_in_blocks(floor)) > FLOOR * SMALLEST_SCALE * (1.0 + _MARGIN)
        if not self.with_ranges:
            drops = np.empty(logs.shape)
            for (lag, _), weights in zip(_FALLS, self.falls, strict=True):
                np.subtract(logs[0], logs[:lag], out=drops[:lag])
                np.subtract(logs[:-lag], logs[lag:], out=drops[lag:])
                np.maximum(drops, 0.0, out=drops)
                # One number for nearly all sessions is several times faster than one for each.
                start = self.spare + lag
                drops[:start] *= weights[:start, None]
                drops[start:] *= weights[-1]
                before += drops
        np.maximum(before, floor, out=before)
        return before, moving

    def _factor(self, standard: FloatArray) -> FloatArray:
        """Return f g [N, C] from r_{t+1} / A0_t."""
        room = self.corrections.room(standard.shape[1])
        sizes = _in_blocks(np.abs(standard))
        np.minimum(sizes, SURPRISE_CLIP, out=room[:, self.corrections.rows(0)])
        return self.corrections.apply(room).reshape(standard.shape)


def complete_path(fit: Fit, *, with_ranges: bool) -> CompletePath | None:
    """Return the formulas of this fit for stocks without gaps, with bars or with closes only.

    None if a series of the pool is itself not known throughout: all stocks need the general path.
    """
    rows = len(fit.sessions)
    later = slice(WARM_UP + 1, None)
    # The mean size of the market on the sessions of a stock that has them all but the first.
    magnitude = known_or_zero(fit.market_magnitude)[:, None]
    magnitude[:1] = np.nan
    usual = exponential_means(magnitude, (250.0,))[0, :, 0]
    known = (
        rows > WARM_UP + 1
        and np.isfinite(fit.market_z[later]).all()
        and (fit.pool_factor > 0.0).all()
        and (usual[WARM_UP:] > 0.0).all()
        and fit.usual_surprise > 0.0
    )
    if not known:
        return None
    spare = -rows % BLOCK
    value, falls = _scale_weights(fit, usual, with_ranges=with_ranges)
    counts = np.arange(float(rows))
    norm = FLOOR * weights_from(1, rows, (_NORM_HALF_LIFE,))[1]
    weight = series_weights(np.maximum(counts - WARM_UP, 0.0), (STOCK_HALF_LIFE,))
    gain = fit.pool_factor / ((weight + STOCK_PSEUDO_DAYS) * fit.usual_surprise)
    entering = np.ones(rows)
    entering[1:] = 1.0 / fit.pool_factor[:-1]
    inputs = _RANGE_INPUTS if with_ranges else _CLOSE_INPUTS
    shared = np.zeros(rows)
    shared[later] = fit.market_z[later]
    market = fit.market_coefficient * centred_market(fit.market_z)
    market -= residual_part(residual_features(shared[:, None]), fit.residual_coefficients)[:, 0]
    return CompletePath(
        spare=spare,
        value=block_filter(inputs, _padded(value, spare)),
        floor=block_filter(((_NORM_HALF_LIFE,),), _padded(norm, spare)).gains,
        falls=_padded(falls, spare),
        corrections=block_filter(
            ((STOCK_HALF_LIFE,),),
            _padded(gain, spare),
            _padded(entering, spare),
            _padded(gain[0] * STOCK_PSEUDO_DAYS * fit.usual_surprise, spare, 1.0),
        ),
        lean=CompleteLean.of(_padded(market, spare), fit.residual_coefficients),
        with_ranges=with_ranges,
    )


def _scale_weights(
    fit: Fit, usual: FloatArray, *, with_ranges: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the weights [H, T] of the exponential sums in b'x, and those [2, T] of the falls."""
    market, counts = fit.market, np.arange(float(len(fit.sessions)))
    coefficients = fit.range_coefficients if with_ranges else fit.close_coefficients
    terms = market.terms()
    common = terms.of_ranges if with_ranges else terms.of_closes
    half_lives = sum(_RANGE_INPUTS if with_ranges else _CLOSE_INPUTS, ())
    # The sum for the norm takes no part.
    own = np.zeros((len(half_lives), len(counts)))
    own[1:] = coefficients[: len(half_lives) - 1, None]
    year = half_lives.index(250.0)
    relative = coefficients[len(coefficients) - len(common) :] @ common
    own[year] += np.divide(relative, usual, out=np.zeros(len(usual)), where=usual > 0.0)
    falls = [coefficients[place] / np.clip(counts, 1.0, lag) for lag, place in _FALLS]
    return own * weights_from(1, len(counts), half_lives)[1], np.array(falls)


def _padded(series: FloatArray, spare: int, filling: float = 0.0) -> FloatArray:
    """Return the series [..., T] after `spare` values of the filling."""
    padded = np.full((*series.shape[:-1], spare + series.shape[-1]), filling)
    padded[..., spare:] = series
    return padded


def _padded_logs(prices: FloatArray, spare: int) -> FloatArray:
    """Return the logs of [T, C] after `spare` rows like the first, which are no move."""
    logs = np.empty((spare + len(prices), prices.shape[1]))
    # The rows of a part of the panel are short; side by side they are quicker to work through.
    logs[spare:] = prices
    logs[:spare] = prices[0]
    return np.log(logs, out=logs)


def _in_blocks(values: FloatArray) -> FloatArray:
    """Return [blocks, B, C] of [N, C]."""
    return values.reshape(-1, BLOCK, values.shape[1])
