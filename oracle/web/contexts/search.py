"""The search page and its suggestions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.domain.instruments import Instrument
    from oracle.services.search_symbols import SearchResult


@dataclass(frozen=True, slots=True)
class Hit:
    """One instrument found."""

    symbol: str
    name: str
    exchange: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """What was searched for and found; nothing was asked yet when `query` is empty.

    `is_sure`: something is called so, at least in part; else it is asked what was meant.
    """

    query: str
    hits: tuple[Hit, ...]
    is_sure: bool


def build_search_page(result: SearchResult | None) -> SearchPage:
    """Return the page for a search, or the empty page where none was made."""
    if result is None:
        return SearchPage("", (), is_sure=False)
    return SearchPage(
        query=result.query,
        hits=tuple(
            Hit(match.instrument.symbol, match.instrument.name, match.instrument.exchange)
            for match in result.matches
        ),
        is_sure=any(
            _is_called(match.instrument, result.query.casefold()) for match in result.matches
        ),
    )


def _is_called(instrument: Instrument, query: str) -> bool:
    return query in instrument.name.casefold() or query in instrument.symbol.casefold()
