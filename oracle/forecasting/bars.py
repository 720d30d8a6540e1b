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
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.panel import Panel

FALSE_EXTREME = log(1.2)
"""A high, low or open further than this from open and close, or from both closes beside it, is not
believed (decision 19)."""

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
        total = self.garman_klass * self.garman_klass
        total += self.overnight * self.overnight
        return np.sqrt(total, out=total)


def usable_bars(panel: Panel) -> NDArray[np.bool_]:
    """Return where [T, S] the bar has a range that can be true.

    Open, high and low must be there, positive and in order around the close, and high must be
    above low, by less than a factor of 2.5: a bar whose four prices are one is a close repeated.
    High and low may be beyond open and close by a factor of 1.2 at most.
    """
    opens, highs, lows, closes = panel.open, panel.high, panel.low, panel.usable_closes()
    if opens is None or highs is None or lows is None:
        return np.zeros(closes.shape, dtype=np.bool_)
    upper, lower = np.maximum(opens, closes), np.minimum(opens, closes)
    beyond = np.exp(FALSE_EXTREME)
    good: NDArray[np.bool_] = (
        (lows > 0.0)
        & (lows < highs)
        & (highs < lows * np.exp(ODD_MOVE))
        & (highs >= (1.0 - _ROUNDING) * upper)
        & (lows <= (1.0 + _ROUNDING) * lower)
        & (highs <= beyond * upper)
        & (beyond * lows >= lower)
    )
    return good


def ranges_of(panel: Panel, returns: FloatArray) -> Ranges | None:
    """Return the ranges of the sessions that have a return, or None if no bar gives one."""
    if panel.open is None or panel.high is None or panel.low is None:
        return None
    good = usable_bars(panel)[1:] & np.isfinite(returns[1:])
    if not good.any():
        return None
    every = bool(good.all())
    opens, highs, lows, closes = (
        np.log(part[1:] if every else np.where(good, part[1:], 1.0))
        for part in (panel.open, panel.high, panel.low, panel.closes)
    )
    # The first session has no return, and so no range either.
    ranges = Ranges(np.full_like(returns, np.nan), np.full_like(returns, np.nan))
    opens -= closes
    # ln(O/C_-1) is ln(O/C) + ln(C/C_-1): so it is missing exactly where the return is.
    overnight = np.abs(np.add(opens, returns[1:], out=closes), out=ranges.overnight[1:])
    good &= overnight <= ODD_MOVE
    # An open far above both closes beside it, or far below, is a price that nobody else saw.
    far = (np.abs(opens) > FALSE_EXTREME) & (overnight > FALSE_EXTREME)
    if far.any():
        good &= ~(far & (opens * (opens + returns[1:]) > 0.0))
    highs -= lows
    highs *= highs
    highs *= 0.5
    opens *= opens
    opens *= _CLOSE_WEIGHT
    highs -= opens
    np.maximum(highs, 0.0, out=highs)
    garman_klass = np.sqrt(highs, out=ranges.garman_klass[1:])
    if not good.all():
        np.copyto(garman_klass, np.nan, where=~good)
        np.copyto(overnight, np.nan, where=~good)
    return ranges


def plain_ranges(
    logs: Sequence[FloatArray], returns: FloatArray, margin: float, out: Sequence[FloatArray]
) -> NDArray[np.bool_]:
    """Put gk and on of C stocks into the two of `out` and tell whose bars are all good, [C].

    `logs` are those of open, high, low and close, and `returns` belong to them, [blocks, B, C]. A
    stock with a bar that comes within `margin` of a limit of `usable_bars` or `ranges_of` is not
    told to be good, since rounding could decide there. Open, high and low are used up.
    """
    opens, highs, lows, closes = logs
    slack = _ROUNDING - margin
    above, below = np.maximum(opens, closes), np.minimum(opens, closes)
    above -= highs
    np.subtract(lows, below, out=below)
    plain: NDArray[np.bool_] = (largest(above) <= slack) & (largest(below) <= slack)
    near = FALSE_EXTREME - margin
    plain &= (smallest(above) > -near) & (smallest(below) > -near)
    narrow = np.subtract(lows, highs, out=highs)
    plain &= (largest(narrow) < -margin) & (smallest(narrow) > margin - ODD_MOVE)
    opens -= closes
    overnight = np.abs(np.add(opens, returns, out=lows), out=out[1])
    plain &= largest(overnight) <= ODD_MOVE - margin
    narrow *= narrow
    narrow *= 0.5
    # Nearly always no open is so far from its close; of the others the night before is looked at.
    if not ((largest(opens) < near) & (smallest(opens) > -near)).all():
        plain &= largest(np.minimum(opens, lows)) < near
        plain &= smallest(np.maximum(opens, lows)) > -near
    opens *= opens
    opens *= _CLOSE_WEIGHT
    narrow -= opens
    np.maximum(narrow, 0.0, out=narrow)
    np.sqrt(narrow, out=out[0])
    return plain


def largest(values: FloatArray) -> FloatArray:
    """Return the largest of [blocks, B, C] per column, [C]; one axis at a time is fastest."""
    found: FloatArray = values.max(axis=0).max(axis=0)
    return found


def smallest(values: FloatArray) -> FloatArray:
    """Return the smallest of [blocks, B, C] per column, [C]."""
    found: FloatArray = values.min(axis=0).min(axis=0)
    return found
