"""What a panel's bars say: the return from close to close, and the range within the session.

With O, H, L, C the adjusted open, high, low and close of a session (Garman and Klass 1980):

    gk = sqrt(max(0, ln(H/L)^2 / 2 - (2 ln 2 - 1) ln(C/O)^2)),   on = |ln(O_t / C_{t-1})|.

gk measures the session itself several times more exactly than one return does, and on the night
before it, which gk does not see.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.panel import ODD_MOVE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.panel import Panel

_ROUNDING = 1e-6
"""How far, in parts of the price, a high may lie below the close by rounding alone."""

_CLOSE_WEIGHT = 2.0 * log(2.0) - 1.0


@dataclass(frozen=True, slots=True)
class Ranges:
    """`garman_klass` gk and `overnight` on, both [T, S], NaN where the bar gives none."""

    garman_klass: FloatArray
    overnight: FloatArray

    @property
    def total(self) -> FloatArray:
        """The size of the whole day, sqrt(gk^2 + on^2), as [T, S]."""
        return np.sqrt(self.garman_klass**2 + self.overnight**2)


def usable_bars(panel: Panel) -> NDArray[np.bool_]:
    """Return where [T, S] the bar has a range that can be true.

    Open, high and low must be there, positive and in order around the close, and high must be
    above low, by less than a factor of 2.5: a bar whose four prices are one is a close repeated.
    """
    opens, highs, lows, closes = panel.open, panel.high, panel.low, panel.usable_closes()
    if opens is None or highs is None or lows is None:
        return np.zeros(closes.shape, dtype=np.bool_)
    good: NDArray[np.bool_] = (
        (lows > 0.0)
        & (lows < highs)
        & (highs < lows * np.exp(ODD_MOVE))
        & (highs >= (1.0 - _ROUNDING) * np.maximum(opens, closes))
        & (lows <= (1.0 + _ROUNDING) * np.minimum(opens, closes))
    )
    return good


def ranges_of(panel: Panel, returns: FloatArray) -> Ranges | None:
    """Return the ranges of the sessions that have a return, or None if no bar gives one."""
    if panel.open is None or panel.high is None or panel.low is None:
        return None
    good = usable_bars(panel) & np.isfinite(returns)
    if not good.any():
        return None
    every = bool(good.all())
    opens, highs, lows, closes = (
        np.log(part if every else np.where(good, part, 1.0))
        for part in (panel.open, panel.high, panel.low, panel.closes)
    )
    overnight = np.full(closes.shape, np.nan)
    # ln(O/C_-1) is ln(O/C) + ln(C/C_-1): so it is missing exactly where the return is.
    overnight[1:] = np.abs((opens - closes)[1:] + returns[1:])
    good &= overnight <= ODD_MOVE
    squared = 0.5 * (highs - lows) ** 2 - _CLOSE_WEIGHT * (closes - opens) ** 2
    garman_klass = np.sqrt(np.maximum(squared, 0.0))
    garman_klass[~good] = np.nan
    overnight[~good] = np.nan
    return Ranges(garman_klass, overnight)


@dataclass(frozen=True, slots=True)
class LogRanges:
    """`garman_klass` and `overnight` [T - 1, C] of the sessions after the first.

    `plain` [C] tells which stocks have a range on every one of those sessions, beyond doubt.
    """

    garman_klass: FloatArray
    overnight: FloatArray
    plain: NDArray[np.bool_]


def log_ranges(panel: Panel, closes: FloatArray, returns: FloatArray, margin: float) -> LogRanges:
    """Return the ranges of bars from the logs of `closes` and `returns` [T, C] of the same rows.

    A stock with a bar that comes within `margin` of any limit of `usable_bars` is not plain.
    """
    if panel.open is None or panel.high is None or panel.low is None:
        raise ValueError("these prices have no bars")
    opens, highs, lows = (np.log(part[1:]) for part in (panel.open, panel.high, panel.low))
    closes, slack = closes[1:], _ROUNDING - margin
    above, below = np.maximum(opens, closes), np.minimum(opens, closes)
    above -= highs
    np.subtract(lows, below, out=below)
    extent = np.subtract(highs, lows, out=highs)
    opens -= closes
    overnight = np.abs(np.add(opens, returns[1:], out=lows), out=lows)
    plain = (
        (extent.min(axis=0) > margin)
        & (extent.max(axis=0) < ODD_MOVE - margin)
        & (above.max(axis=0) <= slack)
        & (below.max(axis=0) <= slack)
        & (overnight.max(axis=0) <= ODD_MOVE - margin)
    )
    extent *= extent
    extent *= 0.5
    opens *= opens
    opens *= _CLOSE_WEIGHT
    extent -= opens
    np.maximum(extent, 0.0, out=extent)
    return LogRanges(np.sqrt(extent, out=extent), overnight, plain)
