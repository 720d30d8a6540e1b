"""Use case: find instruments by name or symbol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.instruments import parse_query

if TYPE_CHECKING:
    from oracle.domain.instruments import Match
    from oracle.services.dependencies import Dependencies

MAX_MATCHES = 8


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The folded query and its matches, best first. `exact` is the one that was surely meant."""

    query: str
    matches: tuple[Match, ...]
    exact: Match | None


def search_symbols(deps: Dependencies, text: str, limit: int = MAX_MATCHES) -> SearchResult:
    """Return matches from the local directory, tolerant of typing errors; asks no feed.

    Raises InvalidQuery.
    """
    query = parse_query(text)
    matches = tuple(deps.directory.search(query, limit))
    exact = next((match for match in matches if match.exact), None)
    return SearchResult(query, matches, exact)
