"""The baselines equal their definitions and know nothing of the future."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.domain.forecasts import LEVELS
from oracle.forecasting.evaluation import Baseline, score_baselines
from tests.unit.forecasting.evaluation import reference
from tests.unit.forecasting.evaluation.examples import gappy_closes

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.domain.prices import FloatArray

CLOSES = gappy_closes()
ORIGINS = np.array([30, 59, 60, 61, 150, 151, 202, 203, 205, 270, 388, 390, 418])


def last_close(closes: list[float | None], t: int, levels: list[float]) -> list[float] | None:
    """All of the distribution at the last close."""
    last = closes[t]
    return None if last is None else [last] * len(levels)


REFERENCES: dict[Baseline, Callable[..., list[float] | None]] = {
    Baseline.LAST_CLOSE: last_close,
    Baseline.DRIFT: reference.drift_quantiles,
    Baseline.ROLLING: reference.rolling_quantiles,
    Baseline.EWMA: reference.ewma_quantiles,
}


@pytest.mark.parametrize("baseline", Baseline)
def test_baseline_equals_its_definition(baseline: Baseline) -> None:
    """Each stock-day's scores are those of the formula read literally, gaps included."""
    scores = score_baselines(CLOSES, ORIGINS)[baseline]
    compared = 0
    for column in range(CLOSES.shape[1]):
        closes = [float(c) if np.isfinite(c) else None for c in CLOSES[:, column]]
        for row, origin in enumerate(ORIGINS.tolist()):
            quantiles = REFERENCES[baseline](closes, origin, list(LEVELS))
            last, outcome = closes[origin], closes[origin + 1]
            if quantiles is None or outcome is None or last is None:
                assert not scores.scored[row, column]
                continue
            compared += 1
            expected = reference.crps(quantiles, outcome, last, list(LEVELS))
            assert scores.crps[row, column] == pytest.approx(expected, rel=1e-9)
            error = abs(outcome - quantiles[19]) / last
            assert scores.absolute_error[row, column] == pytest.approx(error, rel=1e-9, abs=1e-13)
            inside = quantiles[3] - 1e-12 <= outcome <= quantiles[35] + 1e-12  # levels 0.1, 0.9
            assert bool(scores.inside(0.8)[row, column]) == inside
    assert compared > 15


@pytest.mark.parametrize("garbage", [1e-6, 1e6, np.nan])
def test_later_rows_change_no_baseline(garbage: float) -> None:
    """Scores up to an origin are the same, whatever comes after its outcome."""
    destroyed = CLOSES.copy()
    destroyed[272:] = garbage
    origins = np.arange(100, 271)
    for baseline, scores in score_baselines(CLOSES, origins).items():
        again = score_baselines(destroyed, origins)[baseline]
        np.testing.assert_array_equal(again.crps, scores.crps)
        np.testing.assert_array_equal(again.widths, scores.widths)


def test_origins_in_blocks_or_one_by_one_are_the_same() -> None:
    """How many rows are worked on at once is no part of the result."""
    origins = np.arange(100, 170)
    together = score_baselines(CLOSES, origins)
    for row in (0, 31, 32, 69):
        alone = score_baselines(CLOSES, origins[row : row + 1])
        for baseline in Baseline:
            np.testing.assert_allclose(
                alone[baseline].crps[0], together[baseline].crps[row], rtol=1e-12
            )


def constant(value: float) -> FloatArray:
    """Return closes that never move."""
    return np.full((120, 1), value)


def test_prices_that_stand_still_are_scored_without_a_warning() -> None:
    """No width and no error: everything is zero, nothing divides by it."""
    for scores in score_baselines(constant(42.0), np.arange(100, 119)).values():
        np.testing.assert_allclose(scores.crps, 0.0, atol=1e-15)
