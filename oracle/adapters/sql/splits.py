"""The share splits that a feed has reported."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from sqlalchemy import select

from oracle.adapters.sql.tables import splits
from oracle.adapters.sql.upsert import upsert
from oracle.domain.prices import Split

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection

    from oracle.domain.instruments import Source

KEY = ("source", "symbol", "session")


class SqlSplitRepository:
    """The table `splits`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_splits(
        self, source: Source, symbols: Sequence[str]
    ) -> dict[str, tuple[Split, ...]]:
        """Return the splits of those of the symbols that have any, oldest first."""
        rows = await self._connection.execute(
            select(splits.c.symbol, splits.c.session, splits.c.ratio)
            .where(splits.c.source == source, splits.c.symbol.in_(symbols))
            .order_by(splits.c.symbol, splits.c.session)
        )
        return {
            symbol: tuple(Split(row.session, row.ratio) for row in group)
            for symbol, group in groupby(rows, key=lambda row: row.symbol)
        }

    async def upsert_splits(self, source: Source, symbol: str, splits_: Sequence[Split]) -> None:
        """Store the splits in place of those of the same sessions."""
        rows = [
            {"source": source, "symbol": symbol, "session": split.session, "ratio": split.ratio}
            for split in splits_
        ]
        await upsert(self._connection, splits, rows, key=KEY)
