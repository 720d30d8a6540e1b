"""Forecasts of panels with open, high and low: what bars change, and what they must not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracle.forecasting import Panel, PanelForecast, fingerprint_inputs, fit_pool, forecast_panel
from tests.unit.forecasting.simulated_market import panel_of, simulated_panel, with_bars

POOL = simulated_panel(sessions=400, stocks=6)
FIT = fit_pool(POOL)
FORECAST = forecast_panel(FIT, POOL)
BARS = with_bars(POOL)


def assert_same(actual: PanelForecast, expected: PanelForecast, rtol: float = 1e-9) -> None:
    """Fail unless both forecasts hold the same numbers."""
    for name in ("expected_log_return", "scale", "log_return_quantiles"):
        np.testing.assert_allclose(
            getattr(actual, name), getattr(expected, name), rtol=rtol, atol=1e-13
        )
    assert actual.abstained.tolist() == expected.abstained.tolist()


def assert_near(actual: PanelForecast, expected: PanelForecast, columns: list[int]) -> None:
    """Fail unless these stocks' numbers are the same to rounding."""
    np.testing.assert_allclose(
        actual.log_return_quantiles[columns],
        expected.log_return_quantiles[columns],
        rtol=1e-9,
        atol=1e-13,
    )


def test_ranges_change_the_width_and_nothing_needs_them() -> None:
    """Bars move the scale of every stock; the same closes without them are forecast as well."""
    fit = fit_pool(BARS)
    ranged, plain = forecast_panel(fit, BARS), forecast_panel(fit, POOL)

    assert not plain.abstained.any()
    assert np.all(np.abs(ranged.scale / plain.scale - 1.0) > 1e-4)
    np.testing.assert_allclose(ranged.scale, plain.scale, rtol=0.5)


def test_ranges_of_a_stock_are_ignored_by_a_pool_of_closes() -> None:
    """A fit that never saw a range has no coefficients for one."""
    assert_same(forecast_panel(FIT, BARS), FORECAST, rtol=0.0)


def test_bars_without_extent_are_no_ranges() -> None:
    """A feed that repeats the close four times says nothing more than the close."""
    closes = POOL.closes
    flat = Panel(POOL.symbols, POOL.sessions, closes, closes, closes, closes)

    assert fit_pool(flat).fingerprint() == FIT.fingerprint()


@pytest.mark.parametrize("part", ["open", "high", "low"])
@pytest.mark.parametrize("rubbish", [np.nan, np.inf, 0.0, -1.0, 1e9])
def test_impossible_bar_costs_its_range_only(part: str, rubbish: float) -> None:
    """Rubbish in one bar equals a bar without a range, for the pool and for the stock."""
    broken, empty = (replace(BARS, **{part: getattr(BARS, part).copy()}) for _ in range(2))
    getattr(broken, part)[390, 2] = rubbish
    getattr(empty, part)[390, 2] = np.nan

    assert fit_pool(broken).fingerprint() == fit_pool(empty).fingerprint()
    fit = fit_pool(BARS)
    assert_same(forecast_panel(fit, broken), forecast_panel(fit, empty), rtol=0.0)
    assert_near(forecast_panel(fit, broken), forecast_panel(fit, BARS), [0, 1, 3, 4, 5])


@pytest.mark.parametrize(
    "factors",
    [{"high": 1.3}, {"low": 1 / 1.3}, {"open": 1.5, "high": 1.5}, {"open": 0.6, "low": 0.6}],
)
def test_false_extreme_costs_its_range_only(factors: dict[str, float]) -> None:
    """A price far from all those beside it says nothing, neither of its stock nor of the market."""
    false, empty = (
        replace(BARS, **{part: getattr(BARS, part).copy() for part in ("open", "high", "low")})
        for _ in range(2)
    )
    for part, factor in factors.items():
        getattr(false, part)[-1, 2] *= factor
    assert empty.high is not None
    empty.high[-1, 2] = np.nan

    assert fit_pool(false).fingerprint() == fit_pool(empty).fingerprint()
    fit = fit_pool(BARS)
    assert_same(forecast_panel(fit, false), forecast_panel(fit, empty), rtol=0.0)


