"""The distribution of the next session's return of any stocks, from a frozen fit."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from oracle.forecasting.abstention import refusals, usable_sessions
from oracle.forecasting.bars import ranges_of
from oracle.forecasting.contributions import Contributions, contributions_of
from oracle.forecasting.distribution import MEDIAN, standardised_errors, stock_quantiles
from oracle.forecasting.explanation import Reasons
from oracle.forecasting.mean import centred_market, lean_of, residual_part, standardise
from oracle.forecasting.scale import scale_features
from oracle.forecasting.surprise import own_surprises, stock_factors, surprises
from oracle.forecasting.workings import Path, Workings

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.fit import Fit
    from oracle.forecasting.panel import Panel

STOCKS_AT_ONCE = 64
"""So many stocks' arrays stay in the processor's cache; more at once are slower, and not better."""


@dataclass(frozen=True, slots=True, eq=False)
class PanelForecast:
    """Distributions of the log return from the close of `as_of` to the next session's close.

    For S stocks: `expected_log_return` [S], the median; `scale` A [S] (expected absolute log
    return), `log_return_quantiles` [S, 39] at LEVELS, `observations` [S] the usable sessions.
    Where `abstained` [S] is set these numbers are NaN. `reasons` holds per stock why it
    abstained, or what drives its forecast; `contributions` are the exact parts of the expected
    log return and of A.
    """

    symbols: tuple[str, ...]
    as_of: date
    expected_log_return: FloatArray
    scale: FloatArray
    log_return_quantiles: FloatArray
    observations: NDArray[np.int64]
    abstained: NDArray[np.bool_]
    reasons: Sequence[tuple[str, ...]]
    contributions: Contributions


@dataclass(frozen=True, slots=True, eq=False)
class PriceForecast:
    """The same in prices: `point` [S] and `quantiles` [S, 39], NaN where the stock abstained."""

    point: FloatArray
    quantiles: FloatArray


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What some of the stocks' prices give: A, quantiles, counts, and whether A is measured."""

    scale: FloatArray
    quantiles: FloatArray
    observations: NDArray[np.int64]
    usable: NDArray[np.bool_]


_Arrays = TypeVar("_Arrays", _Numbers, Contributions)


def forecast_panel(fit: Fit, panel: Panel) -> PanelForecast:
    """Return the forecasts of the panel's stocks for the session after `fit.as_of`.

    Only prices on the fit's sessions are used, so rows after `fit.as_of` change nothing. Each
    stock's numbers depend on the fit and its own prices alone, never on who else is asked for.
    """
    window = panel.on(fit.sessions)
    starts = range(0, max(1, len(window.symbols)), STOCKS_AT_ONCE)
    market = fit.market_coefficient * centred_market(fit.market_z)
    trained = fit.workings_of(window)
    if trained is not None:
        parts = [_forecast_from(fit, trained, market)]
    else:
        slices = [slice(start, start + STOCKS_AT_ONCE) for start in starts]
        parts = [
            _forecast_from(fit, _work_out(fit, window.columns(some), market), market)
            for some in slices
        ]
    numbers = _joined([numbers for numbers, _ in parts])
    contributions = _joined([contributions for _, contributions in parts])
    refused = refusals(window, numbers.observations, numbers.usable)
    abstained = np.array([bool(refusal) for refusal in refused], dtype=np.bool_)
    quantiles = np.where(abstained[:, None], np.nan, numbers.quantiles)
    return PanelForecast(
        symbols=window.symbols,
        as_of=fit.as_of,
        expected_log_return=quantiles[:, MEDIAN],
        scale=np.where(abstained, np.nan, numbers.scale),
        log_return_quantiles=quantiles,
        observations=numbers.observations,
        abstained=abstained,
        reasons=Reasons(refused, contributions),
        contributions=contributions,
    )


def to_prices(forecast: PanelForecast, last_closes: ArrayLike) -> PriceForecast:
    """Return point and quantiles P exp(log return) for the last closes P [S].

    P is the split-adjusted close of `forecast.as_of` in currency, not adjusted for dividends.
    """
    closes = np.asarray(last_closes, dtype=np.float64)
    return PriceForecast(
        point=closes * np.exp(forecast.expected_log_return),
        quantiles=closes[:, None] * np.exp(forecast.log_return_quantiles),
    )


def _work_out(fit: Fit, window: Panel, market: FloatArray) -> Workings:
    """Return the path of the window's stocks, all of which are computed side by side."""
    returns = window.log_returns()
    features = scale_features(returns, ranges_of(window, returns), fit.market)
    before = features.scale(fit.close_coefficients, fit.range_coefficients)
    own = own_surprises(surprises(returns, before), fit.pool_factor)
    factor = stock_factors(own, fit.usual_surprise)
    scale = before * fit.pool_factor[:, None] * factor
    residuals = standardise(returns, scale) - fit.market_z[:, None]
    lean = lean_of(market, residual_part(residuals, fit.residual_coefficients))
    path = Path(before, fit.pool_factor, factor, scale, residuals)
    return Workings(window, returns, features, path, lean)


def _forecast_from(
    fit: Fit, workings: Workings, market: FloatArray
) -> tuple[_Numbers, Contributions]:
    """Return the numbers that the stocks' path ends in; `market` [T] is its part of the lean."""
    returns, features, path, lean = (
        workings.returns,
        workings.features,
        workings.path,
        workings.lean,
    )
    scale = path.scale
    shape = stock_quantiles(standardised_errors(returns, scale, lean), fit.z_quantiles)
    return (
        _Numbers(
            scale=scale[-1],
            quantiles=scale[-1, :, None] * (lean[-1, :, None] + shape),
            observations=usable_sessions(workings.window, returns),
            usable=features.usable[-1],
        ),
        contributions_of(fit, features, path, float(market[-1]), shape[:, MEDIAN]),
    )


def _joined(parts: list[_Arrays]) -> _Arrays:
    """Return the parts' arrays one after the other."""
    if len(parts) == 1:
        return parts[0]
    kind = type(parts[0])
    return kind(
        *(np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(kind))
    )
