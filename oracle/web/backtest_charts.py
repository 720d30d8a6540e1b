"""Geometry of the pictures in a backtest's report, in per cent of their boxes; no markup."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor, log10
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.wording import MINUS
from oracle.forecasting.evaluation import BANDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.prices import FloatArray, SessionArray
    from oracle.forecasting.evaluation import Evaluation, ReliabilityPoint

SIZE = 1000.0
"""Width and height of the box that paths are drawn in; it is stretched to the picture."""

_POINTS_ON_A_LINE = 400
_TICKS = 4


@dataclass(frozen=True, slots=True)
class AxisTick:
    """A place on an axis, in per cent of its length, and what stands there."""

    position: float
    text: str


@dataclass(frozen=True, slots=True)
class ChartLine:
    """A path in the SIZE x SIZE box, its name, and how its last value reads."""

    kind: str
    name: str
    path: str
    newest: str


@dataclass(frozen=True, slots=True)
class Chart:
    """Lines over an area, with axes; `zero` is where the reference line runs, None without one."""

    lines: tuple[ChartLine, ...]
    area: str
    dots: tuple[tuple[float, float], ...]
    x_ticks: tuple[AxisTick, ...]
    y_ticks: tuple[AxisTick, ...]
    zero: float | None
    summary: str


def draw_reliability(points: Sequence[ReliabilityPoint]) -> Chart:
    """Return observed against stated level: what is calibrated lies on the diagonal."""
    stated = np.array([point.level for point in points])
    observed, lower, upper = _estimates(points)
    ticks = (0.0, 0.25, 0.5, 0.75, 1.0)
    worst = int(np.argmax(np.abs(observed - stated)))
    return Chart(
        lines=(),
        area=_area(SIZE * stated, SIZE * (1.0 - upper), SIZE * (1.0 - lower)),
        dots=tuple(
            (round(100.0 * x, 2), round(100.0 * (1.0 - y), 2))
            for x, y in zip(stated.tolist(), observed.tolist(), strict=True)
        ),
        x_ticks=tuple(AxisTick(100.0 * tick, f"{100.0 * tick:.0f}") for tick in ticks),
        y_ticks=tuple(AxisTick(100.0 * (1.0 - tick), f"{100.0 * tick:.0f}") for tick in ticks),
        zero=None,
        summary=(
            f"Observed against stated level at {len(points)} levels; furthest apart at "
            f"{100.0 * stated[worst]:.1f} per cent, of which "
            f"{100.0 * observed[worst]:.1f} per cent was observed."
        ),
    )


def draw_deviation(points: Sequence[ReliabilityPoint]) -> Chart:
    """Return observed minus stated level, in points, with the interval: the same, magnified."""
    stated = np.array([point.level for point in points])
    observed, lower, upper = (100.0 * (values - stated) for values in _estimates(points))
    bottom, top = _limits(np.concatenate([observed, lower, upper]))
    across = SIZE * stated
    return Chart(
        lines=(ChartLine("80", "observed minus stated", _path(across, observed, bottom, top), ""),),
        area=_area(across, _down(upper, bottom, top), _down(lower, bottom, top)),
        dots=(),
        x_ticks=tuple(AxisTick(25.0 * tick, f"{25 * tick}") for tick in range(5)),
        y_ticks=_value_ticks(bottom, top),
        zero=_percent(0.0, bottom, top),
        summary=(
            f"Observed minus stated level lies between {observed.min():.1f} and "
            f"{observed.max():.1f} points."
        ),
    )


def draw_coverage(evaluation: Evaluation) -> Chart | None:
    """Return each band's coverage over 250 days minus its level, in points; None if too short."""
    rolling = evaluation.rolling
    if not len(rolling.sessions):
        return None
    deviation = 100.0 * (rolling.coverage - np.array(BANDS))
    return _over_time(
        rolling.sessions, deviation, "{:+.1f}", "points from the stated coverage", with_zero=True
    )


def draw_width(evaluation: Evaluation) -> Chart | None:
    """Return each band's mean width over 250 days in per cent of the price; None if too short."""
    rolling = evaluation.rolling
    if not len(rolling.sessions):
        return None
    return _over_time(
        rolling.sessions,
        100.0 * rolling.width,
        "{:.1f} %",
        "per cent of the price wide",
        with_zero=False,
    )


