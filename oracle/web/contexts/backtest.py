"""What the report of a backtest shows, on a page or on the terminal, in finished words."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING

from oracle.forecasting.evaluation import Baseline, edge, standing, state_verdict
from oracle.web.backtest_charts import (
    Chart,
    draw_coverage,
    draw_deviation,
    draw_reliability,
    draw_width,
    place_ratios,
)
from oracle.web.formatting import NO_DATA, decimal, percent, session

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    import numpy as np

    from oracle.forecasting.evaluation import Coverage, Estimate, Evaluation, Slice
    from oracle.services.backtest_forecaster import Backtest

STOCKS_SHOWN = 40
"""With more stocks than this only the best and the worst half of as many are shown."""


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One figure: its name, the forecaster's value and interval, and the baselines' values."""

    name: str
    note: str
    value: str
    interval: str
    baselines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TestRow:
    """A figure with its interval, the t of its difference, and what follows from it."""

    name: str
    value: str
    interval: str
    t: str
    meaning: str


@dataclass(frozen=True, slots=True)
class SliceRow:
    """One year or stock, with the place of its CRPS ratio on an axis around one."""

    name: str
    forecasts: str
    error: str
    crps: str
    rolling: str
    coverage: tuple[str, ...]
    position: float
    is_better: bool


@dataclass(frozen=True, slots=True)
class BacktestPage:
    """The whole report."""

    title: str
    headline: str
    sentences: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    baselines: tuple[str, ...]
    figures: tuple[FigureRow, ...]
    tests: tuple[TestRow, ...]
    selection: tuple[TestRow, ...]
    worst: tuple[TestRow, ...]
    reliability: Chart
    deviation: Chart
    coverage: Chart | None
    width: Chart | None
    years: tuple[SliceRow, ...]
    by_stock: tuple[SliceRow, ...]
    stocks_left_out: int
    method: tuple[str, ...]
    caveats: tuple[str, ...]


def describe_backtest(backtest: Backtest) -> BacktestPage:
    """Return the report of a backtest."""
    evaluation = backtest.evaluation
    verdict = state_verdict(evaluation)
    ranked = sorted(evaluation.by_stock, key=lambda one: one.crps_ratios[Baseline.EWMA])
    half = STOCKS_SHOWN // 2
    shown = ranked if len(ranked) <= STOCKS_SHOWN else [*ranked[:half], *ranked[-half:]]
    return BacktestPage(
        title=f"Backtest of {backtest.forecaster}",
        headline=verdict.headline,
        sentences=verdict.sentences,
        facts=tuple(_facts(backtest)),
        baselines=tuple(str(one.baseline) for one in evaluation.comparisons),
        figures=tuple(_figures(evaluation)),
        tests=tuple(_tests(evaluation)),
        selection=tuple(_selection(evaluation)),
        worst=tuple(_worst(evaluation)),
        reliability=draw_reliability(evaluation.reliability),
        deviation=draw_deviation(evaluation.reliability),
        coverage=draw_coverage(evaluation),
        width=draw_width(evaluation),
        years=_slices(evaluation.years),
        by_stock=_slices(shown),
        stocks_left_out=len(ranked) - len(shown),
        method=tuple(_method(backtest)),
        caveats=tuple(_caveats(backtest)),
    )


def _facts(backtest: Backtest) -> Iterator[tuple[str, str]]:
    evaluation = backtest.evaluation
    yield "Forecaster", backtest.forecaster
    yield "Prices", backtest.table.name
    yield "Sessions", f"{_day(backtest.first_target)} to {_day(backtest.last_target)}"
    yield "Forecasts", f"{evaluation.forecasts:,} ({evaluation.stocks} stocks)"
    yield "Abstained", f"{evaluation.abstained:,}"
    yield "Computing time", f"{backtest.seconds:,.0f} s"


def _figures(evaluation: Evaluation) -> Iterator[FigureRow]:
    naive, ewma = evaluation.against(Baseline.LAST_CLOSE), evaluation.against(Baseline.EWMA)
    own = evaluation.comparisons
    yield FigureRow(
        "Point error",
        "mean absolute error; last close = 1",
        decimal(naive.error_ratio.value, 4),
        _interval(naive.error_ratio, 4),
        tuple(decimal(one.own_error / naive.own_error, 4) for one in own),
    )
    yield FigureRow(
        "Distribution",
        "CRPS; EWMA Gaussian = 1",
        decimal(ewma.crps_ratio.value, 4),
        _interval(ewma.crps_ratio, 4),
        tuple(decimal(one.own_crps / ewma.own_crps, 4) for one in own),
    )
    for band, coverage in enumerate(evaluation.coverage):
        yield FigureRow(
            f"{percent(100.0 * coverage.level, 0)} range",
            "closes that fell into it",
            percent(100.0 * coverage.observed.value, 1),
            _interval(coverage.observed, 1, 100.0),
            tuple(
                "\N{EN DASH}"  # A single price has no range that a close could fall into.
                if one.baseline is Baseline.LAST_CLOSE
                else percent(100.0 * one.own_coverage[band], 1)
                for one in own
            ),
        )


