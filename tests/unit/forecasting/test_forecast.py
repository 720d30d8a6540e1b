"""Forecasts of panels: what changes them, what must not, and when nothing is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from oracle.domain.forecasts import LEVELS
from oracle.forecasting import (
    Panel,
    PanelForecast,
    fingerprint_inputs,
    fit_pool,
    forecast_panel,
    to_prices,
)
from oracle.forecasting.workings import STOCKS_AT_ONCE
from tests.unit.forecasting.simulated_market import panel_of, simulated_panel

POOL = simulated_panel(sessions=400, stocks=6)
FIT = fit_pool(POOL)
FORECAST = forecast_panel(FIT, POOL)


def assert_same(actual: PanelForecast, expected: PanelForecast, rtol: float = 1e-9) -> None:
    """Fail unless both forecasts hold the same numbers."""
    for name in ("expected_log_return", "scale", "log_return_quantiles"):
        np.testing.assert_allclose(
            getattr(actual, name), getattr(expected, name), rtol=rtol, atol=1e-13
        )
    assert actual.abstained.tolist() == expected.abstained.tolist()


def test_forecast_holds_a_distribution_per_stock() -> None:
    """Every stock has finite numbers, a positive scale and strictly increasing quantiles."""
    assert FORECAST.log_return_quantiles.shape == (6, len(LEVELS))
    assert np.isfinite(FORECAST.expected_log_return).all()
    assert (FORECAST.scale > 0.0).all()
    assert (np.diff(FORECAST.log_return_quantiles, axis=1) > 0.0).all()
    assert not FORECAST.abstained.any()
    assert FORECAST.observations.tolist() == [400] * 6
    assert FORECAST.as_of == POOL.sessions[-1].item()


@settings(max_examples=15)
@given(st.lists(st.floats(1e-3, 1e4), min_size=6, max_size=6))
def test_price_units_do_not_matter(factors: list[float]) -> None:
    """Multiplying a stock's closes by any factor leaves returns alone and scales its prices."""
    scaled = panel_of(POOL.closes * np.array(factors))
    forecast = forecast_panel(fit_pool(scaled), scaled)

    assert_same(forecast, FORECAST, rtol=1e-8)
    np.testing.assert_allclose(
        to_prices(forecast, scaled.closes[-1]).point,
        to_prices(FORECAST, POOL.closes[-1]).point * np.array(factors),
        rtol=1e-9,
    )


@settings(max_examples=15)
@given(st.permutations(range(6)))
def test_order_of_the_stocks_does_not_matter(order: list[int]) -> None:
    """Stocks in another order get the same numbers, in that order."""
    shuffled = POOL.columns(order)
    forecast = forecast_panel(fit_pool(shuffled), shuffled)

    np.testing.assert_allclose(forecast.scale, FORECAST.scale[order], rtol=1e-8)
    np.testing.assert_allclose(
        forecast.log_return_quantiles, FORECAST.log_return_quantiles[order], rtol=1e-8, atol=1e-12
    )


@pytest.mark.parametrize("column", range(6))
def test_stock_alone_gets_the_numbers_of_the_batch(column: int) -> None:
    """With the same fit it does not matter who else is asked for."""
    alone = forecast_panel(FIT, POOL.columns([column]))

    np.testing.assert_allclose(
        alone.log_return_quantiles[0], FORECAST.log_return_quantiles[column], rtol=1e-12, atol=1e-14
    )
    assert alone.reasons[0] == FORECAST.reasons[column]


@settings(max_examples=15)
@given(
    kept=st.integers(100, 399),
    garbage=st.sampled_from([np.nan, np.inf, 0.0, -1.0, 1e-9, 1e9]),
)
def test_later_rows_change_nothing(kept: int, garbage: float) -> None:
    """Neither the features nor the numbers of a fit see rows after it, whatever they hold."""
    past = Panel(POOL.symbols, POOL.sessions[:kept], POOL.closes[:kept])
    fit = fit_pool(past)
    destroyed = POOL.closes.copy()
    destroyed[kept:] = garbage

    for later in (POOL, panel_of(destroyed)):
        assert_same(forecast_panel(fit, later), forecast_panel(fit, past), rtol=0.0)


