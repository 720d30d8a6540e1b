"""How long a cold fit and forecast take, against three yardsticks in the same run.

`make bench` or `python -m benchmarks.forecast_speed`. Yardsticks: the logarithm of the same closes
(the least that any method must do; how long that takes depends on whether NumPy computes it with
AVX-512, which is printed), and, with scikit-learn (`uv sync --group bench`), two loops over the
stocks with a ridge regression on five lagged closes. "Point only" fits and predicts one close. The
"same job" is the ridge of `benchmarks.peers`: point and 39 quantiles from its own errors, which is
what the forecast gives. For one core set OPENBLAS_NUM_THREADS=1; to see the ratios of a processor
without AVX-512 set NPY_DISABLE_CPU_FEATURES="AVX512_SPR AVX512_ICL X86_V4".
"""

from __future__ import annotations

import importlib
import importlib.util
import resource
from functools import partial
from time import process_time
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.peers import lagged_ridges, ridge
from oracle.forecasting import Panel, fit_pool, forecast_panel

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.domain.prices import FloatArray

SESSIONS = 1260
REPEATS = 7
RIDGE_STOCKS = 500
"""A loop over more stocks only repeats what is known by then."""


def simulate_closes(stocks: int) -> FloatArray:
    """Return five years of made-up closes [T, S] with a common shock."""
    generator = np.random.default_rng(1)
    shocks = generator.standard_t(5, (SESSIONS, 1)) + generator.standard_t(5, (SESSIONS, stocks))
    closes: FloatArray = 100.0 * np.exp(np.cumsum(0.007 * shocks, axis=0))
    return closes


def panel_of(closes: FloatArray, *, bars: bool) -> Panel:
    """Return the closes as a panel, with made-up bars around them or without."""
    sessions = np.busday_offset("2020-01-01", np.arange(len(closes)), roll="forward")
    symbols = tuple(f"S{n}" for n in range(closes.shape[1]))
    if not bars:
        return Panel(symbols, sessions, closes)
    opens = np.vstack([closes[:1], closes[:-1]])
    highs, lows = 1.006 * np.maximum(opens, closes), 0.994 * np.minimum(opens, closes)
    return Panel(symbols, sessions, closes, 1.001 * opens, highs, lows)


def fastest(work: Callable[[], object], repeats: int = REPEATS) -> float:
    """Return the least time of the processor that a run took, in seconds.

    So work of others on the same machine disturbs it little. It counts all threads together.
    """
    durations = []
    for _ in range(repeats):
        started = process_time()
        work()
        durations.append(process_time() - started)
    return min(durations)


def forecast_all(panel: Panel) -> FloatArray:
    """Return the expected log returns of a cold fit and forecast of all stocks."""
    return forecast_panel(fit_pool(panel), panel).expected_log_return


def ridge_points(closes: FloatArray) -> list[float]:
    """Return the closes that a ridge regression per stock predicts, point forecasts only."""
    return [float(model.predict(lags[-1:])[0]) for model, lags in lagged_ridges(closes)]


def logarithm_uses_avx512() -> bool:
    """Tell whether NumPy computes logarithms with AVX-512 on this processor, in this run."""
    # No public function tells what is in use, as against what was found when NumPy was built.
    features = importlib.import_module("numpy._core._multiarray_umath").__cpu_features__
    return any(there for name, there in features.items() if name in {"AVX512_SKX", "X86_V4"})


def main() -> None:
    """Print one line per number of stocks and kind of prices."""
    with_ridge = importlib.util.find_spec("sklearn") is not None
    print(f"Cold fit and forecast, {SESSIONS} sessions, processor time, least of several runs")
    print(f"np.log with AVX-512: {'yes' if logarithm_uses_avx512() else 'no'}")
    print(
        f"{'stocks':>6} {'prices':>7} {'oracle':>10} {'np.log':>10} {'ratio':>6} "
        f"{'ridge, point only':>24} {'ridge, same job':>24}"
    )
    for stocks in (10, 500, 5000):
        closes = simulate_closes(stocks)
        loops = (ridge_points, ridge) if with_ridge and stocks <= RIDGE_STOCKS else ()
        ridges = [fastest(partial(loop, closes), 3) for loop in loops]
        for bars in (False, True):
            panel = panel_of(closes, bars=bars)
            repeats = REPEATS * max(1, 500 // stocks) if stocks < 5000 else 5
            oracle = fastest(partial(forecast_all, panel), repeats)
            logarithm = fastest(partial(np.log, closes), REPEATS)
            line = (
                f"{stocks:>6} {'bars' if bars else 'closes':>7} {1e3 * oracle:>7.1f} ms "
                f"{1e3 * logarithm:>7.2f} ms {oracle / logarithm:>6.0f}"
            )
            for loop in ridges:
                line += f" {1e3 * loop:>11.1f} ms = {loop / oracle:>5.1f}x"
            print(line)
    if not with_ridge:
        print("scikit-learn is not installed: no ridge loops to compare with")
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"memory at its highest: {highest:.0f} MiB")


if __name__ == "__main__":
    main()
