"""The stocks that pages offer as links."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

from oracle.domain.instruments import Source
from oracle.services.list_instruments import list_instruments, list_sample_market

if TYPE_CHECKING:
    from oracle.ports import PriceFeed
    from tests.unit.services.scripted_market import ScriptedMarket


async def test_symbols_get_the_names_of_the_directory(market: ScriptedMarket) -> None:
    """Each symbol that is known comes in the order given; those that are not are left out."""
    found = list_instruments(market.deps, ("XOM", "NOPE", "AAPL"))
    assert [each.symbol for each in found] == ["XOM", "AAPL"]
    assert found[0] == market.deps.directory.find_instrument("XOM")


async def test_only_the_sample_market_is_listed_whole(market: ScriptedMarket) -> None:
    """The sample market names every stock it has; a live one has too many to name."""
    assert list_sample_market(market.deps) == ()
    feed = cast("PriceFeed", SimpleNamespace(source=Source.SAMPLE))
    sample = replace(market.deps, feed=feed, pool=("KO", "PG"))
    assert [each.symbol for each in list_sample_market(sample)] == ["KO", "PG"]