def _tests(evaluation: Evaluation) -> Iterator[TestRow]:
    for one in evaluation.comparisons:
        for name, ratio in (("Point error", one.error_ratio), ("CRPS", one.crps_ratio)):
            yield TestRow(
                f"{name} / {one.baseline}",
                decimal(ratio.value, 4),
                _interval(ratio, 4),
                decimal(ratio.t, 1),
                _meaning(standing(ratio)),
            )


def _selection(evaluation: Evaluation) -> Iterator[TestRow]:
    direction = evaluation.selection.direction
    advantage = direction.advantage
    yield TestRow(
        f"Direction: {percent(100.0 * direction.right.value, 1)} right, "
        f"always up {percent(100.0 * direction.always_up.value, 1)}",
        f"{decimal(100.0 * advantage.value, 2)} points",
        _interval(advantage, 2, 100.0),
        decimal(advantage.t, 1),
        _meaning(edge(advantage)),
    )
    correlation, pick = evaluation.selection.rank_correlation, evaluation.selection.top_pick
    if correlation is not None:
        yield TestRow(
            "Rank correlation of a day's stocks",
            decimal(correlation.value, 4),
            _interval(correlation, 4),
            decimal(correlation.t, 1),
            _meaning(edge(correlation)),
        )
    if pick is not None:
        yield TestRow(
            "Top pick over all stocks, per day, before costs",
            percent(100.0 * pick.value, 3),
            _interval(pick, 3, 100.0),
            decimal(pick.t, 1),
            _meaning(edge(pick)),
        )


def _worst(evaluation: Evaluation) -> Iterator[TestRow]:
    for coverage in evaluation.coverage:
        level = percent(100.0 * coverage.level, 0)
        window = f"{level} range, worst 250 days"
        yield _worst_row(window, ", up to ", coverage, coverage.worst_window)
        stock = f"{level} range, worst stock"
        yield _worst_row(stock, ": ", coverage, coverage.worst_stock)


def _worst_row(
    name: str, joint: str, coverage: Coverage, worst: tuple[str, float] | None
) -> TestRow:
    if worst is None:
        return TestRow(name, NO_DATA, "", "", "fewer than 250 days")
    where, share = worst
    error = 100.0 * (share - coverage.level)
    side = "too narrow there" if error < 0.0 else "too wide there"
    return TestRow(
        f"{name}{joint}{where}",
        percent(100.0 * share, 1),
        "",
        "",
        f"{abs(error):.1f} points {side}",
    )


def _slices(slices: Sequence[Slice]) -> tuple[SliceRow, ...]:
    ratios = [one.crps_ratios[Baseline.EWMA] for one in slices]
    positions, _ = place_ratios(ratios)
    return tuple(
        SliceRow(
            name=one.name,
            forecasts=f"{one.forecasts:,}",
            error=decimal(one.error_ratio, 4),
            crps=decimal(ratio, 4),
            rolling=decimal(one.crps_ratios[Baseline.ROLLING], 4),
            coverage=tuple(percent(100.0 * share, 1) for share in one.coverage),
            position=position,
            is_better=ratio < 1.0,
        )
        for one, ratio, position in zip(slices, ratios, positions, strict=True)
    )


def _method(backtest: Backtest) -> Iterator[str]:
    table, audit = backtest.table, backtest.audit
    basis = "Open, high, low and close were shown" if table.has_bars else "Only closes were shown"
    yield (
        f"Each session was forecast from at most {backtest.plan.window:,} sessions before it "
        f"(rolling origin). {basis} to the forecaster, all adjusted for splits and dividends."
    )
    yield (
        f"Audit: the forecasts for {len(audit.sessions)} sessions were made again after every "
        "later price had been replaced by rubbish, and came out the same."
    )
    yield (
        "Losses are divided by the last close, so that stocks of any price count alike. CRPS is "
        "the mean over 39 levels, from 0.025 to 0.975, of twice the pinball loss. Intervals are of "
        "95 per cent, from a circular block bootstrap over days (blocks of 20); t statistics are "
        "those of Diebold and Mariano with the variance of Newey and West. Every method is judged "
        "on exactly the same stocks and sessions; missing prices have weight zero."
    )


def _caveats(backtest: Backtest) -> Iterator[str]:
    yield from backtest.table.notices
    yield backtest.table.provenance
    yield (
        "A backtest is computed afterwards. Whoever designs a method has seen some of the past, "
        "even where the method itself has not; only predictions stored before the fact are proof."
    )


def _interval(estimate: Estimate, places: int, factor: float = 1.0) -> str:
    if not isfinite(estimate.lower):
        return ""
    lower, upper = (
        decimal(factor * estimate.lower, places),
        decimal(factor * estimate.upper, places),
    )
    return f"{lower} to {upper}"


def _meaning(difference: str) -> str:
    return "may be chance" if difference == "no different" else difference


def _day(moment: np.datetime64) -> str:
    day: date = moment.astype("datetime64[D]").item()
    return session(day)
