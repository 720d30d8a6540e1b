"""The core's numbers equal those of a slow, separately written reading of the formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.adapters.sample.closes import load_closes
from oracle.forecasting import Panel, fit_pool, forecast_panel
from tests.unit.forecasting import reference
from tests.unit.forecasting.reference_terms import Columns, Prices
from tests.unit.forecasting.simulated_market import (
    panel_of,
    simulate_closes,
    simulated_panel,
    with_bars,
)

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray


def as_columns(prices: FloatArray) -> Columns:
    """Return prices as lists with None for missing ones."""
    return [[float(price) if np.isfinite(price) else None for price in own] for own in prices.T]


def as_prices(panel: Panel) -> Prices:
    """Return the panel's prices for the reference."""
    return Prices(
        as_columns(panel.closes),
        None if panel.open is None else as_columns(panel.open),
        None if panel.high is None else as_columns(panel.high),
        None if panel.low is None else as_columns(panel.low),
    )


def close_to(
    actual: FloatArray, expected: object, relative: float = 1e-9, absolute: float = 1e-12
) -> None:
    """Fail unless the numbers agree; what the reference does not know is NaN."""
    np.testing.assert_allclose(
        actual, np.array(expected, dtype=np.float64), rtol=relative, atol=absolute
    )


def with_gaps(panel: Panel) -> Panel:
    """Return the panel with missing closes, a late listing and a bar of a hundred times."""
    closes = panel.closes.copy()
    closes[50:53, 0] = np.nan
    closes[180, 1] = np.nan
    closes[:90, 2] = np.nan
    closes[200, 3] *= 100.0
    return Panel(panel.symbols, panel.sessions, closes, panel.open, panel.high, panel.low)


def with_few_ranges(panel: Panel) -> Panel:
    """Return the panel with bars that came, that ceased, that are missing and that cannot be."""
    assert panel.open is not None
    assert panel.high is not None
    assert panel.low is not None
    opens, highs, lows = panel.open.copy(), panel.high.copy(), panel.low.copy()
    opens[:150, 0] = np.nan
    highs[-6:, 1] = np.nan
    lows[::3, 2] = np.nan
    highs[100, 3] = lows[100, 3]
    lows[101, 3] = -1.0
    highs[102, 3] *= 50.0
    opens[103, 3] = 2.0 * highs[103, 3]
    return Panel(panel.symbols, panel.sessions, panel.closes, opens, highs, lows)


def sample_market() -> Panel:
    """Return real closes of four stocks over the 14 months that end in the crash of March 2020."""
    sample = load_closes()
    end = int(np.searchsorted(sample.sessions, np.datetime64("2020-03-23", "D"))) + 1
    rows = slice(end - 300, end)
    chosen = [sample.symbols.index(symbol) for symbol in ("AAPL", "JPM", "KO", "RRC")]
    symbols = tuple(sample.symbols[column] for column in chosen)
    return Panel(symbols, sample.sessions[rows], sample.closes[rows][:, chosen])


PANELS = {
    "sample market": sample_market(),
    "complete": simulated_panel(sessions=290, stocks=3, seed=11),
    "gaps": with_gaps(simulated_panel(sessions=290, stocks=5, seed=12)),
    "one stock": simulated_panel(sessions=150, stocks=1, seed=13),
    "turmoil": panel_of(simulate_closes(120, 2, seed=14) ** 3),
    "ranges": with_bars(simulated_panel(sessions=290, stocks=3, seed=15)),
    "one stock's ranges": with_bars(simulated_panel(sessions=150, stocks=1, seed=16)),
    "few ranges": with_few_ranges(with_bars(simulated_panel(sessions=200, stocks=5, seed=17))),
    "ranges with gaps": with_gaps(with_bars(simulated_panel(sessions=240, stocks=5, seed=18))),
}


@pytest.mark.parametrize("name", PANELS)
def test_core_equals_the_formulas_read_literally(name: str) -> None:
    """Coefficients, series, quantiles and scale agree with the scalar computation to 1e-9."""
    panel = PANELS[name]
    fit = fit_pool(panel)
    forecast = forecast_panel(fit, panel)
    pool = reference.learn(as_prices(panel))
    expected = reference.forecast(pool, as_prices(panel))

    # One stock is its own market: its coefficients are tied, only what they add up to is not.
    tied = len(panel.symbols) == 1
    tolerance = (1e-4, 1e-5) if tied else (1e-8, 1e-9)
    close_to(fit.close_coefficients, pool.b_closes, *tolerance)
    close_to(fit.range_coefficients, pool.b_ranges, *tolerance)
    close_to(fit.market_mean, pool.m)
    close_to(fit.market_range, pool.mrv)
    close_to(fit.pool_factor, pool.f)
    close_to(np.array([fit.usual_surprise, fit.market_coefficient]), [pool.um, pool.market], 1e-8)
    close_to(fit.residual_coefficients, pool.residual, 1e-8)
    close_to(fit.market_z, pool.zbar, 1e-8, 1e-9)
    close_to(fit.z_quantiles, pool.z_quantiles, 1e-9, 1e-10)
    close_to(forecast.scale, expected.scale)
    close_to(forecast.log_return_quantiles, expected.quantiles)


@pytest.mark.parametrize("pool_name", ["complete", "ranges"])
def test_outsiders_equal_the_formulas_read_literally(pool_name: str) -> None:
    """Stocks that trained nothing, with and without ranges and gaps, agree to 1e-9 as well."""
    panel = PANELS[pool_name]
    fit, pool = fit_pool(panel), reference.learn(as_prices(panel))
    strangers = with_few_ranges(with_bars(simulated_panel(sessions=290, stocks=4, seed=19)))

    for outside in (with_gaps(strangers), with_gaps(panel_of(strangers.closes))):
        forecast = forecast_panel(fit, outside)
        expected = reference.forecast(pool, as_prices(outside))

        close_to(forecast.scale, expected.scale)
        close_to(forecast.log_return_quantiles, expected.quantiles)
