"""Searching: the directory first, the feed only for what the directory cannot answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from oracle.domain.errors import FeedUnavailable, InvalidQuery
from oracle.services.search_symbols import search_everywhere, search_symbols

if TYPE_CHECKING:
    from tests.unit.services.scripted_market import ScriptedMarket


async def test_what_the_directory_knows_asks_no_feed(market: ScriptedMarket) -> None:
    """A misspelt name is found locally, whether it is being typed or was sent off."""
    for result in (
        search_symbols(market.deps, "appel"),
        await search_everywhere(market.deps, "appel"),
    ):
        assert result.matches[0].instrument.symbol == "AAPL"
    assert market.feed.asked == []


async def test_what_nobody_knows_here_is_asked_of_the_feed_once(market: ScriptedMarket) -> None:
    """A query without local matches is answered by the feed, and the answer is remembered."""
    for text in ("zzzq", "ZZZQ "):
        result = await search_everywhere(market.deps, text)
        assert [match.instrument.symbol for match in result.matches] == ["ZZZQ"]
        assert result.exact is None
    assert market.feed.asked == ["search:zzzq"]


async def test_failing_feed_leaves_the_local_answer(market: ScriptedMarket) -> None:
    """With the feed down a search finds nothing, and is no error."""
    market.feed.outage = FeedUnavailable("down")
    assert (await search_everywhere(market.deps, "zzzq")).matches == ()


@pytest.mark.parametrize("text", ["", "   ", "x" * 65, "a\x00b", "a\nb"])
async def test_bad_queries_are_refused(market: ScriptedMarket, text: str) -> None:
    """Nothing, too much, or what cannot be typed is refused before anything is searched."""
    with pytest.raises(InvalidQuery):
        await search_everywhere(market.deps, text)
