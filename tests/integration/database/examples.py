"""Values to store: small, plain, and awkward where a database could bend them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np

from oracle.domain.forecasts import LEVELS, FrozenFit, Origin, Prediction
from oracle.domain.instruments import Source
from oracle.domain.outcomes import Move, Outcome, SettledPrediction
from oracle.domain.prices import MarketState, PriceHistory, Quote
from oracle.domain.rankings import BestBuy, RankedStock, Ranking, UnavailableStock

NOW = datetime(2022, 12, 28, 21, 30, 0, 123457, tzinfo=UTC)
AS_OF = date(2022, 12, 28)
TARGET = date(2022, 12, 29)
SINCE = date(1990, 1, 1)
MODEL = "2022.1"

AWKWARD = (
    0.1,
    0.1 + 0.2,
    1 / 3,
    2**53 - 1.0,
    2.0**53 + 2,
    1e22,
    1e23,
    9007199254740993.0,
    1.7976931348623157e308,
    2.2250738585072014e-308,
    5e-324,
    123456.78901234567,
    4.35,
    8.41e21,
    9.5367431640625e-07,
)
"""Doubles whose shortest decimal form is long, extreme, or famous for being rounded wrongly."""


def history(symbol: str = "AAPL", rows: int = 5, *, seed: int = 1) -> PriceHistory:
    """Return bars on consecutive days up to AS_OF, full of digits."""
    generator = np.random.default_rng(seed)
    sessions = np.datetime64(AS_OF, "D") - np.arange(rows)[::-1]
    columns: dict[str, Any] = {
        name: generator.uniform(1.0, 500.0, rows)
        for name in ("open", "high", "low", "close", "adj_close")
    }
    volume = generator.integers(0, 10**9, rows).astype(np.float64)
    return PriceHistory(symbol=symbol, currency="USD", sessions=sessions, volume=volume, **columns)


def quote(symbol: str = "AAPL", price: float = 126.04, *, minutes: float = 0) -> Quote:
    """Return a quote made that many minutes after NOW and fetched a second later."""
    as_of = NOW + timedelta(minutes=minutes)
    return Quote(
        symbol=symbol,
        price=price,
        currency="USD",
        as_of=as_of,
        market_state=MarketState.AFTER_HOURS,
        source=Source.SAMPLE,
        fetched_at=as_of + timedelta(seconds=1),
    )


def fit(payload: str = '{"weights":[0.1]}') -> FrozenFit:
    """Return a fit, always of the same session, pool and model."""
    return FrozenFit(
        source=Source.SAMPLE,
        as_of=AS_OF,
        pool_version="pool-1",
        model_version=MODEL,
        payload=payload,
        fingerprint="f" * 64,
        created_at=NOW,
    )


def prediction(symbol: str = "AAPL", point: float | None = 127.1, **changes: Any) -> Prediction:
    """Return a live prediction from AS_OF for TARGET."""
    values: dict[str, Any] = {
        "symbol": symbol,
        "source": Source.SAMPLE,
        "as_of": AS_OF,
        "target": TARGET,
        "current_price": 126.04,
        "currency": "USD",
        "point": point,
        "quantiles": () if point is None else tuple(point * (0.9 + level / 5) for level in LEVELS),
        "model_version": MODEL,
        "fingerprint": "a" * 64,
        "origin": Origin.LIVE,
        "created_at": NOW,
        "abstained": point is None,
        "reasons": ("Too few sessions.", "“Préférence” \N{GREEK SMALL LETTER SIGMA}²")
        if point is None
        else (),
    }
    return Prediction(**values | changes)


def ranking(*stocks: Prediction, **changes: Any) -> Ranking:
    """Return a ranking of the predictions in the order given, and of one unavailable stock."""
    ranked = tuple(
        RankedStock(rank, stock.symbol, f"{stock.symbol} Inc.", 1.0 / (rank + 2), stock)
        for rank, stock in enumerate(stocks, start=1)
    )
    values: dict[str, Any] = {
        "source": Source.SAMPLE,
        "selection": "5" * 64,
        "as_of": AS_OF,
        "target": TARGET,
        "model_version": MODEL,
        "best": BestBuy(ranked[0].symbol, ranked[0].name, "It rises most.") if ranked else None,
        "stocks": ranked,
        "unavailable": (UnavailableStock("ZZZZ", "No prices."), UnavailableStock("BAD", "Odd.")),
        "fingerprint": "b" * 64,
        "created_at": NOW,
    }
    return Ranking(**values | changes)


def settled(stock: Prediction, **changes: Any) -> SettledPrediction:
    """Return the stored prediction with an outcome full of digits."""
    values: dict[str, Any] = {
        "actual": 1 / 3,
        "error": 0.1,
        "naive_error": 0.1 + 0.2,
        "crps": 123456.78901234567,
        "crps_gaussian": 5e-324,
        "crps_empirical": None,
        "inside_50": False,
        "inside_80": True,
        "inside_95": True,
        "predicted_move": Move.UP,
        "actual_move": Move.NONE,
        "score": None,
        "input_healed": False,
        "settled_at": NOW + timedelta(days=1),
    }
    return SettledPrediction(stock, Outcome(**values | changes))
