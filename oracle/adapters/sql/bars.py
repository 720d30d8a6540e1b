"""Validated daily bars."""

from __future__ import annotations

from itertools import groupby
from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np
from sqlalchemy import func, select

from oracle.adapters.sql.tables import bar_fetches, bars
from oracle.adapters.sql.upsert import upsert
from oracle.domain.prices import PriceHistory
from oracle.ports import StoredHistory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from oracle.domain.instruments import Source

NUMBERS = ("open", "high", "low", "close", "adj_close", "volume")

BarValues = tuple[float | None, ...]
"""One bar's numbers in the order of NUMBERS; None where the feed gave none."""


class SqlBarRepository:
    """The tables `bars` and `bar_fetches`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_history(self, source: Source, symbol: str, since: date) -> StoredHistory | None:
        """Return the stored bars from `since` on, or None when the symbol was never stored."""
        return (await self.list_histories(source, [symbol], since)).get(symbol)

    async def list_histories(
        self, source: Source, symbols: Sequence[str], since: date
    ) -> dict[str, StoredHistory]:
        """Return the stored histories of those of the symbols that have any."""
        if not symbols:
            return {}
        # The fetches are read first, so that no history can look fresher than its bars are.
        fetches = await self._connection.execute(
            select(bar_fetches).where(
                bar_fetches.c.source == source, bar_fetches.c.symbol.in_(symbols)
            )
        )
        rows = await self._connection.execute(
            select(bars.c.symbol, bars.c.session, *(bars.c[name] for name in NUMBERS))
            .where(bars.c.source == source, bars.c.symbol.in_(symbols), bars.c.session >= since)
            .order_by(bars.c.symbol, bars.c.session)
        )
        by_symbol = {symbol: list(group) for symbol, group in groupby(rows, key=lambda row: row[0])}
        return {
            fetch.symbol: StoredHistory(
                _history_of(fetch.symbol, fetch.currency, by_symbol.get(fetch.symbol, [])),
                fetch.fetched_at,
            )
            for fetch in fetches
        }

    async def upsert_history(
        self, source: Source, history: PriceHistory, fetched_at: datetime
    ) -> int:
        """Insert new bars, heal changed ones, note the fetch; return how many rows changed.

        The databases count an upsert's rows each in a way of their own, so the rows are compared
        with what is stored. The row of the fetch is written first: its lock makes two writers of
        one symbol take turns.
        """
        key = {"source": source, "symbol": history.symbol}
        fetch = key | {"currency": history.currency, "fetched_at": fetched_at}
        await upsert(self._connection, bar_fetches, [fetch], key=("source", "symbol"))
        if not len(history):
            return 0
        delivered = _values_by_session(history)
        stored = await self._values_since(source, history.symbol, min(delivered))
        changed = [
            {**key, "session": session, **dict(zip(NUMBERS, values, strict=True))}
            for session, values in delivered.items()
            if stored.get(session) != values
        ]
        await upsert(self._connection, bars, changed, key=("source", "symbol", "session"))
        return len(changed)

    async def list_newest_sessions(self, source: Source, symbols: Sequence[str]) -> dict[str, date]:
        """Return the session of the newest bar of those of the symbols that have any."""
        rows = await self._connection.execute(
            select(bars.c.symbol, func.max(bars.c.session).label("newest"))
            .where(bars.c.source == source, bars.c.symbol.in_(symbols))
            .group_by(bars.c.symbol)
        )
        return {row.symbol: row.newest for row in rows}

    async def _values_since(
        self, source: Source, symbol: str, first: date
    ) -> dict[date, BarValues]:
        rows = await self._connection.execute(
            select(bars.c.session, *(bars.c[name] for name in NUMBERS)).where(
                bars.c.source == source, bars.c.symbol == symbol, bars.c.session >= first
            )
        )
        return {row[0]: tuple(row[1:]) for row in rows}


def _values_by_session(history: PriceHistory) -> dict[date, BarValues]:
    sessions: list[date] = history.sessions.astype("datetime64[D]").tolist()
    columns = [_without_nan(getattr(history, name).tolist()) for name in NUMBERS]
    return dict(zip(sessions, zip(*columns, strict=True), strict=True))


def _without_nan(values: list[float]) -> list[float | None]:
    return [None if isnan(value) else value for value in values]


def _history_of(symbol: str, currency: str, rows: Sequence[Sequence[Any]]) -> PriceHistory:
    _, sessions, *numbers = zip(*rows, strict=True) if rows else ((), (), *((),) * len(NUMBERS))
    columns = {
        # None becomes NaN here.
        name: np.array(values, dtype=np.float64)
        for name, values in zip(NUMBERS, numbers, strict=True)
    }
    return PriceHistory(
        symbol=symbol,
        currency=currency,
        sessions=np.array(sessions, dtype="datetime64[D]"),
        **columns,
    )
