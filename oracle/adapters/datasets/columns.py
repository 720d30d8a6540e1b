"""One stock's columns as read from a file, each row with the place it stands at."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.errors import InvalidPriceFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

PRICES = ("open", "high", "low", "close", "adj_close")
FIELDS = (*PRICES, "volume")

UNIT_FACTOR = 10.0
"""A close this many times above or below the one before it is a mix-up, not a price."""

_DATE = re.compile(r"\d{4}-\d\d-\d\d([T ].*)?")
_MISSING = frozenset({"", "nan", "null", "none", "na", "n/a", "-"})


@dataclass(frozen=True, slots=True)
class StockColumns:
    """The rows of one stock: their dates, the places to name in errors, and prices by field.

    `where` turns a row's place into words such as `AAPL.csv, row 12`.
    """

    symbol: str
    where: Callable[[int], str]
    dates: list[np.datetime64] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    values: dict[str, list[float]] = field(default_factory=dict)

    def add(self, place: int, day: np.datetime64, prices: Mapping[str, float]) -> None:
        """Add a row; raise InvalidPriceFile unless its date is later than the one before."""
        if self.dates and day <= self.dates[-1]:
            fault = "stands there twice" if day == self.dates[-1] else "comes after a later one"
            raise InvalidPriceFile(
                f"{self.where(place)}: the date {day} of {self.symbol} {fault}; "
                "dates must rise from row to row."
            )
        self.dates.append(day)
        self.places.append(place)
        for name, value in prices.items():
            self.values.setdefault(name, []).append(value)

    def check(self, source: str) -> None:
        """Raise InvalidPriceFile when a row's close cannot be true, or there is nothing to use."""
        basis = self.values["adj_close" if "adj_close" in self.values else "close"]
        known = [row for row, price in enumerate(basis) if isfinite(price)]
        if not known:
            raise InvalidPriceFile(f"{source}: every price of {self.symbol} is missing.")
        if len(known) == 1:
            raise InvalidPriceFile(
                f"{self.where(self.places[known[0]])}: this is the only price of {self.symbol}, "
                "and one price has no return."
            )
        for before, row in pairwise(known):
            factor = basis[row] / basis[before]
            if not 1.0 / UNIT_FACTOR < factor < UNIT_FACTOR:
                raise InvalidPriceFile(
                    f"{self.where(self.places[row])}: the close {basis[row]:.6g} of {self.symbol} "
                    f"is {factor:.3g} times the one before it, which is not believed.",
                    hint="Correct it, or leave it empty: a missing price has weight zero.",
                )


def read_number(text: str, name: str, where: str) -> float:
    """Return the cell as a number, NaN when it is missing.

    Raises InvalidPriceFile when it is no number, not finite, negative, or a price of zero.
    """
    cell = text.strip()
    if cell.lower() in _MISSING:
        return np.nan
    try:
        number = float(cell)
    except ValueError:
        raise InvalidPriceFile(f"{where}: the {name} {cell[:20]!r} is no number.") from None
    if np.isnan(number) or is_possible(np.array(number), name):
        return number
    raise impossible_number(number, name, where)


def is_possible(values: NDArray[np.float64], name: str) -> NDArray[np.bool_]:
    """Return where the values can be prices or, for `volume`, numbers of shares."""
    positive = values >= 0.0 if name == "volume" else values > 0.0
    return np.asarray(positive & np.isfinite(values))


def impossible_number(number: float, name: str, where: str) -> InvalidPriceFile:
    """Return the error for a number that cannot be what its column says."""
    kind = "volume" if name == "volume" else "price"
    return InvalidPriceFile(f"{where}: the {name} {number:g} is no {kind}.")


def read_date(text: str, where: str) -> np.datetime64:
    """Return the day of an ISO 8601 date or time; raise InvalidPriceFile when it is none."""
    cell = text.strip()
    if _DATE.fullmatch(cell):
        with suppress(ValueError):  # Months and days that do not exist are refused below.
            return np.datetime64(cell[:10], "D")
    raise InvalidPriceFile(f"{where}: {cell[:20]!r} is no date; write it like 2022-12-28.")
