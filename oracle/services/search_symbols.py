"""Use case: find instruments by name or symbol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.domain.instruments import Match
    from oracle.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The folded query and its matches, best first. `exact` is the one that was surely meant."""

    query: str
    matches: tuple[Match, ...]
    exact: Match | None


def search_symbols(deps: Dependencies, text: str, limit: int = 8) -> SearchResult:
    """Return matches from the local directory, tolerant of typing errors; asks no feed.

    Raises InvalidQuery.
    """
    raise NotImplementedError