@pytest.mark.parametrize("factors", [{"high": 1.1}, {"low": 1 / 1.1}, {"open": 1.1, "high": 1.1}])
def test_wide_range_is_believed(factors: dict[str, float]) -> None:
    """A tenth above or below is what bad days are like: the range counts and grows."""
    wide = replace(BARS, **{part: getattr(BARS, part).copy() for part in ("open", "high", "low")})
    for part, factor in factors.items():
        getattr(wide, part)[-1, 2] *= factor
    fit = fit_pool(BARS)
    assert forecast_panel(fit, wide).scale[2] > 1.1 * forecast_panel(fit, BARS).scale[2]


@pytest.mark.parametrize("factor", [0.42, 0.6, 1.8, 2.4])
@pytest.mark.parametrize("panel", [POOL, BARS], ids=["closes", "bars"])
def test_odd_last_close_widens_no_other_range(panel: Panel, factor: float) -> None:
    """A stock that abstains because of its last move says nothing of the market that day."""
    odd, missing = (replace(panel, closes=panel.closes.copy()) for _ in range(2))
    odd.closes[-1, 3] *= factor
    missing.closes[-1, 3] = np.nan
    first, second = (forecast_panel(fit_pool(each), each) for each in (odd, missing))
    assert first.abstained.tolist() == [False, False, False, True, False, False]
    assert_near(first, second, [0, 1, 2, 4, 5])


@pytest.mark.parametrize("column", [0, 5])
def test_stock_with_ranges_alone_gets_the_numbers_of_the_batch(column: int) -> None:
    """Who else has ranges changes nothing, even where others of the batch have none."""
    fit = fit_pool(BARS)
    mixed = replace(BARS, high=BARS.high.copy() if BARS.high is not None else None)
    assert mixed.high is not None
    mixed.high[:, 3] = np.nan

    together, alone = forecast_panel(fit, mixed), forecast_panel(fit, BARS.columns([column]))

    np.testing.assert_allclose(
        alone.log_return_quantiles[0], together.log_return_quantiles[column], rtol=1e-12, atol=1e-14
    )


def test_units_of_bars_do_not_matter() -> None:
    """A stock's prices in another currency give the same returns."""
    factors = np.array([0.01, 3.0, 150.0, 1.0, 7.7, 1e4])
    parts = (POOL.closes, BARS.open, BARS.high, BARS.low)
    scaled = panel_of(*(part * factors for part in parts if part is not None))

    assert_same(
        forecast_panel(fit_pool(scaled), scaled), forecast_panel(fit_pool(BARS), BARS), rtol=1e-8
    )


def test_later_bars_change_nothing() -> None:
    """Destroyed opens, highs and lows after the fit leave every number as it was."""
    kept = 300
    parts = (BARS.closes, BARS.open, BARS.high, BARS.low)
    past = Panel(POOL.symbols, POOL.sessions[:kept], *(p[:kept] for p in parts if p is not None))
    destroyed = [part.copy() for part in parts if part is not None]
    for part in destroyed:
        part[kept:] = np.random.default_rng(1).uniform(1.0, 1000.0, part[kept:].shape)
    fit = fit_pool(past)

    assert_same(forecast_panel(fit, panel_of(*destroyed)), forecast_panel(fit, past), rtol=0.0)


def test_fingerprint_covers_the_usable_bars() -> None:
    """A changed high changes it; a bar that is not believed may change as it likes."""
    fit, last = fit_pool(BARS), BARS.closes[-1]
    assert BARS.high is not None
    touched, broken, other = (replace(BARS, high=BARS.high.copy()) for _ in range(3))
    for panel, high in ((touched, 1.001 * BARS.high[7, 1]), (broken, -1.0), (other, np.nan)):
        assert panel.high is not None
        panel.high[7, 1] = high
    prints = [fingerprint_inputs(fit, panel, last) for panel in (BARS, touched, broken, other)]

    assert prints[0][0] == prints[1][0]
    assert prints[0][1] != prints[1][1]
    assert prints[1][1] != prints[2][1]
    assert prints[2] == prints[3]
    assert fingerprint_inputs(fit, POOL, last)[0] != prints[0][0]
