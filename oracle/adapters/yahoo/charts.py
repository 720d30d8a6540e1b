"""From a chart answer of the client to the domain's values; nothing is invented on the way."""

from __future__ import annotations

from datetime import UTC, datetime
from math import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from oracle.domain.errors import FeedRejected
from oracle.domain.prices import MarketState, PriceHistory, Quote, Split

if TYPE_CHECKING:
    from collections.abc import Mapping

    from oracle.domain.instruments import Source
    from oracle.domain.prices import FloatArray, SessionArray

PRICE_COLUMNS = ("Open", "High", "Low", "Close", "Adj Close")

LAST_EPOCH = 2**33
"""Seconds since 1970 up to the year 2242; anything later is no epoch in seconds."""

PERIODS = (
    ("regular", MarketState.OPEN),
    ("pre", MarketState.PRE_MARKET),
    ("post", MarketState.AFTER_HOURS),
)


def read_history(symbol: str, currency: str, frame: Any) -> PriceHistory:
    """Return the frame's rows as delivered, but for those without any price.

    Sessions are the exchange's own dates. The client turns a missing volume into zero, so zero
    is taken as not given.
    """
    columns = {name: _column(frame, name) for name in PRICE_COLUMNS}
    volume = _column(frame, "Volume")
    volume[volume <= 0.0] = np.nan
    priced = np.any([np.isfinite(column) for column in columns.values()], axis=0)
    return PriceHistory(
        symbol=symbol,
        currency=currency,
        sessions=_sessions(frame)[priced],
        open=columns["Open"][priced],
        high=columns["High"][priced],
        low=columns["Low"][priced],
        close=columns["Close"][priced],
        adj_close=columns["Adj Close"][priced],
        volume=volume[priced],
    )


def read_splits(frame: Any) -> tuple[Split, ...]:
    """Return the splits that the frame reports, oldest first."""
    ratios = _column(frame, "Stock Splits")
    reported = np.isfinite(ratios) & (ratios > 0.0)
    days = _sessions(frame)[reported].tolist()
    return tuple(
        Split(day, ratio) for day, ratio in zip(days, ratios[reported].tolist(), strict=True)
    )


def read_quote(symbol: str, meta: Mapping[str, Any], now: datetime, source: Source) -> Quote:
    """Return the latest price of a chart's metadata; raise FeedRejected when there is none."""
    price = _price(meta.get("regularMarketPrice"))
    as_of = _moment(meta.get("regularMarketTime"))
    if price is None or as_of is None:
        raise FeedRejected(f"{symbol}: the feed gave no latest price.")
    return Quote(
        symbol=symbol,
        price=price,
        currency=str(meta.get("currency") or ""),
        as_of=as_of,
        market_state=read_market_state(meta.get("currentTradingPeriod"), now),
        source=source,
        fetched_at=now,
    )


def read_market_state(periods: Any, now: datetime) -> MarketState:
    """Return in which of the current trading periods `now` lies; closed when in none of them."""
    if isinstance(periods, dict):
        for name, state in PERIODS:
            period = periods.get(name)
            if isinstance(period, dict):
                start, end = _moment(period.get("start")), _moment(period.get("end"))
                if start is not None and end is not None and start <= now < end:
                    return state
    return MarketState.CLOSED


def _column(frame: Any, name: str) -> FloatArray:
    return np.array(frame[name].to_numpy(dtype=np.float64), dtype=np.float64)


def _sessions(frame: Any) -> SessionArray:
    """Return the local dates of the frame's rows, which stand at midnight of the exchange."""
    local = frame.index.tz_localize(None)
    sessions: SessionArray = local.to_numpy().astype("datetime64[D]")
    return sessions


def _price(value: Any) -> float | None:
    """Return the value if it is a price: a positive number."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value) if isfinite(value) and value > 0.0 else None
    return None


def _moment(value: Any) -> datetime | None:
    """Return the moment in UTC: the client turns some epochs into timestamps, others not."""
    if isinstance(value, datetime) and value.tzinfo is not None:
        # The client's timestamps are a datetime of another class; a plain one is wanted.
        return datetime.fromtimestamp(value.timestamp(), UTC)
    if isinstance(value, int) and 0 < value < LAST_EPOCH:
        return datetime.fromtimestamp(value, UTC)
    return None
