"""Losses and baselines are what their definitions say."""

from __future__ import annotations

from math import exp, log
from statistics import NormalDist

import numpy as np
import pytest

from oracle.domain.forecasts import LEVELS
from oracle.forecasting.evaluation.baselines import ewma_volatility as evaluation_volatility
from oracle.forecasting.scoring import (
    crps,
    empirical_quantiles,
    ewma_volatility,
    gaussian_quantiles,
    known_log_returns,
)

RETURNS = np.random.default_rng(5).normal(0.0, 0.02, 400)


def test_crps_of_a_certain_forecast_is_its_absolute_error() -> None:
    """With all quantiles on one point the score is the absolute error over the last close."""
    assert crps(np.full(39, 100.0), 104.0, 80.0) == pytest.approx(4.0 / 80.0)
    assert crps(np.full(39, 100.0), 100.0, 80.0) == 0.0


def test_crps_prefers_the_true_distribution() -> None:
    """On average no other width scores better than the one the outcomes are drawn from."""
    normal = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
    outcomes = np.random.default_rng(1).normal(0.0, 1.0, 4_000)
    scores = {
        width: np.mean([crps(100.0 + width * normal, 100.0 + each, 100.0) for each in outcomes])
        for width in (0.7, 1.0, 1.4)
    }
    assert min(scores, key=lambda width: scores[width]) == 1.0


def test_ewma_volatility_is_the_one_that_backtests_are_scored_with() -> None:
    """The closed form equals the last row of the recursion over all sessions."""
    recursion = evaluation_volatility(RETURNS[:, None])[-1, 0]
    assert ewma_volatility(RETURNS) == pytest.approx(recursion, rel=1e-12)


def test_baselines_start_from_the_last_close() -> None:
    """The Gaussian's median is the last close; the empirical one's that of the last 250 returns."""
    gaussian, empirical = gaussian_quantiles(RETURNS, 50.0), empirical_quantiles(RETURNS, 50.0)
    assert gaussian is not None
    assert empirical is not None
    volatility = ewma_volatility(RETURNS)
    assert volatility is not None
    assert gaussian[19] == pytest.approx(50.0)
    assert gaussian[-1] == pytest.approx(50.0 * exp(1.959964 * volatility))
    assert empirical[19] == pytest.approx(50.0 * exp(np.median(RETURNS[-250:])))
    assert np.all(np.diff(gaussian) > 0.0)


def test_baselines_abstain_where_predictions_do() -> None:
    """With fewer than 60 sessions, thus 59 returns, there is no baseline."""
    assert gaussian_quantiles(RETURNS[:58], 50.0) is None
    assert empirical_quantiles(RETURNS[:58], 50.0) is None
    assert gaussian_quantiles(RETURNS[:59], 50.0) is not None
    assert empirical_quantiles(RETURNS[:59], 50.0) is not None


def test_returns_around_a_missing_close_are_left_out() -> None:
    """Neither the way into a gap nor the way out of it is a return of one session."""
    returns = known_log_returns([100.0, 110.0, float("nan"), 120.0, 0.0, 90.0, 99.0])
    assert returns == pytest.approx([log(1.1), log(1.1)])
