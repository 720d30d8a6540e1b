"""Tables of prices: many stocks side by side on common sessions, as an evaluation reads them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.errors import InvalidSelection

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oracle.domain.prices import FloatArray, SessionArray


@dataclass(frozen=True, slots=True, eq=False)
class PriceTable:
    """Prices [T, S] of `symbols` (S) on `sessions` (T, strictly increasing), NaN where missing.

    `closes` are adjusted for splits and dividends; `open`, `high` and `low` are on the same basis,
    or None when nobody knows them. `name` says which table this is, `provenance` where the prices
    come from, and `notices` what was left out of it, in sentences.
    """

    name: str
    symbols: tuple[str, ...]
    sessions: SessionArray
    closes: FloatArray
    open: FloatArray | None = None
    high: FloatArray | None = None
    low: FloatArray | None = None
    provenance: str = ""
    notices: tuple[str, ...] = ()

    def select(self, symbols: Sequence[str]) -> PriceTable:
        """Return the table of these stocks; raise InvalidSelection when one is not in it."""
        missing = [symbol for symbol in symbols if symbol not in self.symbols]
        if missing:
            raise InvalidSelection(
                f"{self.name} has no prices of {', '.join(missing)}.",
                hint=f"It has {', '.join(self.symbols)}.",
            )
        columns = [self.symbols.index(symbol) for symbol in symbols]
        return replace(self.map(lambda prices: prices[:, columns]), symbols=tuple(symbols))

    def rows(self, first: int, last: int) -> PriceTable:
        """Return a copy of the rows `first` to `last`, both included, that shares no memory."""
        part = slice(first, last + 1)
        return replace(self.map(lambda prices: prices[part].copy()), sessions=self.sessions[part])

    def map(self, change: Callable[[FloatArray], FloatArray]) -> PriceTable:
        """Return the table with every array of prices changed in the same way."""
        return replace(
            self,
            closes=change(self.closes),
            open=None if self.open is None else change(self.open),
            high=None if self.high is None else change(self.high),
            low=None if self.low is None else change(self.low),
        )

    @property
    def has_bars(self) -> bool:
        """Whether an open, a high or a low is known of any session."""
        return any(
            prices is not None and bool(np.isfinite(prices).any())
            for prices in (self.open, self.high, self.low)
        )
