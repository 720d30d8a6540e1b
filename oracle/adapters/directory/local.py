"""The directory of symbols that is shipped: no call leaves the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.adapters.directory.listings import load_listings
from oracle.adapters.directory.matching import WHOLE_NAME, Matcher
from oracle.adapters.directory.names import MAX_LENGTH
from oracle.domain.instruments import Match

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from oracle.domain.instruments import Instrument


class LocalDirectory:
    """The known instruments; only those of the given symbols when `only` is not None."""

    def __init__(self, only: Collection[str] | None = None) -> None:
        self._listings = tuple(
            one for one in load_listings() if only is None or one.instrument.symbol in only
        )
        self._matcher = Matcher(self._listings)
        self._by_symbol = {
            symbol: one.instrument for one in self._listings for symbol in one.former_symbols
        } | {one.instrument.symbol: one.instrument for one in self._listings}

    def __len__(self) -> int:
        return len(self._listings)

    def find_instrument(self, symbol: str) -> Instrument | None:
        """Return the instrument of exactly that symbol (or a former symbol, such as FB)."""
        return self._by_symbol.get(symbol.strip().upper().replace(".", "-"))

    def search(self, query: str, limit: int = 8) -> Sequence[Match]:
        """Return matches by name, symbol or alias, tolerant of typing errors, best first.

        A match is exact when the query is the whole symbol, name or alias, or a former symbol.
        Any text is accepted; what cannot be matched, such as one longer than any name, has none.
        """
        if len(query) > MAX_LENGTH or limit <= 0:
            return ()
        scores = self._matcher.scores(query)
        best = sorted(scores, key=lambda place: (-scores[place], *self._order(place)))
        return tuple(
            Match(self._listings[place].instrument, scores[place], scores[place] >= WHOLE_NAME)
            for place in best[:limit]
        )

    def _order(self, place: int) -> tuple[int, int, str]:
        """Return what decides between equal scores: the larger company, then the shorter name."""
        listing = self._listings[place]
        return listing.size, len(listing.instrument.name), listing.instrument.name
