"""The picture of one stock's last half year that the server draws: closes, predictions, outcomes.

Pure numbers, no markup. Pages show it until a script lays an interactive chart over it, and where
none does.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING

from oracle.web import formatting
from oracle.web.charts import HEIGHT, LEVELS_SHOWN, WIDTH, Tick, round_step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.web.api.history_resources import DailyClose, PastPrediction, StockHistory
    from oracle.web.api.resources import StockPrediction

SESSIONS_SHOWN = 126
"""Half a year, where every past prediction has room for a mark on a desk."""
LETTER_WIDTH = 8
"""Pixels for one letter of a label, rather too many than too few."""

_MARGIN = 0.04
_TICKS = 4
_FAN_SHARE = 0.12
_STRIP = 20
"""Height at the picture's foot that belongs to the marks of past predictions."""
_SHORT, _TALL = 6, 14
_EDGES = (4.0, 94.0)
"""Where, in per cent, a month's name has its room on both sides."""
_BEFORE_NEXT, _BEFORE_NEXT_NARROW = 18.0, 42.0
"""Per cent of the width that the name of the predicted session keeps free, wide and on a phone."""


@dataclass(frozen=True, slots=True)
class FanBand:
    """A central interval of the coming session as a triangle, and its level in per cent."""

    level: int
    path: str


@dataclass(frozen=True, slots=True)
class Fan:
    """Where the next close should fall: bands, widest first, and the line to the predicted one.

    `end` is where the fan ends, in per cent of the picture's width, `place` the predicted close in
    per cent of its height, `label` the session's name.
    """

    bands: tuple[FanBand, ...]
    line: str
    end: float
    place: float
    label: str


@dataclass(frozen=True, slots=True)
class Strip:
    """Ticks at the picture's foot, one per past prediction: hits short, misses tall."""

    hits: str
    misses: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A past prediction at its session, in per cent of the picture's width and height."""

    across: float
    down: float
    is_hit: bool


