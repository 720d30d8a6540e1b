"""The distribution of the next session's return of any stocks, from a frozen fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.forecasts import MIN_SESSIONS
from oracle.forecasting.explanation import Contributions, contributions_of, explain_forecasts
from oracle.forecasting.mean import (
    MOMENTUM_FIRST_LAG,
    MOMENTUM_SESSIONS,
    mean_features,
    standardise,
)
from oracle.forecasting.panel import ODD_MOVE
from oracle.forecasting.scale import scale_features
from oracle.forecasting.smoothing import known_or_zero

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.fit import Fit
    from oracle.forecasting.panel import Panel

RECENT_SESSIONS = 21
"""A close that did not change in this time, or moved oddly, is not forecast."""

NEEDED_SESSIONS = MOMENTUM_FIRST_LAG + MOMENTUM_SESSIONS + 1
"""The newest forecast needs the scale of no more sessions than momentum reaches back."""


@dataclass(frozen=True, slots=True, eq=False)
class PanelForecast:
    """Distributions of the log return from the close of `as_of` to the next session's close.

    For S stocks: `expected_log_return` mu [S], `scale` A [S] (expected absolute log return),
    `log_return_quantiles` mu + A q_p [S, 39] at LEVELS, `observations` [S] the usable sessions.
    Where `abstained` [S] is set these numbers are NaN. `reasons` holds per stock why it
    abstained, or what drives its forecast; `contributions` are the exact parts of mu and A.
    """

    symbols: tuple[str, ...]
    as_of: date
    expected_log_return: FloatArray
    scale: FloatArray
    log_return_quantiles: FloatArray
    observations: NDArray[np.int64]
    abstained: NDArray[np.bool_]
    reasons: tuple[tuple[str, ...], ...]
    contributions: Contributions


@dataclass(frozen=True, slots=True, eq=False)
class PriceForecast:
    """The same in prices: `point` [S] and `quantiles` [S, 39], NaN where the stock abstained."""

    point: FloatArray
    quantiles: FloatArray


def forecast_panel(fit: Fit, panel: Panel) -> PanelForecast:
    """Return the forecasts of the panel's stocks for the session after `fit.as_of`.

    Only closes on the fit's sessions are used, so rows after `fit.as_of` change nothing. Each
    stock's numbers depend on the fit and its own closes alone, never on who else is asked for.
    """
    window = panel.on(fit.sessions)
    returns = window.log_returns()
    newest = slice(-NEEDED_SESSIONS, None)
    features = scale_features(
        returns, fit.market_mean, fit.market_magnitude, latest=NEEDED_SESSIONS
    )
    scale = features.scale(fit.scale_coefficients)
    standardised = standardise(returns[newest], scale)
    drift = mean_features(standardised, fit.market_z, fit.market_mean)
    mean = drift.mean(scale, fit.market_coefficients, fit.residual_coefficients)
    observations = _usable_sessions(window)
    refusals = _refusals(window, observations, features.usable[-1])
    abstained = np.array([bool(refusal) for refusal in refusals], dtype=np.bool_)
    expected = np.where(abstained, np.nan, mean[-1])
    width = np.where(abstained, np.nan, scale[-1])
    contributions = contributions_of(fit, features, drift, scale)
    return PanelForecast(
        symbols=window.symbols,
        as_of=fit.as_of,
        expected_log_return=expected,
        scale=width,
        log_return_quantiles=expected[:, None] + width[:, None] * fit.z_quantiles,
        observations=observations,
        abstained=abstained,
        reasons=tuple(
            refusal or explanation
            for refusal, explanation in zip(refusals, explain_forecasts(contributions), strict=True)
        ),
        contributions=contributions,
    )


def to_prices(forecast: PanelForecast, last_closes: ArrayLike) -> PriceForecast:
    """Return point P exp(mu) and quantiles P exp(mu + A q_p) for the last closes P [S].

    P is the split-adjusted close of `forecast.as_of` in currency, not adjusted for dividends.
    """
    closes = np.asarray(last_closes, dtype=np.float64)
    return PriceForecast(
        point=closes * np.exp(forecast.expected_log_return),
        quantiles=closes[:, None] * np.exp(forecast.log_return_quantiles),
    )


def _usable_sessions(window: Panel) -> NDArray[np.int64]:
    """Return [S]: the sessions whose close has a usable close before it, and the first one."""
    returns = np.isfinite(window.log_returns()).sum(axis=0)
    any_close = np.isfinite(window.usable_closes()).any(axis=0)
    return np.where(any_close, returns + 1, 0).astype(np.int64)


def _refusals(
    window: Panel, observations: NDArray[np.int64], usable: NDArray[np.bool_]
) -> tuple[tuple[str, ...], ...]:
    """Return per stock the sentences on why nothing can be said; none where something can."""
    recent = known_or_zero(window.log_moves()[-RECENT_SESSIONS:])
    newest = np.isfinite(window.usable_closes()[-1])
    checks = (
        (
            observations < MIN_SESSIONS,
            (
                "Only {observations} usable sessions of prices are known; "
                f"at least {MIN_SESSIONS} are needed."
            ),
        ),
        (~newest, f"The close of {window.sessions[-1]} is missing: the last price is out of date."),
        (
            np.any(np.abs(recent) > ODD_MOVE, axis=0),
            (
                f"The price moved by more than a factor of 2.5 within the last {RECENT_SESSIONS} "
                "sessions, which may be an error of the feed."
            ),
        ),
        (
            newest & (observations >= MIN_SESSIONS) & ~(usable & np.any(recent != 0.0, axis=0)),
            (
                f"The close has hardly moved in the last {RECENT_SESSIONS} sessions: "
                "there is no range to measure."
            ),
        ),
    )
    return tuple(
        tuple(
            sentence.format(observations=observations[column])
            for applies, sentence in checks
            if applies[column]
        )
        for column in range(len(window.symbols))
    )
