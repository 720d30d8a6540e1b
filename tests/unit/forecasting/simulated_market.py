"""Closes of a made-up market with what real ones have: common shocks, volatility that clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.prices import PriceHistory
from oracle.forecasting import Panel

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray

FIRST_DAY = np.datetime64("2016-01-04", "D")


def simulate_closes(sessions: int, stocks: int, seed: int = 7) -> FloatArray:
    """Return closes [T, S]: a shared market shock, own shocks, and a slowly moving volatility."""
    generator = np.random.default_rng(seed)
    calm = np.zeros(sessions)
    for row in range(1, sessions):
        calm[row] = 0.97 * calm[row - 1] + 0.15 * generator.standard_normal()
    volatility = 0.01 * np.exp(calm)[:, None]
    market = generator.standard_t(5, (sessions, 1))
    own = generator.standard_t(5, (sessions, stocks))
    sizes = generator.uniform(0.6, 1.6, stocks)
    returns = 0.0003 + sizes * volatility * (0.6 * market + 0.7 * own)
    starts = generator.uniform(15.0, 400.0, stocks)
    closes: FloatArray = starts * np.exp(np.cumsum(np.clip(returns, -0.5, 0.5), axis=0))
    return closes


def panel_of(closes: FloatArray) -> Panel:
    """Return the closes as a panel of the symbols S0, S1 ... on the weekdays from 2016."""
    sessions = np.busday_offset(FIRST_DAY, np.arange(len(closes)))
    return Panel(tuple(f"S{column}" for column in range(closes.shape[1])), sessions, closes)


def simulated_panel(sessions: int = 400, stocks: int = 6, seed: int = 7) -> Panel:
    """Return a panel of simulated closes without gaps."""
    return panel_of(simulate_closes(sessions, stocks, seed))


def history_of(panel: Panel, column: int) -> PriceHistory:
    """Return one stock's history: the rows of the panel where it has a close."""
    rows = np.isfinite(panel.closes[:, column])
    closes = panel.closes[rows, column]
    return PriceHistory(
        symbol=panel.symbols[column],
        currency="USD",
        sessions=panel.sessions[rows],
        open=closes,
        high=closes,
        low=closes,
        close=closes,
        adj_close=closes,
        volume=np.full(len(closes), 1e6),
    )
