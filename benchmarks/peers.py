"""Other ways to forecast the next close, brought to one form.

Each takes the closes [T, S] known so far and returns quantiles [S, 39] of the next log return at
LEVELS; the middle one is its point forecast.
"""

from __future__ import annotations

import importlib
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.domain.forecasts import LEVELS
from oracle.forecasting import Panel, fit_pool, forecast_panel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.domain.prices import FloatArray

WINDOW = 1260
GAUSSIAN: FloatArray = np.array([NormalDist().inv_cdf(level) for level in LEVELS])
TREE_LEVELS = (0.025, 0.1, 0.25, 0.5, 0.75, 0.9, 0.975)
TREE_REFIT = 250
"""Sessions between two trainings of the trees, which take longest of all."""

_LAGS = 5
_ROLLING = 250
_SEED = 60


def log_returns(closes: FloatArray) -> FloatArray:
    """Return the log returns [T - 1, S]."""
    return np.diff(np.log(closes), axis=0)


def oracle(closes: FloatArray) -> FloatArray:
    """Return this project's forecast, fitted anew on the same stocks."""
    sessions = np.busday_offset("1990-01-01", np.arange(len(closes)), roll="forward")
    panel = Panel(tuple(f"S{n}" for n in range(closes.shape[1])), sessions, closes)
    return forecast_panel(fit_pool(panel), panel).log_return_quantiles


def ewma(closes: FloatArray) -> FloatArray:
    """Return the last close with a Gaussian of exponentially weighted variance (0.94)."""
    returns = log_returns(closes)
    variance = returns[:_SEED].var(axis=0)
    for row in returns[_SEED:]:
        variance = 0.94 * variance + 0.06 * row**2
    quantiles: FloatArray = np.sqrt(variance)[:, None] * GAUSSIAN
    return quantiles


def rolling_empirical(closes: FloatArray) -> FloatArray:
    """Return the quantiles of the last 250 returns."""
    return np.quantile(log_returns(closes)[-_ROLLING:], LEVELS, axis=0).T


def two_point_line(closes: FloatArray) -> FloatArray:
    """Return the line through the last two closes, with the spread of its own past errors."""
    return _with_errors(
        2.0 * closes[-1] - closes[-2], closes, (2.0 * closes[1:-1] - closes[:-2])[-_ROLLING:]
    )


def lagged_ridges(closes: FloatArray) -> Iterator[tuple[Any, FloatArray]]:
    """Yield per stock a ridge regression on five lagged closes, fitted, and all lags [T - 4, 5]."""
    model = importlib.import_module("sklearn.linear_model").Ridge
    for column in closes.T:
        lags = np.lib.stride_tricks.sliding_window_view(column, _LAGS)
        yield model(alpha=1.0).fit(lags[:-1], column[_LAGS:]), lags


def ridge(closes: FloatArray) -> FloatArray:
    """Return a ridge regression on five lagged closes per stock, with its errors' spread."""
    predicted, past = [], []
    for fitted, lags in lagged_ridges(closes):
        predicted.append(fitted.predict(lags[-1:])[0])
        past.append(fitted.predict(lags[:-1])[-_ROLLING:])
    return _with_errors(np.array(predicted), closes, np.array(past).T)


def _with_errors(predicted: FloatArray, closes: FloatArray, past: FloatArray) -> FloatArray:
    """Return the log of predicted closes with the Gaussian spread of what they missed before."""
    missed = np.log(closes[-len(past) :] / past)
    centre = np.log(np.maximum(predicted, 0.01 * closes[-1]) / closes[-1])
    quantiles: FloatArray = centre[:, None] + missed.std(axis=0)[:, None] * GAUSSIAN
    return quantiles


