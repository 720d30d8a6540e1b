"""How long a cold fit and forecast take, against two yardsticks in the same run.

`make bench` or `python benchmarks/forecast_speed.py`. Yardsticks: the logarithm of the same closes
(the least that any method must do), and a ridge regression on five lagged closes per stock with
scikit-learn, if that is installed (`uv sync --group bench`).
"""

from __future__ import annotations

import importlib
import importlib.util
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting import Panel, fit_pool, forecast_panel

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.domain.prices import FloatArray

SESSIONS = 1260
LAGS = 5
REPEATS = 7


def simulate_closes(stocks: int) -> FloatArray:
    """Return five years of made-up closes [T, S] with a common shock."""
    generator = np.random.default_rng(1)
    shocks = generator.standard_t(5, (SESSIONS, 1)) + generator.standard_t(5, (SESSIONS, stocks))
    closes: FloatArray = 100.0 * np.exp(np.cumsum(0.007 * shocks, axis=0))
    return closes


def fastest(work: Callable[[], object]) -> float:
    """Return the shortest of several runs, in seconds: the one least disturbed by others."""
    durations = []
    for _ in range(REPEATS):
        started = perf_counter()
        work()
        durations.append(perf_counter() - started)
    return min(durations)


def forecast_all(closes: FloatArray) -> FloatArray:
    """Return the expected log returns of a cold fit and forecast of all stocks."""
    sessions = np.busday_offset("2020-01-01", np.arange(SESSIONS), roll="forward")
    panel = Panel(tuple(f"S{n}" for n in range(closes.shape[1])), sessions, closes)
    return forecast_panel(fit_pool(panel), panel).expected_log_return


def ridge_all(closes: FloatArray) -> list[float]:
    """Return the closes that a ridge regression per stock predicts, point forecasts only."""
    ridge = importlib.import_module("sklearn.linear_model").Ridge
    predicted = []
    for column in closes.T:
        lags = np.lib.stride_tricks.sliding_window_view(column, LAGS)
        model = ridge(alpha=1.0).fit(lags[:-1], column[LAGS:])
        predicted.append(float(model.predict(lags[-1:])[0]))
    return predicted


def main() -> None:
    """Print one line per number of stocks."""
    with_ridge = importlib.util.find_spec("sklearn") is not None
    print(f"Cold fit and forecast, {SESSIONS} sessions, fastest of {REPEATS} runs")
    print(f"{'stocks':>6} {'oracle':>10} {'np.log':>10} {'ridge loop':>12} {'ridge/oracle':>13}")
    for stocks in (10, 500):
        closes = simulate_closes(stocks)
        oracle = fastest(lambda closes=closes: forecast_all(closes))  # type: ignore[misc]
        logarithm = fastest(lambda closes=closes: np.log(closes))  # type: ignore[misc]
        line = f"{stocks:>6} {1e3 * oracle:>7.1f} ms {1e3 * logarithm:>7.2f} ms"
        if with_ridge:
            ridge = fastest(lambda closes=closes: ridge_all(closes))  # type: ignore[misc]
            line += f" {1e3 * ridge:>9.1f} ms {ridge / oracle:>12.1f}x"
        print(line if with_ridge else f"{line}   (scikit-learn is not installed)")


if __name__ == "__main__":
    main()
