"""What was computed of the training pool on the way to a fit, for the pool's own forecast.

Without it the forecast of the pool would repeat most of what its fit has just done. It is used
only where the prices are the very same, bit by bit, and it is not stored with the fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.panel import Panel

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray
    from oracle.forecasting.scale import ScaleFeatures


@dataclass(frozen=True, slots=True)
class Path:
    """A0, f, g, A and e of some stocks, [T, S] each, f [T], on all sessions of a fit."""

    before: FloatArray
    pool_factor: FloatArray
    stock_factor: FloatArray
    scale: FloatArray
    residuals: FloatArray


@dataclass(frozen=True, slots=True)
class Workings:
    """The prices of some stocks, and the returns, features, path and lean made of them."""

    window: Panel
    returns: FloatArray
    features: ScaleFeatures
    path: Path
    lean: FloatArray

    def are_of(self, window: Panel) -> bool:
        """Tell whether the stocks, sessions and prices are those that this was made of."""
        own = self.window
        return (
            own.symbols == window.symbols
            and np.array_equal(own.sessions, window.sessions)
            and _same(own.closes, window.closes)
            and _same(own.open, window.open)
            and _same(own.high, window.high)
            and _same(own.low, window.low)
        )


def copy_of(panel: Panel) -> Panel:
    """Return the panel with arrays of its own, which nothing done to the given ones changes."""
    parts = (panel.open, panel.high, panel.low)
    ends = (None if part is None else part.copy() for part in parts)
    return Panel(panel.symbols, panel.sessions, panel.closes.copy(), *ends)


def _same(first: FloatArray | None, second: FloatArray | None) -> bool:
    if first is None or second is None:
        return first is second
    return bool(np.array_equal(first, second, equal_nan=True))