@dataclass(frozen=True, slots=True)
class HistoryChart:
    """Closes in a WIDTH x HEIGHT box with the area under them, and the same in words.

    `label_width` is the room, in pixels, that the prices need beside the picture. The names of
    `wide_ticks` have no room on a phone. `fan` and `strip` are None where nothing is predicted or
    nothing was; `dots` are the same predictions as the strip's, for pages that are wide enough.
    """

    line: str
    area: str
    price_ticks: tuple[Tick, ...]
    label_width: int
    time_ticks: tuple[Tick, ...]
    wide_ticks: tuple[Tick, ...]
    fan: Fan | None
    strip: Strip | None
    dots: tuple[Dot, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class _Expected:
    """The prediction for the session after the last close, on the scale of the closes."""

    point: float
    bands: tuple[tuple[int, float, float], ...]
    target: date


@dataclass(frozen=True, slots=True)
class _Frame:
    """Turns sessions and prices into places of the picture."""

    bottom: float
    top: float
    floor: float
    right: float
    last: int

    def x(self, index: int) -> float:
        return self.right * index / self.last

    def y(self, price: float) -> float:
        return self.floor * (self.top - price) / (self.top - self.bottom)


def draw_history(history: StockHistory) -> HistoryChart | None:
    """Return the picture of the last half year, or None with fewer than two known closes."""
    closes = history.closes[-SESSIONS_SHOWN:]
    if len(closes) < 2:  # noqa: PLR2004 - a line needs two points
        return None
    expected = _expect(closes[-1], history.prediction)
    past = _past(closes, history)
    frame = _frame(closes, expected, past)
    points = [(frame.x(index), frame.y(each.close)) for index, each in enumerate(closes)]
    line = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    price_ticks = _price_ticks(frame, history.currency)
    fan = None if expected is None else _fan(frame, closes[-1].close, expected)
    ticks = _time_ticks(closes, frame, fan)
    narrow = _ticks_of_a_phone(ticks, fan)
    return HistoryChart(
        line=line,
        area=f"{line}L{frame.right:.1f} {HEIGHT}L0 {HEIGHT}Z",
        price_ticks=price_ticks,
        label_width=LETTER_WIDTH * max((len(tick.text) for tick in price_ticks), default=0),
        time_ticks=tuple(tick for tick in ticks if tick in narrow),
        wide_ticks=tuple(tick for tick in ticks if tick not in narrow),
        fan=fan,
        strip=_strip(frame, closes, past) if past else None,
        dots=_dots(frame, closes, past),
        summary=_summarise(closes, expected, past, history.currency),
    )


def _expect(last: DailyClose, prediction: StockPrediction | None) -> _Expected | None:
    """Return what is predicted for the very next session; older predictions are no outlook."""
    if prediction is None or prediction.point is None or prediction.as_of != last.session:
        return None
    factor = last.close / prediction.starting_price
    prices = {round(1000 * each.level): factor * each.price for each in prediction.quantiles}
    bands = []
    for level in LEVELS_SHOWN:
        lower, upper = round(500 - 500 * level), round(500 + 500 * level)
        if lower in prices and upper in prices:
            bands.append((round(100 * level), prices[lower], prices[upper]))
    return _Expected(factor * prediction.point, tuple(bands), prediction.target)


def _past(closes: Sequence[DailyClose], history: StockHistory) -> dict[date, PastPrediction]:
    if history.settled is None:
        return {}
    shown = {each.session for each in closes}
    return {each.target: each for each in history.settled.predictions if each.target in shown}


def _frame(
    closes: Sequence[DailyClose], expected: _Expected | None, past: dict[date, PastPrediction]
) -> _Frame:
    prices = [each.close for each in closes] + [each.predicted for each in past.values()]
    if expected is not None:
        prices += [expected.point, *(end for _, *ends in expected.bands for end in ends)]
    lowest, highest = min(prices), max(prices)
    margin = (highest - lowest) * _MARGIN or highest * 0.01
    return _Frame(
        bottom=lowest - margin,
        top=highest + margin,
        floor=HEIGHT - _STRIP if past else HEIGHT,
        right=WIDTH if expected is None else WIDTH * (1.0 - _FAN_SHARE),
        last=len(closes) - 1,
    )


def _fan(frame: _Frame, start: float, expected: _Expected) -> Fan:
    # A little short of the edge, so that the mark of the predicted close is not cut.
    left, right = frame.right, WIDTH - 8.0
    origin = f"M{left:.1f} {frame.y(start):.1f}"
    return Fan(
        bands=tuple(
            FanBand(level, f"{origin}L{right:.1f} {frame.y(upper):.1f}V{frame.y(lower):.1f}Z")
            for level, lower, upper in expected.bands
        ),
        line=f"{origin}L{right:.1f} {frame.y(expected.point):.1f}",
        end=round(100.0 * right / WIDTH, 2),
        place=round(100.0 * frame.y(expected.point) / HEIGHT, 2),
        label=formatting.short_session(expected.target),
    )


def _strip(frame: _Frame, closes: Sequence[DailyClose], past: dict[date, PastPrediction]) -> Strip:
    hits, misses = [], []
    for index, each in enumerate(closes):
        prediction = past.get(each.session)
        if prediction is None:
            continue
        foot = f"M{frame.x(index):.1f} {HEIGHT}v-"
        if prediction.inside_80:
            hits.append(f"{foot}{_SHORT}")
        else:
            misses.append(f"{foot}{_TALL}")
    return Strip("".join(hits), "".join(misses))


def _dots(
    frame: _Frame, closes: Sequence[DailyClose], past: dict[date, PastPrediction]
) -> tuple[Dot, ...]:
    return tuple(
        Dot(
            round(100.0 * frame.x(index) / WIDTH, 2),
            round(100.0 * frame.y(past[each.session].predicted) / HEIGHT, 2),
            past[each.session].inside_80,
        )
        for index, each in enumerate(closes)
        if each.session in past
    )


def _price_ticks(frame: _Frame, currency: str) -> tuple[Tick, ...]:
    step = round_step((frame.top - frame.bottom) / _TICKS)
    first, last = ceil(frame.bottom / step), floor(frame.top / step)
    return tuple(
        Tick(
            round(100.0 * frame.y(number * step) / HEIGHT, 2),
            formatting.money(number * step, currency).removesuffix(".00" if step >= 1 else " "),
        )
        for number in range(first, last + 1)
    )


def _time_ticks(closes: Sequence[DailyClose], frame: _Frame, fan: Fan | None) -> tuple[Tick, ...]:
    """Return the first session of every month, where its name has room."""
    first, last = _EDGES
    if fan is not None:
        last = min(last, fan.end - _BEFORE_NEXT)
    ticks = []
    for index in range(1, len(closes)):
        day = closes[index].session
        position = round(100.0 * frame.x(index) / WIDTH, 2)
        is_first = day.month != closes[index - 1].session.month
        if is_first and first < position < last:
            ticks.append(Tick(position, formatting.month(day)))
    return tuple(ticks)


def _ticks_of_a_phone(ticks: Sequence[Tick], fan: Fan | None) -> tuple[Tick, ...]:
    """Return those with room on a phone as well: one in three, and none beside the fan's name."""
    last = _EDGES[1] if fan is None else fan.end - _BEFORE_NEXT_NARROW
    return tuple(tick for tick in ticks[::3] if tick.position < last)


def _summarise(
    closes: Sequence[DailyClose],
    expected: _Expected | None,
    past: dict[date, PastPrediction],
    currency: str,
) -> str:
    def money(price: float) -> str:
        return formatting.money(price, currency)

    prices = [each.close for each in closes]
    days = f"{formatting.session(closes[0].session)} to {formatting.session(closes[-1].session)}"
    known = f"lowest {money(min(prices))}, highest {money(max(prices))}, last {money(prices[-1])}"
    sentences = [f"Closes from {days}: {known}."]
    if expected is not None:
        ranges = {level: (lower, upper) for level, lower, upper in expected.bands}
        text = f"Predicted for {formatting.short_session(expected.target)}: {money(expected.point)}"
        if 80 in ranges:  # noqa: PLR2004 - the level in per cent
            lower, upper = ranges[80]
            text += (
                f", with a chance of {formatting.level(0.8)} from {money(lower)} to {money(upper)}"
            )
        sentences.append(f"{text}.")
    if past:
        hits = sum(each.inside_80 for each in past.values())
        sentences.append(
            f"Of {len(past)} closes that were predicted {hits} fell into their "
            f"{formatting.level(0.8)} range."
        )
    return " ".join(sentences)
