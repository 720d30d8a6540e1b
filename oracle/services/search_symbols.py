"""Use case: find instruments by name or symbol."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oracle.domain.errors import FeedError, TooManyLookups
from oracle.domain.instruments import Match, Source, parse_query
from oracle.observability.logs import get_logger
from oracle.services.background import SingleFlight
from oracle.services.price_memory import BySymbol

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies

MAX_MATCHES = 8
FEED_PATIENCE = 3.0
"""Seconds a search waits for the feed; an answer that comes later serves the next one."""

FOUND_ELSEWHERE = 50.0
"""The score of what only the feed knows: it has its own idea of likeness."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SearchResult:
    """The folded query and its matches, best first. `exact` is the one that was surely meant."""

    query: str
    matches: tuple[Match, ...]
    exact: Match | None


class SearchCache:
    """What the feed found for queries that the directory cannot answer."""

    def __init__(self) -> None:
        self.answers: BySymbol[tuple[Match, ...]] = BySymbol()
        self.flights: SingleFlight[str, tuple[Match, ...]] = SingleFlight("search_feed")


def search_symbols(deps: Dependencies, text: str, limit: int = MAX_MATCHES) -> SearchResult:
    """Return matches from the local directory, tolerant of typing errors; asks no feed.

    Raises InvalidQuery.
    """
    query = parse_query(text)
    matches = tuple(deps.directory.search(query, limit))
    exact = next((match for match in matches if match.exact), None)
    return SearchResult(query, matches, exact)


async def search_everywhere(deps: Dependencies, text: str) -> SearchResult:
    """Return local matches or, where there are none, those of the feed, asked once per query.

    For a search that was sent off, not for one that is being typed. Raises InvalidQuery.
    """
    result = search_symbols(deps, text)
    if result.matches or deps.feed.source is Source.SAMPLE:
        return result
    key = result.query.casefold()
    found = deps.searches.answers.find(key)
    if found is None:
        try:
            async with asyncio.timeout(FEED_PATIENCE):
                found = await deps.searches.flights.run(key, lambda: _ask_feed(deps, key))
        except (FeedError, TooManyLookups, TimeoutError) as error:
            # The directory's "nothing found" stands; nobody should see an error for a search.
            _log.info("feed_search_failed", error=type(error).__name__, why=str(error))
            return result
    return replace(result, matches=found)


async def _ask_feed(deps: Dependencies, query: str) -> tuple[Match, ...]:
    deps.lookup_budget.spend()
    found = await deps.feed.search(query, MAX_MATCHES)
    matches = tuple(Match(instrument, FOUND_ELSEWHERE) for instrument in found)
    deps.searches.answers.keep(query, matches)
    return matches
