"""The core's numbers equal those of a slow, separately written reading of the formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.adapters.sample.closes import load_closes
from oracle.forecasting import Panel, fit_pool, forecast_panel
from tests.unit.forecasting import reference
from tests.unit.forecasting.simulated_market import panel_of, simulate_closes, simulated_panel

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray


def as_rows(panel: Panel) -> reference.Rows:
    """Return the closes as lists with None for missing ones."""
    return [[float(close) if np.isfinite(close) else None for close in row] for row in panel.closes]


def close_to(
    actual: FloatArray, expected: object, relative: float = 1e-9, absolute: float = 1e-12
) -> None:
    """Fail unless the numbers agree."""
    np.testing.assert_allclose(actual, np.array(expected), rtol=relative, atol=absolute)


def with_gaps(panel: Panel) -> Panel:
    """Return the panel with missing closes, a late listing and a bar of a hundred times."""
    closes = panel.closes.copy()
    closes[50:53, 0] = np.nan
    closes[180, 1] = np.nan
    closes[:90, 2] = np.nan
    closes[200, 3] *= 100.0
    return panel_of(closes)


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
    "complete": simulated_panel(sessions=300, stocks=3, seed=11),
    "gaps": with_gaps(simulated_panel(sessions=300, stocks=5, seed=12)),
    "one stock": simulated_panel(sessions=150, stocks=1, seed=13),
    "turmoil": panel_of(simulate_closes(120, 2, seed=14) ** 3),
}


@pytest.mark.parametrize("name", PANELS)
def test_core_equals_the_formulas_read_literally(name: str) -> None:
    """Coefficients, quantiles, mean and scale agree with the scalar computation to 1e-9."""
    panel = PANELS[name]
    fit = fit_pool(panel)
    forecast = forecast_panel(fit, panel)
    expected = reference.forecast(as_rows(panel))

    # One stock is its own market: its coefficients are tied, only what they add up to is not.
    tied = len(panel.symbols) == 1
    close_to(fit.scale_coefficients, expected.b, *((1e-4, 1e-6) if tied else (1e-9, 1e-12)))
    close_to(fit.market_coefficients, expected.market)
    close_to(fit.residual_coefficients, expected.residual)
    close_to(fit.z_quantiles, expected.z_quantiles)
    close_to(forecast.scale, expected.scale)
    close_to(forecast.expected_log_return, expected.mu)
    close_to(forecast.log_return_quantiles, expected.quantiles)