def test_restored_fit_forecasts_the_same_bits() -> None:
    """What another process computes from the stored fit is identical."""
    restored = type(FIT).from_json(FIT.to_json())
    forecast = forecast_panel(restored, POOL)

    np.testing.assert_array_equal(forecast.log_return_quantiles, FORECAST.log_return_quantiles)
    assert tuple(forecast.reasons) == tuple(FORECAST.reasons)


def test_one_stock_alone_is_its_own_pool() -> None:
    """A pool of one gives a forecast of its own size and no residual part."""
    single = POOL.columns([2])
    forecast = forecast_panel(fit_pool(single), single)

    assert not forecast.abstained[0]
    assert 0.5 < forecast.scale[0] / FORECAST.scale[2] < 2.0
    np.testing.assert_allclose(forecast.contributions.expected[:, 1:5], 0.0, atol=1e-15)


def test_outside_stock_is_forecast_with_the_pools_fit() -> None:
    """A stock that trained nothing, with a shorter past, gets numbers of its own size."""
    outside = simulated_panel(sessions=400, stocks=1, seed=99)
    calm = outside.closes.copy()
    wild = calm**3
    calm[:250] = wild[:250] = np.nan
    panel = Panel(("CALM", "WILD"), outside.sessions, np.column_stack([calm, wild]))

    forecast = forecast_panel(FIT, panel)

    assert not forecast.abstained.any()
    assert forecast.observations.tolist() == [150, 150]
    assert 2.0 < forecast.scale[1] / forecast.scale[0] < 4.0


def test_missing_rows_cost_their_returns_only() -> None:
    """A gap long ago moves the forecast a little; it invents nothing and spoils nothing."""
    closes = POOL.closes.copy()
    closes[100:103, 0] = np.nan
    forecast = forecast_panel(FIT, panel_of(closes))

    np.testing.assert_allclose(forecast.scale[0], FORECAST.scale[0], rtol=0.1)
    np.testing.assert_allclose(
        forecast.log_return_quantiles[1:], FORECAST.log_return_quantiles[1:], rtol=1e-12
    )
    assert forecast.observations[0] == 400 - 4


@pytest.mark.parametrize(("sessions", "refused"), [(1, True), (2, True), (59, True), (60, False)])
def test_too_short_a_past_says_so(sessions: int, *, refused: bool) -> None:
    """Under 60 usable sessions there is a sentence with the count, and no number at all."""
    closes = POOL.closes[:, :1].copy()
    closes[:-sessions] = np.nan
    forecast = forecast_panel(FIT, panel_of(closes))

    assert forecast.abstained[0] == refused
    assert forecast.observations[0] == sessions
    assert np.isnan(forecast.log_return_quantiles[0]).all() == refused
    if refused:
        assert f"Only {sessions} usable sessions" in forecast.reasons[0][0]
        assert np.isnan(to_prices(forecast, [10.0]).point[0])


def test_stock_without_any_price_abstains() -> None:
    """No closes at all give a refusal, not a warning."""
    forecast = forecast_panel(FIT, panel_of(np.full((400, 1), np.nan)))

    assert forecast.abstained[0]
    assert forecast.observations[0] == 0


def test_stale_stock_abstains_and_says_which_close_is_missing() -> None:
    """Without the close of the fit's session there is nothing to forecast from."""
    closes = POOL.closes.copy()
    closes[-1, 4] = np.nan
    forecast = forecast_panel(FIT, panel_of(closes))

    assert forecast.abstained.tolist() == [False, False, False, False, True, False]
    assert str(FIT.as_of) in forecast.reasons[4][0]


@pytest.mark.parametrize("still_from", [0, 379])
def test_price_that_stands_still_abstains(still_from: int) -> None:
    """Constant closes divide nothing by zero: they are refused, the others unharmed."""
    closes = POOL.closes.copy()
    closes[still_from:, 1] = 42.0
    closes[:still_from, 1] *= 42.0 / closes[max(0, still_from - 1), 1]
    forecast = forecast_panel(FIT, panel_of(closes))

    assert forecast.abstained.tolist() == [False, True, False, False, False, False]
    assert "hardly moved" in forecast.reasons[1][0]


