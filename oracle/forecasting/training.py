"""How a fit is learnt from the pool: window, market, scale, corrections, lean, distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.errors import PoolIncomplete
from oracle.domain.forecasts import MIN_SESSIONS
from oracle.domain.wording import count_of
from oracle.forecasting.abstention import has_odd_last_move
from oracle.forecasting.allocation import keep_freed_memory
from oracle.forecasting.bars import ranges_of
from oracle.forecasting.contributions import Path
from oracle.forecasting.distribution import pooled_quantiles, standardised_errors
from oracle.forecasting.fit import Fit
from oracle.forecasting.market import market_of
from oracle.forecasting.mean import (
    centred_market,
    fit_market,
    fit_residual,
    lean_of,
    residual_features,
    residual_part,
    standardise,
)
from oracle.forecasting.regression import StockDays, fit_scale
from oracle.forecasting.scale import CLOSE_PRIOR, RANGE_PRIOR, scale_features
from oracle.forecasting.smoothing import mean_of_present
from oracle.forecasting.surprise import (
    own_surprises,
    pool_factor,
    stock_factors,
    surprises,
)
from oracle.forecasting.workings import SMALL_POOL, PoolWorkings, Workings

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray
    from oracle.forecasting.panel import Panel
    from oracle.forecasting.scale import ScaleFeatures

WINDOW_SESSIONS = 1260
"""At most this many of the newest sessions are used, however many are stored: about five years."""

LARGEST_POOL = 96
"""Of a larger pool every second, third ... stock trains: more of them hardly move a coefficient."""

_MOSTLY = 0.5


def fit_pool(panel: Panel) -> Fit:
    """Return the fit of the pool's adjusted prices as of the panel's last session.

    Sessions on which no more than half of the pool has a close are left out, so that one feed's
    stray row cannot break the returns of all others; of the rest the newest 1,260 count. Of more
    than 96 stocks every k-th in the order of their symbols is used, k as small as possible.

    Raises PoolIncomplete when no more than half of the pool has a close on the last session, when
    fewer than 60 sessions remain, or when no price of the pool moves.
    """
    keep_freed_memory()
    given = _training_window(panel)
    window = given.by_stock()
    returns = _believed_returns(window)
    ranges = ranges_of(window, returns)
    market = market_of(returns, ranges)
    features = scale_features(returns, ranges, market, both=True)
    closes, by_range = _scale_coefficients(features, np.abs(returns))
    before = features.scale(closes, by_range)
    sizes = surprises(returns, before)
    factor, usual = pool_factor(sizes)
    stock_factor = stock_factors(own_surprises(sizes, factor), usual)
    scale = before * factor[:, None]
    scale *= stock_factor
    standard = standardise(returns, scale)
    market_z = mean_of_present(standard)
    market_coefficient = fit_market(market_z)
    residuals = standard - market_z[:, None]
    features_of_lean = residual_features(residuals)
    residual_coefficients = fit_residual(residuals, features_of_lean)
    lean = lean_of(
        market_coefficient * centred_market(market_z),
        residual_part(features_of_lean, residual_coefficients),
    )
    errors = standardised_errors(returns, scale, lean)
    try:
        z_quantiles = pooled_quantiles(errors)
    except ValueError as nothing:
        raise PoolIncomplete("No price of the training pool moves.") from nothing
    fit = Fit(
        symbols=window.symbols,
        sessions=window.sessions,
        market_mean=market.mean,
        market_magnitude=market.magnitude,
        market_range=market.day_range,
        market_z=market_z,
        pool_factor=factor,
        close_coefficients=closes,
        range_coefficients=by_range,
        usual_surprise=usual,
        market_coefficient=market_coefficient,
        residual_coefficients=residual_coefficients,
        z_quantiles=z_quantiles,
    )
    if len(window.symbols) > SMALL_POOL:
        return fit
    path = Path(before, factor, stock_factor, scale, residuals)
    workings = Workings(returns, features, path, lean, errors)
    return fit.keep(PoolWorkings(given, workings))


def _believed_returns(window: Panel) -> FloatArray:
    """Return the log returns [T, S] without odd last moves, which nothing confirms yet.

    Who moved so is not forecast; in the means of the market it would widen everybody else's range.
    """
    returns = window.log_returns()
    odd = has_odd_last_move(window, returns[-1])
    if odd.any():
        returns = returns.copy(order="K")
        returns[-1, odd] = np.nan
    return returns


def _scale_coefficients(
    features: ScaleFeatures, absolute: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return b of the terms of closes and of ranges; the latter learn where ranges mostly are."""
    weight, closes, by_range = features.range_weight, CLOSE_PRIOR, RANGE_PRIOR
    days = StockDays.of(features.norm, features.usable, absolute)
    if features.closes is not None:
        closes = fit_scale(features.closes, days, CLOSE_PRIOR)
    if features.ranges is not None:
        if weight is not None:
            days = StockDays.of(features.norm, features.usable & (weight > _MOSTLY), absolute)
        by_range = fit_scale(features.ranges, days, RANGE_PRIOR)
    return closes, by_range


def _training_window(panel: Panel) -> Panel:
    present = panel.usable_counts()
    enough = 2 * present > len(panel.symbols)
    if not len(enough) or not enough[-1]:
        raise PoolIncomplete("Most stocks of the training pool have no close on the last session.")
    sessions = panel.sessions[enough][-WINDOW_SESSIONS:]
    if len(sessions) < MIN_SESSIONS:
        raise PoolIncomplete(
            f"The training pool has {count_of(len(sessions), 'session')} of prices; "
            f"at least {MIN_SESSIONS} are needed."
        )
    step = -(-len(panel.symbols) // LARGEST_POOL)
    if step > 1:
        order = sorted(range(len(panel.symbols)), key=panel.symbols.__getitem__)
        panel = panel.columns(order[::step])
    return panel.on(sessions)
