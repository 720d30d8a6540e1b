"""The last good price of each symbol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select, update

from oracle.adapters.sql.tables import quotes
from oracle.adapters.sql.upsert import add_missing
from oracle.domain.instruments import Source
from oracle.domain.prices import MarketState, Quote

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection


class SqlQuoteRepository:
    """The table `quotes`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_quotes(self, source: Source, symbols: Sequence[str]) -> dict[str, Quote]:
        """Return the stored quotes of those of the symbols that have one."""
        if not symbols:
            return {}
        rows = await self._connection.execute(
            select(quotes).where(quotes.c.source == source, quotes.c.symbol.in_(symbols))
        )
        return {
            row.symbol: Quote(
                symbol=row.symbol,
                price=row.price,
                currency=row.currency,
                as_of=row.as_of,
                market_state=MarketState(row.market_state),
                source=Source(row.source),
                fetched_at=row.fetched_at,
            )
            for row in rows
        }

    async def upsert_quote(self, quote: Quote) -> None:
        """Store the quote unless a newer one (by `as_of`, then `fetched_at`) is there.

        Two statements, since MySQL's upsert has no condition: the second one finds nothing to do
        right after an insert.
        """
        key = {"source": quote.source, "symbol": quote.symbol}
        values = {
            "price": quote.price,
            "currency": quote.currency,
            "as_of": quote.as_of,
            "market_state": quote.market_state,
            "fetched_at": quote.fetched_at,
        }
        await add_missing(self._connection, quotes, [key | values], key=("source", "symbol"))
        older = or_(
            quotes.c.as_of < quote.as_of,
            and_(quotes.c.as_of == quote.as_of, quotes.c.fetched_at < quote.fetched_at),
        )
        await self._connection.execute(
            update(quotes)
            .where(quotes.c.source == quote.source, quotes.c.symbol == quote.symbol, older)
            .values(**values)
        )
