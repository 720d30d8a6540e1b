"""What is learnt from the pool of stocks, once per session, and shared by every forecast."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.domain.errors import PoolIncomplete
from oracle.domain.forecasts import LEVELS, MIN_SESSIONS
from oracle.domain.wording import count_of
from oracle.forecasting.mean import (
    fit_market,
    fit_residual,
    market_standardised,
    mean_features,
    standardise,
)
from oracle.forecasting.scale import fit_scale, scale_features
from oracle.forecasting.smoothing import mean_of_present

if TYPE_CHECKING:
    from datetime import date

    from oracle.domain.prices import FloatArray, SessionArray
    from oracle.forecasting.panel import Panel

MODEL_VERSION = "har-fhs-1"
"""Changes with every change that moves a number: it is part of what makes a prediction unique."""

WINDOW_SESSIONS = 1260
"""At most this many of the newest sessions are used, however many are stored: about five years."""

QUANTILE_SESSIONS = 1000
"""The sessions whose standardised errors form the predictive distribution."""

_SMALLEST_GAP = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Everything a forecast needs besides the stock's own closes.

    `sessions` [T] is the window, its last one is `as_of`; `symbols` is the pool. `market_mean` m,
    `market_magnitude` ma and `market_z` zbar are [T] with NaN where unknown.
    `scale_coefficients` [12], `market_coefficients` [5], `residual_coefficients` [4] and the
    quantiles `z_quantiles` [39] of the standardised error at LEVELS have no units.
    """

    symbols: tuple[str, ...]
    sessions: SessionArray
    market_mean: FloatArray
    market_magnitude: FloatArray
    market_z: FloatArray
    scale_coefficients: FloatArray
    market_coefficients: FloatArray
    residual_coefficients: FloatArray
    z_quantiles: FloatArray

    @property
    def as_of(self) -> date:
        """The session whose close is the last thing known."""
        newest: date = self.sessions[-1].astype("datetime64[D]").item()
        return newest

    def to_json(self) -> str:
        """Return the fit as JSON from which `from_json` restores every bit."""
        content: dict[str, Any] = {
            "model_version": MODEL_VERSION,
            "symbols": list(self.symbols),
            "sessions": np.datetime_as_string(self.sessions, unit="D").tolist(),
        }
        for name in _LENGTHS:
            content[name] = [
                number if isfinite(number) else None for number in getattr(self, name).tolist()
            ]
        return json.dumps(content, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> Fit:
        """Return the fit that `to_json` wrote.

        Raises ValueError when another version of the model wrote it or it is damaged.
        """
        content = json.loads(text)
        if not isinstance(content, dict) or content.get("model_version") != MODEL_VERSION:
            raise ValueError(f"this is no fit of the model {MODEL_VERSION}")
        try:
            sessions = np.array(content["sessions"], dtype="datetime64[D]")
            arrays = {name: np.array(content[name], dtype=np.float64) for name in _LENGTHS}
            symbols = tuple(content["symbols"])
        except (KeyError, TypeError, ValueError) as damage:
            raise ValueError("the stored fit is damaged") from damage
        if sessions.ndim != 1 or not len(sessions) or np.any(np.diff(sessions).astype(int) <= 0):
            raise ValueError("the sessions of the stored fit are damaged")
        for name, length in _LENGTHS.items():
            if arrays[name].shape != (length or len(sessions),):
                raise ValueError(f"{name} of the stored fit is damaged")
        return cls(symbols=symbols, sessions=sessions, **arrays)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the fit's JSON form, in hexadecimal digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


_LENGTHS: dict[str, int | None] = {
    "market_mean": None,
    "market_magnitude": None,
    "market_z": None,
    "scale_coefficients": 12,
    "market_coefficients": 5,
    "residual_coefficients": 4,
    "z_quantiles": len(LEVELS),
}
"""The arrays of a fit and how long each is; None means one number per session."""


def fit_pool(panel: Panel) -> Fit:
    """Return the fit of the pool's adjusted closes as of the panel's last session.

    Sessions on which no more than half of the pool has a close are left out, so that one feed's
    stray row cannot break the returns of all others; of the rest the newest 1,260 count.

    Raises PoolIncomplete when no more than half of the pool has a close on the last session, when
    fewer than 60 sessions remain, or when no price of the pool moves.
    """
    window = _training_window(panel)
    returns = window.log_returns()
    there = np.isfinite(returns)
    market_mean = mean_of_present(returns, there)
    market_magnitude = mean_of_present(np.abs(returns), there)
    features = scale_features(returns, market_mean, market_magnitude)
    try:
        scale_coefficients = fit_scale(features, returns)
    except ValueError as nothing:
        raise PoolIncomplete("No price of the training pool moves.") from nothing
    scale = features.scale(scale_coefficients)
    standardised = standardise(returns, scale)
    market_z = market_standardised(standardised)
    drift = mean_features(standardised, market_z, market_mean)
    market_coefficients = fit_market(drift, market_z)
    residual_coefficients = fit_residual(drift, standardised, market_z)
    mean = drift.mean(scale, market_coefficients, residual_coefficients)
    return Fit(
        symbols=window.symbols,
        sessions=window.sessions,
        market_mean=market_mean,
        market_magnitude=market_magnitude,
        market_z=market_z,
        scale_coefficients=scale_coefficients,
        market_coefficients=market_coefficients,
        residual_coefficients=residual_coefficients,
        z_quantiles=error_quantiles(returns, mean, scale),
    )


def _training_window(panel: Panel) -> Panel:
    present = np.isfinite(panel.usable_closes()).sum(axis=1)
    enough = 2 * present > len(panel.symbols)
    if not len(enough) or not enough[-1]:
        raise PoolIncomplete("Most stocks of the training pool have no close on the last session.")
    sessions = panel.sessions[enough][-WINDOW_SESSIONS:]
    if len(sessions) < MIN_SESSIONS:
        raise PoolIncomplete(
            f"The training pool has {count_of(len(sessions), 'session')} of prices; "
            f"at least {MIN_SESSIONS} are needed."
        )
    return panel.on(sessions)


def error_quantiles(returns: FloatArray, mean: FloatArray, scale: FloatArray) -> FloatArray:
    """Return the quantiles [39] of z = (r_{t+1} - mu_t) / A_t over the last 1,000 sessions.

    Pooled over stocks. Filtered historical simulation (Hull and White 1998; Barone-Adesi,
    Giannopoulos and Vosper 1999), which is split conformal prediction on a moving window. Made
    strictly increasing where many errors are equal.
    """
    errors = ((returns[1:] - mean[:-1]) / scale[:-1])[-QUANTILE_SESSIONS:]
    quantiles = np.quantile(errors[np.isfinite(errors)], LEVELS)
    steps = _SMALLEST_GAP * np.arange(len(LEVELS))
    strict: FloatArray = np.maximum.accumulate(quantiles - steps) + steps
    return strict if np.any(np.diff(quantiles) < _SMALLEST_GAP) else quantiles
