"""The whole method as one function over arrays of prices, for anybody to call and compare."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING, TypedDict

import numpy as np

from oracle.domain.errors import PoolIncomplete
from oracle.domain.forecasts import LEVELS
from oracle.forecasting.forecast import forecast_panel
from oracle.forecasting.panel import Panel
from oracle.forecasting.price_arrays import read_levels, read_prices
from oracle.forecasting.training import WINDOW_SESSIONS, fit_pool

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.price_arrays import PriceArrays

POOL_SHARE = 0.5
"""A stock trains the fit with at least this share of the longest history's closes."""

LEVELS_AND_MEAN = len(LEVELS) + 1

_FIRST_ROW = np.datetime64("2000-01-01", "D")


class Forecast(TypedDict):
    """Prices for the session after the last row: `point` [S] and `quantiles` [S, Q] at `levels`."""

    point: FloatArray
    quantiles: FloatArray
    levels: FloatArray


def forecast(
    closes: ArrayLike,
    *,
    open: ArrayLike | None = None,  # noqa: A002 - the field's own word, part of the interface.
    high: ArrayLike | None = None,
    low: ArrayLike | None = None,
    levels: ArrayLike | None = None,
) -> Forecast:
    """Return the point and the quantiles of each stock's next close.

    `closes` is [T, S], one row per session, oldest first, adjusted for splits and dividends, NaN
    where missing; a single stock may be given as [T]. `open`, `high` and `low`, on the same basis
    and of the same shape, are used wherever all three are there and can be true. The fit is
    trained on the given stocks that have a close in the last row and not much less history than
    the longest one; at most the newest 1,260 rows count.

    `levels` are the 39 from 0.025 to 0.975 unless others within that range are given: their
    quantiles lie between the neighbouring ones, in proportion to the normal scores of the levels.
    Levels outside are refused, since nothing is known of the tails beyond.

    A stock of which nothing can be said has NaN throughout: under 60 usable sessions, no close in
    the last row, a move beyond a factor of 2.5 within the last 21 sessions, no move at all in
    those, or an odd last move: beyond a factor of 1.5 and ten times the mean size of the moves of
    the 250 sessions before, which no later session has confirmed.
    Raises InvalidArrays, a ValueError, in a sentence that names row and column.
    """
    prices = read_prices(closes, open=open, high=high, low=low)
    wanted = read_levels(levels)
    log_moves = _log_moves(prices)
    last = prices.closes[-1] if len(prices.closes) else np.full(prices.closes.shape[1], np.nan)
    with np.errstate(over="ignore"):
        point = last * np.exp(log_moves[:, LEVELS_AND_MEAN - 1])
        quantiles = last[:, None] * np.exp(interpolate_quantiles(log_moves[:, :-1], wanted))
    # Prices so near to the largest number that a float holds leave no room for a range.
    known = np.isfinite(point) & np.isfinite(quantiles).all(axis=1)
    return Forecast(
        point=np.where(known, point, np.nan),
        quantiles=np.where(known[:, None], quantiles, np.nan),
        levels=wanted,
    )


def interpolate_quantiles(quantiles: FloatArray, levels: FloatArray) -> FloatArray:
    """Return the quantiles [S, Q] at other levels from those [S, 39] at LEVELS.

    Linear in the normal score of the level, which is exact for a Gaussian distribution and keeps
    any order; at each of LEVELS it returns that quantile unchanged.
    """
    if np.array_equal(levels, LEVELS):
        return quantiles
    scores = _normal_scores(np.array(LEVELS))
    place = np.clip(np.searchsorted(LEVELS, levels, side="right") - 1, 0, len(LEVELS) - 2)
    share = (_normal_scores(levels) - scores[place]) / (scores[place + 1] - scores[place])
    lower, upper = quantiles[:, place], quantiles[:, place + 1]
    between: FloatArray = np.where(share >= 1.0, upper, lower + share * (upper - lower))
    return between


def _normal_scores(levels: FloatArray) -> FloatArray:
    return np.array([NormalDist().inv_cdf(level) for level in levels.tolist()])


def _log_moves(prices: PriceArrays) -> FloatArray:
    """Return [S, 40]: the log return's quantiles at LEVELS, then its mean; NaN where unknown."""
    rows, stocks = prices.closes.shape
    unknown = np.full((stocks, LEVELS_AND_MEAN), np.nan)
    pool = _pool(prices.closes)
    if not pool.any():
        return unknown
    # Only the order of the rows matters, so any dates will do.
    sessions = _FIRST_ROW + np.arange(rows)
    symbols = tuple(str(column) for column in range(stocks))
    panel = Panel(symbols, sessions, prices.closes, prices.open, prices.high, prices.low)
    try:
        fit = fit_pool(panel if pool.all() else panel.columns(np.flatnonzero(pool).tolist()))
    except PoolIncomplete:
        return unknown
    answer = forecast_panel(fit, panel)
    return np.column_stack([answer.log_return_quantiles, answer.expected_log_return])


def _pool(closes: FloatArray) -> NDArray[np.bool_]:
    """Return which stocks [S] the fit is trained on.

    A stock without a close in the last row is out of date. A stock with a much shorter history
    would make the fit forget the sessions before it was listed.
    """
    if not len(closes):
        return np.zeros(closes.shape[1], dtype=np.bool_)
    window = closes[-WINDOW_SESSIONS:]
    if not np.isnan(window.min(initial=np.inf)):  # All closes are there, as they are as a rule.
        return np.ones(closes.shape[1], dtype=np.bool_)
    known = np.isfinite(window)
    count = np.where(known[-1], known.sum(axis=0), 0)
    longest = count.max(initial=0)
    return np.asarray((count > 0) & (count >= POOL_SHARE * longest))
