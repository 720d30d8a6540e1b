"""Closes of a made-up market with what real ones have: common shocks, volatility that clusters."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.prices import PriceHistory
from oracle.forecasting import Panel

if TYPE_CHECKING:
    from numpy.typing import NDArray

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


def panel_of(closes: FloatArray, *ends: FloatArray | None) -> Panel:
    """Return the prices as a panel of the symbols S0, S1 ... on the weekdays from 2016.

    `ends` are open, high and low.
    """
    sessions = np.busday_offset(FIRST_DAY, np.arange(len(closes)))
    return Panel(tuple(f"S{column}" for column in range(closes.shape[1])), sessions, closes, *ends)


def with_bars(panel: Panel, seed: int = 3) -> Panel:
    """Return the panel with an open, a high and a low around each close, as wide as its moves."""
    generator = np.random.default_rng(seed)
    closes = panel.closes
    before = np.vstack([closes[:1], closes[:-1]])
    night = generator.uniform(0.1, 0.5, closes.shape)
    opens = before * (closes / before) ** night
    reach = 0.003 + 0.5 * np.abs(np.log(closes / before))
    highs = np.fmax(opens, closes) * np.exp(reach * generator.uniform(0.1, 1.0, closes.shape))
    lows = np.fmin(opens, closes) * np.exp(-reach * generator.uniform(0.1, 1.0, closes.shape))
    return Panel(panel.symbols, panel.sessions, closes, opens, highs, lows)


def simulated_panel(sessions: int = 400, stocks: int = 6, seed: int = 7) -> Panel:
    """Return a panel of simulated closes without gaps."""
    return panel_of(simulate_closes(sessions, stocks, seed))


def part_of(prices: FloatArray | None, rows: NDArray[np.bool_], column: int) -> FloatArray:
    """Return these rows of one column, or NaN where such prices are not known."""
    return np.full(int(rows.sum()), np.nan) if prices is None else prices[rows, column]


def history_of(panel: Panel, column: int) -> PriceHistory:
    """Return one stock's history: the rows of the panel where it has a close."""
    rows = np.isfinite(panel.closes[:, column])
    closes = panel.closes[rows, column]
    return PriceHistory(
        symbol=panel.symbols[column],
        currency="USD",
        sessions=panel.sessions[rows],
        open=part_of(panel.open, rows, column),
        high=part_of(panel.high, rows, column),
        low=part_of(panel.low, rows, column),
        close=closes,
        adj_close=closes,
        volume=np.full(len(closes), 1e6),
    )
