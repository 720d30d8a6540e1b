"""Geometry of the pictures that the server draws; pure numbers, no markup."""

from __future__ import annotations

from dataclasses import dataclass
from math import floor, log10
from typing import TYPE_CHECKING

from oracle.web import formatting

if TYPE_CHECKING:
    from oracle.domain.forecasts import Prediction

WIDTH = 1000
HEIGHT = 300
LEVELS_SHOWN = (0.95, 0.8, 0.5)


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, in per cent of its length, and what stands there."""

    position: float
    text: str


@dataclass(frozen=True, slots=True)
class Band:
    """One central interval on the range bar, in per cent of the bar's length."""

    level: int
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class RangeBar:
    """Nested intervals, widest first, with the marks of the predicted and the present price."""

    bands: tuple[Band, ...]
    point: float
    current: float
    ticks: tuple[Tick, ...]


def draw_range(prediction: Prediction) -> RangeBar | None:
    """Return the prediction's 95, 80 and 50 % intervals as a bar, or None without numbers."""
    intervals = [prediction.interval(level) for level in LEVELS_SHOWN]
    widest = intervals[0]
    if widest is None or prediction.point is None:
        return None
    ends = (widest.lower, widest.upper, prediction.point, prediction.current_price)
    margin = (max(ends) - min(ends)) * 0.06 or prediction.current_price * 0.01
    start, length = min(ends) - margin, max(ends) - min(ends) + 2 * margin

    def place(price: float) -> float:
        return round(100.0 * (price - start) / length, 2)

    return RangeBar(
        bands=tuple(
            Band(
                level=round(100 * interval.level),
                start=place(interval.lower),
                width=round(place(interval.upper) - place(interval.lower), 2),
            )
            for interval in intervals
            if interval is not None
        ),
        point=place(prediction.point),
        current=place(prediction.current_price),
        ticks=tuple(
            Tick(place(price), formatting.money(price, prediction.currency))
            for price in (widest.lower, widest.upper)
        ),
    )


def round_step(rough: float) -> float:
    """Return the smallest of 1, 2, 2.5, 5 times a power of ten that is not below `rough`."""
    power: float = 10.0 ** floor(log10(rough))
    return power * next(
        factor for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= rough * 0.999
    )
