"""What is learnt from the pool of stocks, once per session, and shared by every forecast."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.domain.forecasts import LEVELS
from oracle.forecasting.market import Market
from oracle.forecasting.scale import CLOSE_PRIOR, RANGE_PRIOR

if TYPE_CHECKING:
    from datetime import date

    from oracle.domain.prices import FloatArray, SessionArray
    from oracle.forecasting.panel import Panel
    from oracle.forecasting.workings import PoolWorkings, Workings

MODEL_VERSION = "har-ohlc-3"
"""Changes with every change that moves a number: it is part of what makes a prediction unique."""


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """Everything a forecast needs besides the stock's own prices.

    `sessions` [T] is the window, its last one is `as_of`; `symbols` are the stocks trained on.
    Series of the pool, [T] with NaN where unknown: `market_mean` m, `market_magnitude` ma,
    `market_range` mrv, `market_z` zbar, and `pool_factor` f. Numbers without units:
    `close_coefficients` [13] and `range_coefficients` [15] of the scale, `usual_surprise` um,
    `market_coefficient` c, `residual_coefficients` [4], and the quantiles `z_quantiles` [39] of
    the standardised error at LEVELS.
    """

    symbols: tuple[str, ...]
    sessions: SessionArray
    market_mean: FloatArray
    market_magnitude: FloatArray
    market_range: FloatArray
    market_z: FloatArray
    pool_factor: FloatArray
    close_coefficients: FloatArray
    range_coefficients: FloatArray
    usual_surprise: float
    market_coefficient: float
    residual_coefficients: FloatArray
    z_quantiles: FloatArray
    _pool: PoolWorkings | None = field(default=None, init=False, repr=False)

    def keep(self, pool: PoolWorkings) -> Fit:
        """Return this fit, which from now on keeps how its own pool's numbers came about.

        They are no part of its JSON form, and a fit made of the same parts anew is without them.
        """
        object.__setattr__(self, "_pool", pool)
        return self

    def workings_of(self, window: Panel) -> Workings | None:
        """Return what was computed of these very prices on the way to this fit, if it was."""
        kept = self._pool
        return kept.workings if kept is not None and kept.are_of(window) else None

    @property
    def as_of(self) -> date:
        """The session whose close is the last thing known."""
        newest: date = self.sessions[-1].astype("datetime64[D]").item()
        return newest

    @property
    def market(self) -> Market:
        """The pool's series that enter the features."""
        return Market(self.market_mean, self.market_magnitude, self.market_range)

    def to_json(self) -> str:
        """Return the fit as JSON from which `from_json` restores every bit."""
        content: dict[str, Any] = {
            "model_version": MODEL_VERSION,
            "symbols": list(self.symbols),
            "sessions": np.datetime_as_string(self.sessions, unit="D").tolist(),
        }
        for name in _NUMBERS:
            content[name] = getattr(self, name)
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
            numbers = {name: float(content[name]) for name in _NUMBERS}
            symbols = tuple(content["symbols"])
        except (KeyError, TypeError, ValueError) as damage:
            raise ValueError("the stored fit is damaged") from damage
        if sessions.ndim != 1 or not len(sessions) or np.any(np.diff(sessions).astype(int) <= 0):
            raise ValueError("the sessions of the stored fit are damaged")
        for name, length in _LENGTHS.items():
            if arrays[name].shape != (length or len(sessions),):
                raise ValueError(f"{name} of the stored fit is damaged")
        parts: dict[str, Any] = {**arrays, **numbers}
        return cls(symbols=symbols, sessions=sessions, **parts)

    def fingerprint(self) -> str:
        """Return the SHA-256 of the fit's JSON form, in hexadecimal digits."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()


_NUMBERS = ("usual_surprise", "market_coefficient")

_LENGTHS: dict[str, int | None] = {
    "market_mean": None,
    "market_magnitude": None,
    "market_range": None,
    "market_z": None,
    "pool_factor": None,
    "close_coefficients": len(CLOSE_PRIOR),
    "range_coefficients": len(RANGE_PRIOR),
    "residual_coefficients": 4,
    "z_quantiles": len(LEVELS),
}
"""The arrays of a fit and how long each is; None means one number per session."""
