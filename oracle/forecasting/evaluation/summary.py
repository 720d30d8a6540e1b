"""The whole evaluation of one forecaster against the baselines, from their scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.evaluation.baselines import Baseline
from oracle.forecasting.evaluation.calibration import (
    ROLLING_DAYS,
    Coverage,
    ReliabilityPoint,
    measure_coverage,
    measure_reliability,
    rolling_mean,
    rolling_share,
)
from oracle.forecasting.evaluation.inference import BlockBootstrap, Estimate, diebold_mariano
from oracle.forecasting.evaluation.scores import BANDS
from oracle.forecasting.evaluation.selection import Selection, measure_selection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.random import Generator

    from oracle.domain.prices import FloatArray, SessionArray
    from oracle.forecasting.evaluation.scores import Mask, Outcomes, Scores


class NothingToScore(ValueError):
    """There is no stock-day on which forecaster, baselines and outcome are all known."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One baseline beside the forecaster.

    `error_ratio` is the forecaster's absolute error over the baseline's, `crps_ratio` its CRPS over
    the baseline's, both pooled; below one the forecaster is better, and its t is negative
    (Diebold and Mariano). The baseline's own ratios are to the last close.
    """

    baseline: Baseline
    error_ratio: Estimate
    crps_ratio: Estimate
    own_error: float
    own_crps: float
    own_coverage: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """The figures of one year or one stock."""

    name: str
    forecasts: int
    error_ratio: float
    crps_ratios: dict[Baseline, float]
    coverage: tuple[float, ...]
    width: float


@dataclass(frozen=True, slots=True, eq=False)
class RollingFigures:
    """Coverage and width [M, 3] of BANDS over the 250 days up to each of `sessions` [M]."""

    sessions: SessionArray
    coverage: FloatArray
    width: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Everything measured of one forecaster.

    `forecasts` stock-days were scored; on `abstained` more the baselines spoke and it did not.
    `mean_error` and `mean_crps` are over the last close. Every other figure is over exactly the
    scored stock-days, the baselines' too.
    """

    days: int
    stocks: int
    forecasts: int
    abstained: int
    mean_error: Estimate
    mean_crps: Estimate
    comparisons: tuple[Comparison, ...]
    coverage: tuple[Coverage, ...]
    reliability: tuple[ReliabilityPoint, ...]
    selection: Selection
    years: tuple[Slice, ...]
    by_stock: tuple[Slice, ...]
    rolling: RollingFigures

    def against(self, baseline: Baseline) -> Comparison:
        """Return the comparison with that baseline."""
        return next(one for one in self.comparisons if one.baseline is baseline)


def evaluate(
    outcomes: Outcomes, scores: Scores, baselines: Mapping[Baseline, Scores], generator: Generator
) -> Evaluation:
    """Return the evaluation of `scores` beside those of the baselines.

    Only stock-days count that every method has a score for, so that all are judged on the same
    ones. `generator` draws the bootstrap's resamples. Raises NothingToScore.
    """
    possible = np.logical_and.reduce([baseline.scored for baseline in baselines.values()])
    there = possible & scores.scored
    if not there.any():
        raise NothingToScore("no stock-day has a forecast, an outcome and every baseline")
    bootstrap = BlockBootstrap(len(there), generator)
    count = there.sum(axis=1)
    return Evaluation(
        days=int((count > 0).sum()),
        stocks=int(there.any(axis=0).sum()),
        forecasts=int(count.sum()),
        abstained=int((possible & ~scores.scored).sum()),
        mean_error=bootstrap.ratio(_daily_sum(scores.absolute_error, there), count),
        mean_crps=bootstrap.ratio(_daily_sum(scores.crps, there), count),
        comparisons=tuple(
            _compare(name, scores, baseline, there, bootstrap)
            for name, baseline in baselines.items()
        ),
        coverage=measure_coverage(outcomes, scores, there, bootstrap),
        reliability=measure_reliability(scores, there, bootstrap),
        selection=measure_selection(outcomes, scores, there, bootstrap),
        years=tuple(_years(outcomes, scores, baselines, there)),
        by_stock=tuple(_stocks(outcomes, scores, baselines, there)),
        rolling=_rolling(outcomes, scores, there),
    )


def _compare(
    name: Baseline, scores: Scores, baseline: Scores, there: Mask, bootstrap: BlockBootstrap
) -> Comparison:
    error, own_error = scores.absolute_error, baseline.absolute_error
    return Comparison(
        baseline=name,
        error_ratio=bootstrap.ratio(
            _daily_sum(error, there),
            _daily_sum(own_error, there),
            diebold_mariano(error, own_error, there),
        ),
        crps_ratio=bootstrap.ratio(
            _daily_sum(scores.crps, there),
            _daily_sum(baseline.crps, there),
            diebold_mariano(scores.crps, baseline.crps, there),
        ),
        own_error=float(own_error[there].mean()),
        own_crps=float(baseline.crps[there].mean()),
        own_coverage=_coverage(baseline, there),
    )


def _years(
    outcomes: Outcomes, scores: Scores, baselines: Mapping[Baseline, Scores], there: Mask
) -> Iterator[Slice]:
    years = outcomes.sessions.astype("datetime64[Y]")
    for year in np.unique(years):
        part = years == year
        if there[part].any():
            yield _slice(str(year), scores, baselines, (part, slice(None)), there[part])


def _stocks(
    outcomes: Outcomes, scores: Scores, baselines: Mapping[Baseline, Scores], there: Mask
) -> Iterator[Slice]:
    for column, symbol in enumerate(outcomes.symbols):
        if there[:, column].any():
            part = (slice(None), column)
            yield _slice(symbol, scores, baselines, part, there[part])


def _slice(
    name: str,
    scores: Scores,
    baselines: Mapping[Baseline, Scores],
    part: tuple[Mask | slice, slice | int],
    there: Mask,
) -> Slice:
    crps = float(scores.crps[part][there].sum())
    error = float(scores.absolute_error[part][there].sum())
    naive = float(baselines[Baseline.LAST_CLOSE].absolute_error[part][there].sum())
    inside = [scores.inside(level)[part][there] for level in BANDS]
    return Slice(
        name=name,
        forecasts=int(there.sum()),
        error_ratio=_ratio(error, naive),
        crps_ratios={
            baseline: _ratio(crps, float(own.crps[part][there].sum()))
            for baseline, own in baselines.items()
        },
        coverage=tuple(float(share.mean()) for share in inside),
        width=float(scores.widths[(*part, BANDS.index(0.8))][there].mean()),
    )


def _rolling(outcomes: Outcomes, scores: Scores, there: Mask) -> RollingFigures:
    coverage = [rolling_share(scores.inside(level), there) for level in BANDS]
    width = [rolling_mean(scores.widths[..., band], there) for band in range(len(BANDS))]
    return RollingFigures(
        sessions=outcomes.sessions[ROLLING_DAYS - 1 :],
        coverage=np.column_stack(coverage),
        width=np.column_stack(width),
    )


def _coverage(scores: Scores, there: Mask) -> tuple[float, ...]:
    return tuple(float(scores.inside(level)[there].mean()) for level in BANDS)


def _daily_sum(values: FloatArray, there: Mask) -> FloatArray:
    total: FloatArray = np.where(there, values, 0.0).sum(axis=1)
    return total


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator > 0.0 else float("nan")
