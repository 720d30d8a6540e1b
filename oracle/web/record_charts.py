"""Geometry of the record's pictures: stated against observed, over time, and what 100 became."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING, Final

from oracle.web import formatting
from oracle.web.charts import HEIGHT, WIDTH, Tick, round_step

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.domain.track_record import BestBuyValue, Coverage, RollingCoverage

HEADLINE_LEVEL: Final = 0.8
_TICKS = 4
_TIME_TICKS = 4


@dataclass(frozen=True, slots=True)
class ReliabilityDot:
    """One level's observed share and its interval's ends, in per cent of the picture."""

    across: float
    down: float
    top: float
    bottom: float
    text: str


@dataclass(frozen=True, slots=True)
class ReliabilityDiagram:
    """Observed against stated level; what is calibrated lies on the diagonal."""

    dots: tuple[ReliabilityDot, ...]
    across_ticks: tuple[Tick, ...]
    down_ticks: tuple[Tick, ...]
    summary: str


@dataclass(frozen=True, slots=True)
class Course:
    """Lines over sessions in a WIDTH x HEIGHT box, with the height of what they are compared to."""

    lines: tuple[str, ...]
    reference: float
    down_ticks: tuple[Tick, ...]
    time_ticks: tuple[Tick, ...]
    summary: str


def draw_reliability(coverages: Sequence[Coverage]) -> ReliabilityDiagram:
    """Return the diagram of at least one level."""
    ends = [
        end
        for each in coverages
        for end in (each.level, each.share.value, each.share.lower, each.share.upper)
        if end is not None
    ]
    first = 0.2 * floor(min(ends) / 0.2)

    def place(level: float) -> float:
        return round(100.0 * (level - first) / (1.0 - first), 2)

    marks = [0.2 * step for step in range(round(first / 0.2), 6)]
    spoken = "; ".join(
        f"{formatting.level(each.level)} stated, "
        f"{formatting.percent(100.0 * each.share.value, 1)} observed"
        for each in coverages
    )
    return ReliabilityDiagram(
        dots=tuple(
            ReliabilityDot(
                across=place(each.level),
                down=100.0 - place(each.share.value),
                top=100.0 - place(_or_value(each.share.upper, each.share.value)),
                bottom=100.0 - place(_or_value(each.share.lower, each.share.value)),
                text=formatting.level(each.level),
            )
            for each in coverages
        ),
        across_ticks=tuple(Tick(place(mark), formatting.level(mark)) for mark in marks[1:]),
        down_ticks=tuple(Tick(100.0 - place(mark), formatting.level(mark)) for mark in marks),
        summary=f"Share of closes in each range: {spoken}.",
    )


def draw_coverage(rolling: Sequence[RollingCoverage]) -> Course | None:
    """Return the 80 % range's coverage over time, or None with fewer than two stretches."""
    if len(rolling) < 2:  # noqa: PLR2004 - a line needs two points
        return None
    shares = [100.0 * each.share for each in rolling]
    level = 100.0 * HEADLINE_LEVEL
    return _draw(
        [each.session for each in rolling],
        [shares],
        level,
        [formatting.percent(tick, 0) for tick in _marks([*shares, level])],
        f"The 80\N{NARROW NO-BREAK SPACE}% range held between "
        f"{formatting.percent(min(shares), 0)} and {formatting.percent(max(shares), 0)} of the "
        f"closes, last {formatting.percent(shares[-1], 0)}.",
    )


def draw_best_buys(course: Sequence[BestBuyValue]) -> Course | None:
    """Return what 100 became in the best buys and in all, or None with fewer than two sessions."""
    if len(course) < 2:  # noqa: PLR2004 - a line needs two points
        return None
    best, everything = [each.best for each in course], [each.everything for each in course]
    return _draw(
        [each.session for each in course],
        [everything, best],
        100.0,
        [formatting.decimal(tick, 0) for tick in _marks([*best, *everything, 100.0])],
        f"100 became {formatting.decimal(best[-1])} in the best buys after costs, and "
        f"{formatting.decimal(everything[-1])} in all of them.",
    )


def _draw(
    sessions: Sequence[date],
    lines: Sequence[Sequence[float]],
    reference: float,
    labels: Sequence[str],
    summary: str,
) -> Course:
    values = [reference, *(value for line in lines for value in line)]
    marks = _marks(values)
    bottom, top = marks[0], marks[-1]
    last = len(sessions) - 1

    def down(value: float) -> float:
        return (top - value) / (top - bottom)

    return Course(
        lines=tuple(
            "M"
            + "L".join(
                f"{WIDTH * index / last:.1f} {HEIGHT * down(value):.1f}"
                for index, value in enumerate(line)
            )
            for line in lines
        ),
        reference=round(100.0 * down(reference), 2),
        down_ticks=tuple(
            Tick(round(100.0 * down(mark), 2), label)
            for mark, label in zip(marks, labels, strict=True)
        ),
        time_ticks=_name_months(sessions),
        summary=f"From {formatting.session(sessions[0])} to {formatting.session(sessions[-1])}: "
        f"{summary[0].lower()}{summary[1:]}",
    )


def _marks(values: Sequence[float]) -> list[float]:
    """Return round whole numbers, two at least, from below the least of these to above the most."""
    lowest, highest = min(values), max(values)
    step = ceil(round_step((highest - lowest) / _TICKS or 1.0))
    first, last = floor(lowest / step), ceil(highest / step)
    if first == last:
        first, last = first - 1, last + 1
    return [float(step * number) for number in range(first, last + 1)]


def _name_months(sessions: Sequence[date]) -> tuple[Tick, ...]:
    """Return the first sessions of so many months, away from the picture's edges."""
    last = len(sessions) - 1
    starts = [
        (100.0 * index / last, sessions[index])
        for index in range(1, last)
        if sessions[index].month != sessions[index - 1].month
    ]
    every = max(1, ceil(len(starts) / _TIME_TICKS))
    return tuple(
        Tick(round(position, 2), formatting.month(day))
        for position, day in starts[every // 2 :: every]
        if 10.0 < position < 90.0  # noqa: PLR2004 - a name is about a fifth of the picture wide
    )


def _or_value(end: float | None, value: float) -> float:
    return value if end is None else end
