"""Small predictions, bars and outcomes for the tests of the record."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from oracle.domain.forecasts import LEVELS, Origin, Prediction
from oracle.domain.instruments import Source
from oracle.domain.outcomes import Move, Outcome, ScoredPrediction
from oracle.domain.prices import PriceHistory

FIRST = date(2023, 1, 2)
AS_OF = date(2023, 6, 13)
TARGET = date(2023, 6, 14)
NOW = datetime(2023, 6, 14, 22, 0, tzinfo=UTC)


def history(days: int = 200, *, until: date = TARGET) -> PriceHistory:
    """Return bars of consecutive days up to `until`: a random walk near 100, never adjusted."""
    steps = np.random.default_rng(3).normal(0.0, 0.01, days)
    close = 100.0 * np.exp(np.cumsum(steps))
    nothing = np.full(days, np.nan)
    sessions = np.datetime64(until, "D") - np.arange(days)[::-1]
    return PriceHistory("KO", "USD", sessions, nothing, nothing, nothing, close, close, nothing)


def rescaled(bars: PriceHistory, before: date, close: float, adj_close: float) -> PriceHistory:
    """Return the bars as a feed tells them after an event: all rows before that day rescaled."""
    earlier = bars.sessions < np.datetime64(before, "D")
    return replace(
        bars,
        close=np.where(earlier, bars.close * close, bars.close),
        adj_close=np.where(earlier, bars.adj_close * adj_close, bars.adj_close),
    )


def prediction(bars: PriceHistory, **changes: Any) -> Prediction:
    """Return a prediction from the bars' close of AS_OF: two per cent to either side at most."""
    price = float(bars.up_to(AS_OF).close[-1])
    values: dict[str, Any] = {
        "symbol": bars.symbol,
        "source": Source.YAHOO,
        "as_of": AS_OF,
        "target": TARGET,
        "current_price": price,
        "currency": "USD",
        "point": price * 1.001,
        "quantiles": tuple(price * (1.0 + 0.04 * (level - 0.5)) for level in LEVELS),
        "model_version": "test-1",
        "fingerprint": "f" * 64,
        "origin": Origin.LIVE,
        "created_at": NOW - timedelta(days=1),
    }
    return Prediction(**values | changes)


def outcome(**changes: Any) -> Outcome:
    """Return an outcome in which nothing is special."""
    values: dict[str, Any] = {
        "actual": 101.0,
        "error": 0.009,
        "naive_error": 0.010,
        "crps": 0.005,
        "crps_gaussian": 0.006,
        "crps_empirical": 0.007,
        "inside_50": False,
        "inside_80": True,
        "inside_95": True,
        "predicted_move": Move.UP,
        "actual_move": Move.UP,
        "score": 0.1,
        "input_healed": False,
        "settled_at": NOW,
    }
    return Outcome(**values | changes)


def scored(day: int, symbol: str = "KO", **changes: Any) -> ScoredPrediction:
    """Return a settled prediction for that day after FIRST, from a close of 100."""
    return ScoredPrediction(
        symbol=symbol,
        as_of=FIRST + timedelta(days=day - 1),
        target=FIRST + timedelta(days=day),
        model_version="test-1",
        current_price=100.0,
        outcome=outcome(**changes),
    )
