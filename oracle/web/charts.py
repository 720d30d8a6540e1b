"""Geometry of the pictures that the server draws; pure numbers, no markup."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING

import numpy as np

from oracle.web import formatting

if TYPE_CHECKING:
    from datetime import date

    from oracle.domain.forecasts import Prediction
    from oracle.domain.prices import PriceHistory

WIDTH = 1000
HEIGHT = 300
YEAR_OF_SESSIONS = 252
LEVELS_SHOWN = (0.95, 0.8, 0.5)
LETTER_WIDTH = 8
"""Pixels for one letter of a label, rather too many than too few."""

_MARGIN = 0.04
_TICKS = 4


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, in per cent of its length, and what stands there."""

    position: float
    text: str


@dataclass(frozen=True, slots=True)
class LineChart:
    """A line in a WIDTH x HEIGHT box, the area under it, its ticks, and the same in words.

    `label_width` is the room, in pixels, that the prices need beside the line.
    """

    line: str
    area: str
    price_ticks: tuple[Tick, ...]
    label_width: int
    time_ticks: tuple[Tick, ...]
    summary: str


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


def draw_closes(history: PriceHistory | None, currency: str) -> LineChart | None:
    """Return the line of the last year's closes, or None with fewer than two known closes."""
    if history is None:
        return None
    latest = history.latest(YEAR_OF_SESSIONS)
    known = np.isfinite(latest.close)
    closes = latest.close[known]
    sessions: list[date] = latest.sessions[known].astype("datetime64[D]").tolist()
    if closes.size < 2:  # noqa: PLR2004 - a line needs two points
        return None
    lowest, highest = float(closes.min()), float(closes.max())
    margin = (highest - lowest) * _MARGIN or highest * 0.01
    bottom, top = lowest - margin, highest + margin
    across = np.linspace(0.0, WIDTH, closes.size)
    down = HEIGHT * (top - closes) / (top - bottom)
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in zip(across, down, strict=True))
    price_ticks = _price_ticks(bottom, top, currency)
    return LineChart(
        line=line,
        area=f"{line}L{WIDTH} {HEIGHT}L0 {HEIGHT}Z",
        price_ticks=price_ticks,
        label_width=LETTER_WIDTH * max((len(tick.text) for tick in price_ticks), default=0),
        time_ticks=_time_ticks(sessions),
        summary=(
            f"Closes from {formatting.session(sessions[0])} to {formatting.session(sessions[-1])}: "
            f"lowest {formatting.money(lowest, currency)}, "
            f"highest {formatting.money(highest, currency)}, "
            f"last {formatting.money(float(closes[-1]), currency)}."
        ),
    )


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


def _price_ticks(bottom: float, top: float, currency: str) -> tuple[Tick, ...]:
    step = round_step((top - bottom) / _TICKS)
    first, last = ceil(bottom / step), floor(top / step)
    return tuple(
        Tick(
            round(100.0 * (top - number * step) / (top - bottom), 2),
            formatting.money(number * step, currency).removesuffix(".00" if step >= 1 else " "),
        )
        for number in range(first, last + 1)
    )


def round_step(rough: float) -> float:
    """Return the smallest of 1, 2, 2.5, 5 times a power of ten that is not below `rough`."""
    power: float = 10.0 ** floor(log10(rough))
    return power * next(
        factor for factor in (1.0, 2.0, 2.5, 5.0, 10.0) if factor * power >= rough * 0.999
    )


def _time_ticks(sessions: list[date]) -> tuple[Tick, ...]:
    """Return the first session of every third month, away from the picture's edges."""
    last = len(sessions) - 1
    ticks = []
    for index in range(1, len(sessions)):
        day = sessions[index]
        position = round(100.0 * index / last, 2)
        if day.month != sessions[index - 1].month and day.month % 3 == 1 and 4 < position < 94:  # noqa: PLR2004
            ticks.append(Tick(position, formatting.month(day)))
    return tuple(ticks)