def place_ratios(ratios: Sequence[float]) -> tuple[tuple[float, ...], float]:
    """Return where each ratio lies on an axis around one, in per cent, and where one lies."""
    known = np.array([ratio for ratio in ratios if np.isfinite(ratio)] or [1.0])
    reach = max(0.01, float(np.abs(known - 1.0).max())) * 1.1
    return tuple(
        round(50.0 * (1.0 + (ratio - 1.0) / reach), 2) if np.isfinite(ratio) else 50.0
        for ratio in ratios
    ), 50.0


def _over_time(
    sessions: SessionArray, values: FloatArray, form: str, what: str, *, with_zero: bool
) -> Chart:
    bottom, top = _limits(values if with_zero else np.append(values.ravel(), 0.0))
    if not with_zero:
        bottom = 0.0
    shown = np.unique(np.linspace(0, len(sessions) - 1, _POINTS_ON_A_LINE).round().astype(np.intp))
    across = SIZE * shown / max(1, len(sessions) - 1)
    lines = tuple(
        ChartLine(
            kind=f"{100 * level:.0f}",
            name=f"{100 * level:.0f} % range",
            path=_path(across, values[shown, band], bottom, top),
            newest=form.format(values[-1, band]).replace("-", MINUS),
        )
        for band, level in enumerate(BANDS)
    )
    spans = ", ".join(
        f"{100 * level:.0f} % range {np.nanmin(values[:, band]):.1f} to "
        f"{np.nanmax(values[:, band]):.1f}"
        for band, level in enumerate(BANDS)
    )
    return Chart(
        lines=lines,
        area="",
        dots=(),
        x_ticks=_year_ticks(sessions),
        y_ticks=_value_ticks(bottom, top),
        zero=_percent(0.0, bottom, top) if with_zero else None,
        summary=f"From {sessions[0]} to {sessions[-1]}, {what}: {spans}.",
    )


def _estimates(points: Sequence[ReliabilityPoint]) -> tuple[FloatArray, FloatArray, FloatArray]:
    value = np.array([point.observed.value for point in points])
    lower = np.array([point.observed.lower for point in points])
    upper = np.array([point.observed.upper for point in points])
    # With too few days for an interval the area shrinks to the line.
    known = np.isfinite(lower) & np.isfinite(upper)
    return value, np.where(known, lower, value), np.where(known, upper, value)


def _limits(values: FloatArray) -> tuple[float, float]:
    lowest, highest = min(0.0, float(np.nanmin(values))), max(0.0, float(np.nanmax(values)))
    margin = 0.08 * (highest - lowest) or 1.0
    return lowest - margin, highest + margin


def _percent(value: float, bottom: float, top: float) -> float:
    return round(100.0 * (top - value) / (top - bottom), 2)


def _down(values: FloatArray, bottom: float, top: float) -> FloatArray:
    return SIZE * (top - values) / (top - bottom)


def _path(across: FloatArray, values: FloatArray, bottom: float, top: float) -> str:
    """Return the line through the values that are there; a gap lifts the pen."""
    parts = []
    drawing = False
    for x, y in zip(across.tolist(), _down(values, bottom, top).tolist(), strict=True):
        if np.isfinite(y):
            parts.append(f"{'L' if drawing else 'M'}{x:.1f} {y:.1f}")
        drawing = bool(np.isfinite(y))
    return "".join(parts)


def _area(across: FloatArray, upper: FloatArray, lower: FloatArray) -> str:
    there = zip(across.tolist(), upper.tolist(), strict=True)
    back = zip(across[::-1].tolist(), lower[::-1].tolist(), strict=True)
    return "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (*there, *back)) + "Z"


def _value_ticks(bottom: float, top: float) -> tuple[AxisTick, ...]:
    rough = (top - bottom) / _TICKS
    power = 10.0 ** floor(log10(rough))
    step = power * next(factor for factor in (1, 2, 5, 10) if factor * power >= 0.999 * rough)
    places = max(0, -floor(log10(step)))
    return tuple(
        AxisTick(
            _percent(number * step, bottom, top),
            f"{number * step:.{places}f}".replace("-", MINUS),
        )
        for number in range(ceil(bottom / step), floor(top / step) + 1)
    )


def _year_ticks(sessions: SessionArray) -> tuple[AxisTick, ...]:
    """Return the first session of each year, or of every few when there are many."""
    years = sessions.astype("datetime64[Y]").astype(int) + 1970
    first = [row for row in range(1, len(years)) if years[row] != years[row - 1]]
    every = max(1, ceil(len(first) / 8))
    return tuple(
        AxisTick(round(100.0 * row / max(1, len(years) - 1), 2), str(years[row]))
        for row in first[::every]
    )
