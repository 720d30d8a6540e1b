"""Outcomes and forecasts to evaluate, made from simulated closes."""

from __future__ import annotations

from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.forecasts import LEVELS
from oracle.forecasting.evaluation import Outcomes, Scores, score_baselines, score_forecasts
from tests.unit.forecasting.simulated_market import FIRST_DAY, simulate_closes

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray
    from oracle.forecasting.evaluation import Baseline

NORMAL = np.array([NormalDist().inv_cdf(level) for level in LEVELS])


class Example:
    """A market of known volatility, with scores of a forecaster that knows it."""

    def __init__(self, days: int = 400, stocks: int = 4, seed: int = 3) -> None:
        """Make closes of independent Gaussian returns of 1 % a day."""
        generator = np.random.default_rng(seed)
        returns = 0.01 * generator.standard_normal((days + 101, stocks))
        self.closes: FloatArray = 50.0 * np.exp(np.cumsum(returns, axis=0))
        self.origins = np.arange(100, 100 + days)
        self.outcomes = Outcomes(
            sessions=np.busday_offset(FIRST_DAY, self.origins + 1),
            symbols=tuple(f"S{column}" for column in range(stocks)),
            last=self.closes[self.origins],
            actual=self.closes[self.origins + 1],
        )
        self.baselines: dict[Baseline, Scores] = score_baselines(self.closes, self.origins)

    def gaussian(self, deviation: float = 0.01, mean: float = 0.0) -> Scores:
        """Return the scores of a Gaussian forecast of the log return."""
        last = self.outcomes.last
        quantiles = last[..., None] * np.exp(mean + deviation * NORMAL)
        return score_forecasts(
            last * np.exp(mean), quantiles, actual=self.outcomes.actual, last=last
        )


def gappy_closes() -> FloatArray:
    """Return simulated closes [420, 3] with gaps, a late listing and an early end."""
    closes = simulate_closes(420, 3, seed=5)
    closes[:90, 1] = np.nan
    closes[200:203, 0] = np.nan
    closes[390:, 2] = np.nan
    return closes
