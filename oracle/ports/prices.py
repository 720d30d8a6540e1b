"""What is stored of prices and of the symbols they belong to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from oracle.domain.instruments import Instrument, Source
    from oracle.domain.prices import PriceHistory, Quote, Split


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """Validated bars as stored, and when the feed was last asked for them (UTC)."""

    history: PriceHistory
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class SymbolLookup:
    """What the feed said when it was asked for a symbol that the directory does not hold.

    `instrument` is None when the feed does not know the symbol or it is not supported;
    `reason` then says which.
    """

    symbol: str
    instrument: Instrument | None
    reason: str
    looked_up_at: datetime


class BarRepository(Protocol):
    """Validated daily bars by source, symbol and session."""

    async def find_history(self, source: Source, symbol: str, since: date) -> StoredHistory | None:
        """Return the stored bars from `since` on, or None when the symbol was never stored."""
        ...

    async def list_histories(
        self, source: Source, symbols: Sequence[str], since: date
    ) -> dict[str, StoredHistory]:
        """Return the stored histories of those of the symbols that have any."""
        ...

    async def upsert_history(
        self, source: Source, history: PriceHistory, fetched_at: datetime
    ) -> int:
        """Insert new bars, heal changed ones, note the fetch; return how many rows changed."""
        ...

    async def list_newest_sessions(self, source: Source, symbols: Sequence[str]) -> dict[str, date]:
        """Return the session of the newest bar of those of the symbols that have any."""
        ...


class SplitRepository(Protocol):
    """The share splits that a feed has reported; later answers replace earlier ones."""

    async def list_splits(
        self, source: Source, symbols: Sequence[str]
    ) -> dict[str, tuple[Split, ...]]:
        """Return the splits of those of the symbols that have any, oldest first."""
        ...

    async def upsert_splits(self, source: Source, symbol: str, splits: Sequence[Split]) -> None:
        """Store the splits in place of those of the same sessions."""
        ...


class QuoteRepository(Protocol):
    """The last good price of each symbol."""

    async def list_quotes(self, source: Source, symbols: Sequence[str]) -> dict[str, Quote]:
        """Return the stored quotes of those of the symbols that have one."""
        ...

    async def upsert_quote(self, quote: Quote) -> None:
        """Store the quote unless a newer one (by `as_of`, then `fetched_at`) is there."""
        ...


class SymbolLookupRepository(Protocol):
    """Answers of the feed about symbols that the directory does not hold."""

    async def find_lookup(self, source: Source, symbol: str) -> SymbolLookup | None:
        """Return the last answer about that symbol, or None."""
        ...

    async def upsert_lookup(self, source: Source, lookup: SymbolLookup) -> None:
        """Store the answer in place of an earlier one."""
        ...
