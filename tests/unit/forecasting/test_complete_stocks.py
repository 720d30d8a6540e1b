"""Stocks without gaps are forecast in fewer passes, to the same numbers as all others."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.forecasting import Panel, fit_pool, forecast_panel
from oracle.forecasting.block_filters import block_filter
from oracle.forecasting.complete_stocks import complete_path
from oracle.forecasting.smoothing import BLOCK, exponential_sums
from oracle.forecasting.workings import SMALL_POOL, work_out
from tests.unit.forecasting.simulated_market import simulated_panel, with_bars


def pool_of(sessions: int, stocks: int, seed: int, *, bars: bool) -> Panel:
    """Return a made-up pool without gaps."""
    panel = simulated_panel(sessions, stocks, seed)
    return with_bars(panel, seed) if bars else panel


@settings(max_examples=25, deadline=None)
@given(
    sessions=st.integers(60, 420),
    stocks=st.integers(1, 5),
    seed=st.integers(0, 2**16),
    bars=st.booleans(),
)
def test_both_paths_agree(sessions: int, stocks: int, seed: int, *, bars: bool) -> None:
    """A, lean and every error are the same to 1e-11, whatever the length of the past."""
    panel = pool_of(sessions, stocks, seed, bars=bars)
    fit = fit_pool(panel)
    path = complete_path(fit, with_ranges=bars)
    assert path is not None

    outcome, workings = path.follow(panel), work_out(fit, panel)

    assert outcome.complete.all()
    known = workings.errors[-len(outcome.errors) :]
    assert np.isnan(workings.errors[: -len(outcome.errors)]).all()
    np.testing.assert_allclose(outcome.scale, workings.path.scale[-1], rtol=1e-11)
    np.testing.assert_allclose(outcome.lean, workings.lean[-1], rtol=1e-11, atol=1e-12)
    np.testing.assert_allclose(outcome.errors, known, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("price", [np.nan, np.inf, 0.0, -1.0, 1e9])
def test_stock_with_a_gap_is_left_to_the_general_path(price: float) -> None:
    """One bad close makes its own stock incomplete and touches no other."""
    panel = simulated_panel(sessions=300, stocks=3)
    path = complete_path(fit_pool(panel), with_ranges=False)
    assert path is not None
    whole = path.follow(panel)
    panel.closes[120, 1] = price

    outcome = path.follow(panel)

    assert outcome.complete.tolist() == [True, False, True]
    np.testing.assert_array_equal(outcome.scale[[0, 2]], whole.scale[[0, 2]])


@pytest.mark.parametrize(
    ("part", "factor"),
    [
        *(("high", 3.0), ("high", 0.5), ("low", 2.0), ("open", 1.5), ("open", np.nan)),
        *(("high", 1.3), ("low", 0.75)),
    ],
)
def test_stock_with_a_bad_bar_is_left_to_the_general_path(part: str, factor: float) -> None:
    """One bar without a range that can be true makes its own stock incomplete."""
    panel = with_bars(simulated_panel(sessions=300, stocks=3))
    path = complete_path(fit_pool(panel), with_ranges=True)
    assert path is not None
    prices = getattr(panel, part)
    prices[120, 1] *= factor

    assert path.follow(panel).complete.tolist() == [True, False, True]


def test_bar_that_is_one_price_is_left_to_the_general_path() -> None:
    """A close repeated four times has no range, on whichever path."""
    panel = with_bars(simulated_panel(sessions=300, stocks=3))
    path = complete_path(fit_pool(panel), with_ranges=True)
    assert path is not None
    for prices in (panel.open, panel.high, panel.low):
        assert prices is not None
        prices[120, 1] = panel.closes[120, 1]

    assert path.follow(panel).complete.tolist() == [True, False, True]


def test_stock_that_stands_still_for_long_is_left_to_the_general_path() -> None:
    """A price whose mean move fades to nothing is not complete."""
    panel = simulated_panel(sessions=1000, stocks=2)
    path = complete_path(fit_pool(panel), with_ranges=False)
    assert path is not None
    panel.closes[100:, 1] = panel.closes[100, 1]

    assert path.follow(panel).complete.tolist() == [True, False]


def test_company_changes_no_number() -> None:
    """Beside stocks with gaps a stock is forecast as alone, in its own column."""
    pool = simulated_panel(sessions=300, stocks=SMALL_POOL + 1)
    fit = fit_pool(pool)
    panel = pool.columns([0, 1, 2, 3, 4])
    alone = forecast_panel(fit, panel)
    panel.closes[50, [0, 3]] = np.nan

    forecast = forecast_panel(fit, panel)

    whole = [1, 2, 4]
    np.testing.assert_array_equal(
        forecast.log_return_quantiles[whole], alone.log_return_quantiles[whole]
    )
    assert forecast.observations.tolist() == [298, 300, 300, 298, 300]


def test_small_pool_forecasts_itself_from_what_its_fit_computed() -> None:
    """The kept numbers are used for the very same prices alone, and change nothing."""
    panel = simulated_panel(sessions=300, stocks=5)
    fit = fit_pool(panel)
    assert fit.workings_of(panel) is not None
    restored = type(fit).from_json(fit.to_json())
    assert restored.workings_of(panel) is None
    np.testing.assert_array_equal(
        forecast_panel(fit, panel).log_return_quantiles,
        forecast_panel(restored, panel).log_return_quantiles,
    )
    panel.closes[50, 0] *= 1.01
    assert fit.workings_of(panel) is None


def test_large_pool_keeps_nothing() -> None:
    """What a large pool's fit computed would fill the memory, and others are faster without."""
    panel = simulated_panel(sessions=100, stocks=SMALL_POOL + 1)
    assert fit_pool(panel).workings_of(panel) is None


def test_filter_is_the_weighted_sum_of_its_exponential_sums() -> None:
    """Two inputs with three half-lives give what making all sums and adding them up gives."""
    generator = np.random.default_rng(2)
    first, second = generator.standard_normal((2, 3 * BLOCK, 4))
    weights = generator.standard_normal((3, 3 * BLOCK))
    entering = generator.uniform(0.5, 2.0, 3 * BLOCK)
    combined = block_filter(((1.0, 21.0), (250.0,)), weights, entering)
    room = combined.room(4)
    room[:, combined.rows(0)] = first.reshape(3, BLOCK, 4)
    room[:, combined.rows(1)] = second.reshape(3, BLOCK, 4)

    total = combined.apply(room).reshape(3 * BLOCK, 4)

    sums = [
        *exponential_sums(first * entering[:, None], (1.0, 21.0)),
        *exponential_sums(second * entering[:, None], (250.0,)),
    ]
    expected = sum(w[:, None] * s for w, s in zip(weights, sums, strict=True))
    np.testing.assert_allclose(total, expected, rtol=1e-11, atol=1e-12)