def test_odd_move_makes_its_stock_abstain_for_a_while() -> None:
    """A price that is a hundred times the last one is not believed; the others are unharmed."""
    closes = POOL.closes.copy()
    closes[-1, 3] *= 100.0
    recent = forecast_panel(FIT, panel_of(closes))
    closes = POOL.closes.copy()
    closes[200:, 3] *= 100.0
    old = forecast_panel(FIT, panel_of(closes))

    assert recent.abstained.tolist() == [False, False, False, True, False, False]
    assert "factor of 2.5" in recent.reasons[3][0]
    assert not old.abstained.any()
    np.testing.assert_allclose(old.scale, FORECAST.scale, rtol=0.05)


def test_prices_follow_from_the_last_close() -> None:
    """Point and quantiles are the last close times the exponential of the log return."""
    prices = to_prices(FORECAST, [10.0] * 6)

    np.testing.assert_allclose(np.log(prices.point / 10.0), FORECAST.expected_log_return)
    np.testing.assert_allclose(
        np.log(prices.quantiles / 10.0), FORECAST.log_return_quantiles, atol=1e-14
    )


def test_fingerprint_names_exactly_the_inputs() -> None:
    """It changes with a close, the last close, and the fit; never with rows that are not used."""
    last = POOL.closes[-1]
    prints = fingerprint_inputs(FIT, POOL, last)
    touched = POOL.closes.copy()
    touched[5, 0] *= 1.0 + 1e-9
    other_fit = fit_pool(POOL.columns([0, 1, 2]))
    longer = simulated_panel(sessions=420, stocks=6)
    closes = np.vstack([POOL.closes, longer.closes[400:]])

    assert len(set(prints)) == 6
    assert all(len(digits) == 64 for digits in prints)
    changed = fingerprint_inputs(FIT, panel_of(touched), last)
    assert changed[0] != prints[0]
    assert changed[1:] == prints[1:]
    assert fingerprint_inputs(FIT, POOL, last + 1.0)[0] != prints[0]
    assert fingerprint_inputs(other_fit, POOL, last)[0] != prints[0]
    assert fingerprint_inputs(FIT, panel_of(closes), last) == prints
    assert fingerprint_inputs(FIT, POOL.columns([3]), last[3:4]) == prints[3:4]


def test_many_stocks_are_forecast_in_parts_like_one_by_one() -> None:
    """How many stocks are computed side by side shows in no number."""
    many = simulated_panel(sessions=400, stocks=2 * STOCKS_AT_ONCE + 3, seed=5)
    forecast = forecast_panel(FIT, many)

    assert forecast.scale.shape == (len(many.symbols),)
    for column in (0, STOCKS_AT_ONCE, len(many.symbols) - 1):
        alone = forecast_panel(FIT, many.columns([column]))
        np.testing.assert_allclose(
            alone.log_return_quantiles[0],
            forecast.log_return_quantiles[column],
            rtol=1e-12,
            atol=1e-14,
        )
        assert alone.reasons[0] == forecast.reasons[column]


def test_nobody_asked_for_is_an_empty_forecast() -> None:
    """A panel without stocks gives arrays of length zero, not an error."""
    assert forecast_panel(FIT, POOL.columns([])).log_return_quantiles.shape == (0, len(LEVELS))


def test_pool_changed_in_place_is_forecast_from_its_new_prices() -> None:
    """What a fit keeps of its own pool is used for the very same prices only."""
    panel = POOL.columns([0, 1, 2])
    fit = fit_pool(panel)
    panel.closes[-1] *= 1.01
    fresh = forecast_panel(type(fit).from_json(fit.to_json()), panel)

    np.testing.assert_array_equal(
        forecast_panel(fit, panel).log_return_quantiles, fresh.log_return_quantiles
    )