def garch(closes: FloatArray) -> FloatArray:
    """Return a GARCH(1,1) with Student errors per stock, by the library arch."""
    arch_model = importlib.import_module("arch").arch_model
    quantiles = []
    for column in 100.0 * log_returns(closes).T:
        model = arch_model(column, mean="Constant", vol="GARCH", p=1, q=1, dist="t", rescale=False)
        fitted = model.fit(disp="off", show_warning=False)
        ahead = fitted.forecast(horizon=1, reindex=False)
        shape = model.distribution.ppf(np.array(LEVELS), fitted.params.to_numpy()[-1:])
        spread = float(np.sqrt(ahead.variance.to_numpy()[-1, 0]))
        quantiles.append((float(ahead.mean.to_numpy()[-1, 0]) + spread * shape) / 100.0)
    return np.array(quantiles)


class Trees:
    """Gradient-boosted trees (LightGBM), one model per quantile, on features of all stocks."""

    def __init__(self) -> None:
        self._models: list[Any] = []
        self._age = 0

    def __call__(self, closes: FloatArray, step: int = 1) -> FloatArray:
        """Return their forecast; they are trained anew once a year."""
        features, sizes = self._features(closes)
        if not self._models or self._age >= TREE_REFIT:
            returns = log_returns(closes)
            inputs = features[:, _ROLLING:-1].reshape(len(features), -1).T
            targets = (returns[_ROLLING + 1 :] / sizes[_ROLLING:-1]).reshape(-1)
            self._models, self._age = [self._train(inputs, targets, p) for p in TREE_LEVELS], 0
        self._age += step
        now = features[:, -1].T
        knots = np.sort(np.column_stack([model.predict(now) for model in self._models]), axis=1)
        places = np.array([NormalDist().inv_cdf(level) for level in TREE_LEVELS])
        shape = np.array([np.interp(GAUSSIAN, places, row) for row in knots])
        quantiles: FloatArray = sizes[-1][:, None] * shape
        return quantiles

    @staticmethod
    def _train(inputs: FloatArray, targets: FloatArray, level: float) -> Any:
        trees = importlib.import_module("lightgbm")
        settings = {
            "objective": "quantile",
            "alpha": level,
            "num_leaves": 15,
            "learning_rate": 0.05,
            "min_data_in_leaf": 200,
            "num_threads": 1,
            "verbosity": -1,
            "seed": 1,
            "deterministic": True,
        }
        return trees.train(settings, trees.Dataset(inputs, targets), num_boost_round=80)

    @staticmethod
    def _features(closes: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Return the features [F, T, S] and the size of recent moves [T, S] they are parts of."""
        returns = log_returns(closes)
        market = np.broadcast_to(returns.mean(axis=1, keepdims=True), returns.shape)
        sizes = _trailing(np.abs(returns), 60) + 1e-6
        features = [returns / sizes, market / sizes]
        for sessions in (2, 5, 10, 21, 120, 250):
            features.append(_trailing(np.abs(returns), sessions) / sizes)
            features.append(_trailing(np.abs(market), sessions) / sizes)
            features.append(_trailing(returns, sessions) / sizes)
        return np.array(features), sizes


def _trailing(values: FloatArray, sessions: int) -> FloatArray:
    running = np.cumsum(values, axis=0)
    sums = running.copy()
    sums[sessions:] -= running[:-sessions]
    counts = np.minimum(np.arange(1, len(values) + 1), sessions)
    means: FloatArray = sums / counts[:, None]
    return means


def statistical(name: str, closes: FloatArray) -> FloatArray:
    """Return an automatic model of the library statsforecast, per stock, on log closes."""
    models = importlib.import_module("statsforecast.models")
    quantiles = []
    for column in np.log(closes[-500:]).T:
        ahead = getattr(models, name)().forecast(y=column, h=1, level=[80.0])
        spread = (float(ahead["hi-80.0"][0]) - float(ahead["mean"][0])) / 1.2815515594
        quantiles.append(float(ahead["mean"][0]) - column[-1] + spread * GAUSSIAN)
    return np.array(quantiles)
