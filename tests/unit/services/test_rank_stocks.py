"""Rankings: the watchlist or a selection, complete or not."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from oracle.domain.errors import FeedUnavailable, InvalidSelection, SymbolNotInFeed
from oracle.services.predict_stock import predict_stock
from oracle.services.rank_stocks import rank_stocks
from oracle.settings import DEFAULT_POOL, DEFAULT_WATCHLIST

if TYPE_CHECKING:
    from tests.unit.services.scripted_market import ScriptedMarket


async def test_watchlist_is_ranked_best_first(market: ScriptedMarket) -> None:
    """The ten are ranked 1 to 10 by falling score, and the first is the best buy with a reason."""
    ranking = await rank_stocks(market.deps)
    assert {stock.symbol for stock in ranking.stocks} == set(DEFAULT_WATCHLIST)
    assert [stock.rank for stock in ranking.stocks] == list(range(1, 11))
    scores = [stock.score for stock in ranking.stocks]
    assert scores == sorted(scores, reverse=True)
    assert ranking.unavailable == ()
    if scores[0] > 0:
        assert ranking.best is not None
        assert ranking.best.symbol == ranking.stocks[0].symbol
        assert ranking.best.reason
    else:
        assert ranking.best is None


async def test_ranking_and_stock_page_say_the_same(market: ScriptedMarket) -> None:
    """A stock's prediction in the ranking is the very one that its own page shows."""
    alone = (await predict_stock(market.deps, "KO")).prediction
    ranking = await rank_stocks(market.deps)
    in_ranking = next(stock.prediction for stock in ranking.stocks if stock.symbol == "KO")
    assert in_ranking == alone


async def test_ranking_is_stored_and_the_same_for_every_process(market: ScriptedMarket) -> None:
    """Another process serves the stored ranking without asking the feed."""
    ranking = await rank_stocks(market.deps)
    market.feed.asked.clear()
    assert await rank_stocks(market.restart().deps) == ranking
    assert market.feed.asked == []


async def test_order_of_the_symbols_does_not_matter(market: ScriptedMarket) -> None:
    """The same selection in another order is the same ranking."""
    forwards = await rank_stocks(market.deps, ["KO", "XOM", "tsla"])
    backwards = await rank_stocks(market.deps, ["TSLA", "xom", "KO"])
    assert forwards == backwards


async def test_a_name_stands_for_its_symbol(market: ScriptedMarket) -> None:
    """Who writes a company's name gets what its symbol gives; the same stock twice is told."""
    by_symbol = await rank_stocks(market.deps, ["KO", "WMT"])
    assert await rank_stocks(market.deps, ["ko", "Walmart"]) == by_symbol
    with pytest.raises(InvalidSelection, match="twice"):
        await rank_stocks(market.deps, ["WMT", "walmart"])


async def test_failing_symbol_does_not_spoil_the_others(market: ScriptedMarket) -> None:
    """Nine stocks are ranked, and the tenth is listed with its reason."""
    market.feed.failures["WMT"] = FeedUnavailable("WMT timed out.")
    ranking = await rank_stocks(market.deps)
    assert len(ranking.stocks) == 9
    assert [(stock.symbol, stock.reason) for stock in ranking.unavailable] == [
        ("WMT", "WMT timed out.")
    ]


async def test_incomplete_ranking_is_completed_later(market: ScriptedMarket) -> None:
    """Once the symbol is back another process ranks all ten, and stores that as well."""
    market.feed.failures["WMT"] = FeedUnavailable("WMT timed out.")
    await rank_stocks(market.deps)
    market.feed.failures.clear()
    ranking = await rank_stocks(market.restart().deps)
    assert len(ranking.stocks) == 10
    assert await rank_stocks(market.restart().deps) == ranking


async def test_abstaining_stock_is_listed_with_its_reason(market: ScriptedMarket) -> None:
    """A stock of which nothing can be said is not ranked, and the reason is given."""
    market.feed.lengths["TSLA"] = 30
    ranking = await rank_stocks(market.deps, ["AAPL", "TSLA", "KO"])
    assert {stock.symbol for stock in ranking.stocks} == {"AAPL", "KO"}
    assert [stock.symbol for stock in ranking.unavailable] == ["TSLA"]
    assert "30" in ranking.unavailable[0].reason


async def test_unknown_symbol_in_a_selection_is_listed(market: ScriptedMarket) -> None:
    """A selection with a symbol nobody knows ranks the others."""
    market.feed.failures["QQQZZ"] = SymbolNotInFeed("unknown")
    ranking = await rank_stocks(market.deps, ["AAPL", "KO", "QQQZZ"])
    assert [stock.symbol for stock in ranking.unavailable] == ["QQQZZ"]


async def test_nothing_known_and_feed_down_is_an_answer(market: ScriptedMarket) -> None:
    """With an empty database and no feed the ranking lists all ten as unavailable."""
    market.feed.outage = FeedUnavailable("Yahoo does not answer.")
    ranking = await rank_stocks(market.deps)
    assert ranking.stocks == ()
    assert ranking.best is None
    assert len(ranking.unavailable) == 10


async def test_last_ranking_stands_while_the_feed_is_down(market: ScriptedMarket) -> None:
    """The day after, with the feed down, the last ranking is shown with its own date."""
    ranking = await rank_stocks(market.deps)
    market.feed.outage = FeedUnavailable("Yahoo does not answer.")
    market.clock.moment = datetime(2023, 6, 15, 22, 0, tzinfo=UTC)
    again = await rank_stocks(market.restart().deps)
    assert again == ranking
    assert again.as_of == date(2023, 6, 14)


async def test_older_ranking_is_shown_rather_than_waited_for(market: ScriptedMarket) -> None:
    """While the feed is slow after the close the last ranking is shown."""
    ranking = await rank_stocks(market.deps)
    market.clock.moment = datetime(2023, 6, 15, 22, 0, tzinfo=UTC)
    market.feed.gate = asyncio.Event()
    assert await rank_stocks(market.deps) == ranking
    market.feed.gate.set()
    await market.deps.rankings.flights.finish()
    assert (await rank_stocks(market.deps)).as_of == date(2023, 6, 15)


async def test_passing_failures_do_not_fill_the_database(market: ScriptedMarket) -> None:
    """The same stock failing for the same kind of reason is the same outcome, however worded."""
    market.feed.failures["WMT"] = FeedUnavailable("in 5 minutes")
    first = await rank_stocks(market.deps)
    market.feed.failures["WMT"] = FeedUnavailable("in 4 minutes")
    assert await rank_stocks(market.restart().deps) == first


async def test_thin_pool_is_not_fitted(market: ScriptedMarket) -> None:
    """With too few stocks of the pool nothing is forecast, and every stock says why."""
    for symbol in DEFAULT_POOL[10:]:
        market.feed.failures[symbol] = FeedUnavailable("down")
    ranking = await rank_stocks(market.deps)
    assert ranking.stocks == ()
    assert all("train the forecast" in stock.reason for stock in ranking.unavailable)


@pytest.mark.parametrize(
    "symbols",
    [[], ["AAPL"], ["AAPL", "aapl"], ["AAPL", "<b>"], ["AAPL", ""], [f"A{n}" for n in range(51)]],
)
async def test_bad_selections_are_refused(market: ScriptedMarket, symbols: list[str]) -> None:
    """A list that is too short, too long, malformed or repeats itself is refused unasked."""
    with pytest.raises(InvalidSelection):
        await rank_stocks(market.deps, symbols)
    assert market.feed.asked == []
