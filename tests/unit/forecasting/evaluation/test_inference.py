"""Tests and intervals equal their definitions and hold what they promise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.forecasting.evaluation.inference import (
    BlockBootstrap,
    diebold_mariano,
    newey_west_lags,
    newey_west_t,
)
from tests.unit.forecasting.evaluation import reference


@given(
    series=st.lists(st.floats(-1.0, 1.0), min_size=12, max_size=60),
    lags=st.integers(0, 8),
)
def test_newey_west_equals_its_definition(series: list[float], lags: int) -> None:
    """The statistic is the mean over its Bartlett-weighted standard error."""
    values = np.array(series) + np.linspace(0.0, 0.3, len(series)) ** 2
    t = newey_west_t(values, lags)
    if np.isfinite(t):
        assert t == pytest.approx(reference.newey_west_t(values.tolist(), lags), rel=1e-6)


@pytest.mark.parametrize(("days", "lags"), [(50, 3), (100, 4), (750, 6), (1760, 7), (8000, 10)])
def test_lags_follow_the_rule(days: int, lags: int) -> None:
    """The number of lags grows with the days to the power of two ninths."""
    assert newey_west_lags(days) == lags


def test_without_variation_or_days_there_is_no_t() -> None:
    """A constant series and a very short one give no statistic instead of an infinite one."""
    assert np.isnan(newey_west_t(np.full(100, 0.25)))
    assert np.isnan(newey_west_t(np.zeros(100)))
    assert np.isnan(newey_west_t(np.array([1.0, 2.0, np.nan])))


def test_missing_days_are_left_out() -> None:
    """A day without a value counts for nothing."""
    series = np.random.default_rng(4).standard_normal(100)
    with_gaps = np.insert(series, [0, 50, 100], np.nan)
    assert newey_west_t(with_gaps) == pytest.approx(newey_west_t(series))


def test_dependence_makes_less_sure() -> None:
    """Days that resemble each other weigh less than as many independent ones."""
    generator = np.random.default_rng(5)
    shocks = generator.standard_normal(2000)
    slow = np.convolve(shocks, np.ones(5) / 5, mode="valid") + 0.1
    assert abs(newey_west_t(slow)) < 0.7 * abs(newey_west_t(slow, lags=0))


def test_the_test_of_losses_has_a_sign_and_a_mirror() -> None:
    """Losing less gives a negative t, and the sides exchanged give the opposite."""
    generator = np.random.default_rng(6)
    first = generator.random((200, 3))
    second = first + 0.1 * generator.random((200, 3))
    there = generator.random((200, 3)) < 0.9
    t = diebold_mariano(first, second, there)
    assert t < -5.0
    assert diebold_mariano(second, first, there) == pytest.approx(-t)


def test_unknown_losses_do_not_enter() -> None:
    """Where there is no pair of losses nothing is counted, not even NaN."""
    generator = np.random.default_rng(7)
    first, second = generator.random((2, 50, 2))
    there = np.ones((50, 2), dtype=np.bool_)
    there[:, 1] = False
    spoilt = first.copy()
    spoilt[:, 1] = np.nan
    assert diebold_mariano(spoilt, second, there) == pytest.approx(
        diebold_mariano(first[:, :1], second[:, :1], there[:, :1])
    )


@pytest.mark.parametrize("days", [40, 47, 100])
def test_resamples_are_blocks_that_wrap_around(days: int) -> None:
    """Each resample's sum is that of its blocks laid end to end and cut at as many days."""
    daily = np.random.default_rng(8).standard_normal(days)
    bootstrap = BlockBootstrap(days, np.random.default_rng(9), resamples=25)
    blocks = -(-days // 20)
    starts = np.random.default_rng(9).integers(0, days, (25, blocks))
    expected = [reference.block_bootstrap_sum(daily.tolist(), row, 20) for row in starts.tolist()]
    np.testing.assert_allclose(bootstrap.sums(daily[:, None])[:, 0], expected, rtol=1e-9, atol=1e-9)


def test_intervals_are_reproducible_and_hold_the_figure() -> None:
    """One seed gives one interval, and another almost the same."""
    generator = np.random.default_rng(10)
    above, below = generator.random(500), 1.0 + generator.random(500)

    def interval(seed: int) -> tuple[float, float, float]:
        estimate = BlockBootstrap(500, np.random.default_rng(seed)).ratio(above, below)
        return estimate.lower, estimate.value, estimate.upper

    assert interval(1) == interval(1)
    lower, value, upper = interval(1)
    assert lower < value < upper
    np.testing.assert_allclose(interval(2), interval(1), rtol=0.02)
    assert value == pytest.approx(above.sum() / below.sum())


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """On dependent days the true mean lies inside in well over four of five markets."""
    inside = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        series = np.convolve(generator.standard_normal(404), np.ones(5) / 5, mode="valid")
        estimate = BlockBootstrap(400, generator, resamples=300).ratio(series, np.ones(400))
        inside += estimate.lower <= 0.0 <= estimate.upper
    assert 50 <= inside <= 60


def test_few_days_have_no_interval() -> None:
    """Under two blocks there is a value and no interval; without anything not even that."""
    estimate = BlockBootstrap(30, np.random.default_rng(1)).ratio(np.ones(30), np.full(30, 2.0))
    assert estimate.value == 0.5
    assert np.isnan(estimate.lower)
    assert np.isnan(BlockBootstrap(0, np.random.default_rng(1)).ratio(*np.empty((2, 0))).value)
