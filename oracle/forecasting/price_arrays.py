"""Arrays of prices from anywhere, checked before a number is made of them.

Rows are sessions, oldest first, and columns are stocks; both are counted from 0. A missing price
is NaN. What cannot be a price at all is refused in a sentence that names row and column.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.errors import InvalidArrays
from oracle.domain.forecasts import LEVELS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from oracle.domain.prices import FloatArray

TOLERANCE = 0.005
"""How far, relatively, open and close may lie outside of the range from low to high."""

_MISSING_IS_NAN = "A price that is missing is NaN."


@dataclass(frozen=True, slots=True, eq=False)
class PriceArrays:
    """Checked prices [T, S]; open, high and low are None where they were not given."""

    closes: FloatArray
    open: FloatArray | None
    high: FloatArray | None
    low: FloatArray | None


def read_prices(
    closes: ArrayLike,
    *,
    open: ArrayLike | None = None,  # noqa: A002 - the field's own word, part of the interface.
    high: ArrayLike | None = None,
    low: ArrayLike | None = None,
) -> PriceArrays:
    """Return the arrays as [T, S] of floats; one stock may be given as [T].

    A bar whose low is above its high, or whose range leaves out its open or close by more than
    half a per cent, is impossible, as partial ones are: its open, high and low become missing.
    Raises InvalidArrays for anything that is not a positive finite number or NaN, and for shapes
    that do not match.
    """
    table = _read("closes", closes)
    bars = {
        name: None if given is None else _read(name, given)
        for name, given in (("open", open), ("high", high), ("low", low))
    }
    for name, values in bars.items():
        if values is not None and values.shape != table.shape:
            raise InvalidArrays(
                f"{name} has the shape {_shape(values)} and closes have {_shape(table)}; "
                "they must be the same."
            )
    impossible = impossible_bars(table, **bars)
    if impossible.any():
        for values in bars.values():
            if values is not None:
                values[impossible] = np.nan  # A copy: see `_as_floats`.
    return PriceArrays(table, **bars)


def impossible_bars(
    closes: FloatArray,
    *,
    open: FloatArray | None,  # noqa: A002 - the field's own word, as above.
    high: FloatArray | None,
    low: FloatArray | None,
) -> NDArray[np.bool_]:
    """Return the mask [T, S] of bars whose prices contradict each other; NaN contradicts none."""
    impossible = np.zeros(closes.shape, dtype=np.bool_)
    inner = [closes] if open is None else [closes, open]
    if high is not None:
        top = high * (1.0 + TOLERANCE)
        for price in inner if low is None else [*inner, low]:
            impossible |= price > top
    if low is not None:
        bottom = low * (1.0 - TOLERANCE)
        for price in inner:
            impossible |= price < bottom
    return impossible


def read_levels(levels: ArrayLike | None) -> FloatArray:
    """Return the levels [Q], by default the 39 of LEVELS.

    Raises InvalidArrays unless they rise strictly and lie within the outermost of LEVELS: nothing
    is known of the tails beyond them.
    """
    if levels is None:
        return np.array(LEVELS)
    wanted = _as_floats("levels", levels)
    if wanted.ndim != 1 or not wanted.size:
        raise InvalidArrays(
            f"levels have the shape {_shape(wanted)}; give one row of at least one level."
        )
    for place, level in enumerate(wanted.tolist()):
        if not 0.0 < level < 1.0:
            raise InvalidArrays(f"level {place} is {level:g}; a level lies between 0 and 1.")
        if not LEVELS[0] <= level <= LEVELS[-1]:
            raise InvalidArrays(
                f"level {place} is {level:g}; the distribution is known from level "
                f"{LEVELS[0]:g} to {LEVELS[-1]:g}, and nothing is said of its tails."
            )
    falling = np.flatnonzero(np.diff(wanted) <= 0.0)
    if falling.size:
        place = int(falling[0])
        raise InvalidArrays(
            f"level {place + 1} is {wanted[place + 1]:g} after {wanted[place]:g}; "
            "levels must rise from each to the next."
        )
    return wanted


def _read(name: str, values: ArrayLike) -> FloatArray:
    table = _as_floats(name, values)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2:  # noqa: PLR2004 - sessions and stocks
        raise InvalidArrays(
            f"{name} has the shape {_shape(table)}; give one row per session and one column "
            "per stock, or one stock's sessions by themselves."
        )
    # NaN is neither the least nor the largest. Only a table with a wrong price is searched for it.
    least = np.fmin.reduce(table, axis=None, initial=np.inf)
    if least <= 0.0 or np.fmax.reduce(table, axis=None, initial=0.0) == np.inf:
        wrong = np.isinf(table) | (table <= 0.0)
        row, column = (int(place) for place in np.argwhere(wrong)[0])
        raise InvalidArrays(
            f"{name} holds {table[row, column]:g} in row {row}, column {column}, "
            f"which is no price. {_MISSING_IS_NAN}"
        )
    return table


def _as_floats(name: str, values: ArrayLike) -> FloatArray:
    try:
        given = np.asanyarray(values)
    except ValueError as ragged:
        raise InvalidArrays(f"{name} is no table: its rows differ in length.") from ragged
    if given.dtype == np.object_:
        given = _from_objects(name, given)
    if given.dtype.kind not in "fiu" and given.size:
        raise InvalidArrays(f"{name} holds values of the type {given.dtype}, not numbers.")
    if isinstance(given, np.ma.MaskedArray):
        return np.array(np.ma.filled(given.astype(np.float64), np.nan))
    # A copy, so that nothing the caller does later changes what was checked.
    return np.array(given, dtype=np.float64)


def _from_objects(name: str, given: NDArray[np.object_]) -> FloatArray:
    """Return numbers among objects as floats, None as NaN; raise InvalidArrays at any other."""
    numbers = np.full(given.shape, np.nan)
    for place, value in np.ndenumerate(given):
        if value is None:
            continue
        if isinstance(value, bool | complex) or not isinstance(value, int | float | np.number):
            where = ", ".join(
                f"{axis} {index}" for axis, index in zip(("row", "column"), place, strict=False)
            )
            raise InvalidArrays(f"{name} holds {value!r} in {where}, which is no number.")
        numbers[place] = value
    return numbers


def _shape(values: NDArray[np.generic]) -> str:
    return " x ".join(str(length) for length in values.shape) or "of a single number"
