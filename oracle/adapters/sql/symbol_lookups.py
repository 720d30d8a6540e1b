"""Answers of the feed about symbols that the directory does not hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from oracle.adapters.sql.tables import symbol_lookups
from oracle.adapters.sql.upsert import upsert
from oracle.domain.instruments import Instrument
from oracle.ports import SymbolLookup

if TYPE_CHECKING:
    from sqlalchemy import Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from oracle.domain.instruments import Source


class SqlSymbolLookupRepository:
    """The table `symbol_lookups`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_lookup(self, source: Source, symbol: str) -> SymbolLookup | None:
        """Return the last answer about that symbol, or None."""
        rows = await self._connection.execute(
            select(symbol_lookups).where(
                symbol_lookups.c.source == source, symbol_lookups.c.symbol == symbol
            )
        )
        row = rows.one_or_none()
        if row is None:
            return None
        return SymbolLookup(
            symbol=row.symbol,
            instrument=_instrument_of(row),
            reason=row.reason,
            looked_up_at=row.looked_up_at,
        )

    async def upsert_lookup(self, source: Source, lookup: SymbolLookup) -> None:
        """Store the answer in place of an earlier one."""
        instrument = lookup.instrument
        row = {
            "source": source,
            "symbol": lookup.symbol,
            "instrument_symbol": instrument.symbol if instrument else None,
            "name": instrument.name if instrument else None,
            "exchange": instrument.exchange if instrument else None,
            "currency": instrument.currency if instrument else None,
            "aliases": instrument.aliases if instrument else None,
            "reason": lookup.reason,
            "looked_up_at": lookup.looked_up_at,
        }
        await upsert(self._connection, symbol_lookups, [row], key=("source", "symbol"))


def _instrument_of(row: Row[Any]) -> Instrument | None:
    if row.instrument_symbol is None:
        return None
    return Instrument(
        symbol=row.instrument_symbol,
        name=row.name,
        exchange=row.exchange,
        currency=row.currency,
        aliases=row.aliases,
    )
