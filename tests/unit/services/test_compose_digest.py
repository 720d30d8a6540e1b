"""What a session's digest is made of, and what the archive shows of it later."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest

from oracle.digest.content import DigestContent, Mark
from oracle.digest.personal import choose_best
from oracle.domain.errors import FeedUnavailable, InvalidInput, UnknownDigest
from oracle.domain.runs import RunKind, RunState
from oracle.forecasting import MODEL_VERSION
from oracle.services.compose_digest import compose_digest
from oracle.services.make_predictions import make_predictions
from oracle.services.rank_stocks import rank_stocks
from oracle.services.read_digests import list_digests, preview_digest, read_digest
from oracle.services.settle_predictions import settle_predictions
from oracle.settings import DEFAULT_WATCHLIST

if TYPE_CHECKING:
    from tests.unit.services.scripted_market import ScriptedMarket

WEDNESDAY = date(2023, 6, 14)
THURSDAY = date(2023, 6, 15)
FRIDAY = date(2023, 6, 16)
TUESDAY = date(2023, 6, 20)
"""The next session after Friday: the 19th is a holiday."""


async def freeze(market: ScriptedMarket, content: DigestContent) -> None:
    """Store a run with that content, as a leader does."""
    async with market.store.begin() as unit:
        run = await unit.runs.add_run(
            content.source,
            RunKind.DIGEST,
            content.session,
            state=RunState.PLANNED,
            epoch=1,
            content=content.to_json(),
        )
    assert run is not None


async def test_the_digest_says_what_the_ranking_says(market: ScriptedMarket) -> None:
    """Order, prices, ranges and best buy are those of the stored ranking, to the last digit."""
    content = await compose_digest(market.deps, WEDNESDAY)
    ranking = await rank_stocks(market.deps)
    assert (content.session, content.target) == (WEDNESDAY, THURSDAY)
    assert content.source is market.feed.source
    assert content.model_version == MODEL_VERSION
    assert content.listed == DEFAULT_WATCHLIST
    assert [row.symbol for row in content.rows] == [stock.symbol for stock in ranking.stocks]
    for row, stock in zip(content.rows, ranking.stocks, strict=True):
        interval = stock.prediction.interval(0.8)
        assert interval is not None
        assert (row.price, row.predicted) == (
            stock.prediction.current_price,
            stock.prediction.point,
        )
        assert (row.lower, row.upper) == (interval.lower, interval.upper)
        assert (row.score, row.name) == (stock.score, stock.name)
    best = choose_best(content)
    assert (None if best is None else best.symbol) == (
        None if ranking.best is None else ranking.best.symbol
    )
    assert content.current == 10
    assert DigestContent.from_json(content.to_json()) == content


async def test_symbols_that_subscribers_chose_are_in_it(market: ScriptedMarket) -> None:
    """Each wanted stock has its figures, though only the watchlist is listed."""
    content = await compose_digest(market.deps, WEDNESDAY, ["TSLA", "AAPL"])
    symbols = [each.symbol for each in content.items]
    assert sorted(symbols) == sorted({*DEFAULT_WATCHLIST, "TSLA"})
    assert "TSLA" not in content.listed
    tesla = next(each for each in content.items if each.symbol == "TSLA")
    assert tesla.predicted is not None


async def test_a_close_that_is_missing_is_marked(market: ScriptedMarket) -> None:
    """The stock keeps its last known close with that day, and nothing is predicted of it."""
    market.advance(days=-1)
    await compose_digest(market.deps, WEDNESDAY - timedelta(days=1))
    market.advance(days=1)
    for symbol in DEFAULT_WATCHLIST[:3]:
        market.feed.failures[symbol] = FeedUnavailable("The feed does not answer.")
    content = await compose_digest(market.restart().deps, WEDNESDAY)
    assert content.current == 7
    late = {each.symbol: each for each in content.items if each.mark is not Mark.NONE}
    assert set(late) == set(DEFAULT_WATCHLIST[:3])
    for each in late.values():
        assert each.mark is Mark.MISSING
        assert each.price_of == WEDNESDAY - timedelta(days=1)
        assert each.price is not None
        assert (each.predicted, each.lower, each.score) == (None, None, None)
        assert each.reasons
    assert [row.symbol for row in content.rows[-3:]] == sorted(late)


async def test_a_stock_with_too_short_a_history_is_marked(market: ScriptedMarket) -> None:
    """Its close is in and shown; the reason says why nothing is predicted."""
    market.feed.lengths["TSLA"] = 12
    content = await compose_digest(market.deps, WEDNESDAY, ["TSLA"])
    tesla = next(each for each in content.items if each.symbol == "TSLA")
    assert tesla.mark is Mark.ABSTAINED
    assert tesla.price_of == WEDNESDAY
    assert tesla.predicted is None
    assert tesla.reasons


async def test_a_symbol_that_nobody_knows_spoils_nothing(market: ScriptedMarket) -> None:
    """It is marked without any price, and the others are complete."""
    content = await compose_digest(market.deps, WEDNESDAY, ["QQQQZ"])
    unknown = next(each for each in content.items if each.symbol == "QQQQZ")
    assert (unknown.mark, unknown.price, unknown.price_of) == (Mark.MISSING, None, None)
    assert content.current == 10


async def test_a_first_evening_looks_back_on_nothing(market: ScriptedMarket) -> None:
    """Without predictions for the session that has closed there are no results."""
    assert (await compose_digest(market.deps, WEDNESDAY)).last_night is None


async def test_the_next_evening_holds_the_predictions_against_the_closes(
    market: ScriptedMarket,
) -> None:
    """Every stock's outcome and the last best buy's are there, as they were settled."""
    before = await compose_digest(market.deps, WEDNESDAY)
    market.advance(days=1)
    waiting = (await compose_digest(market.deps, THURSDAY)).last_night
    assert waiting is not None
    assert (waiting.settled, len(waiting.results)) == (0, 10)
    await settle_predictions(market.deps)
    last = (await compose_digest(market.deps, THURSDAY)).last_night
    assert last is not None
    assert (last.as_of, last.settled, last.was_ranked) == (WEDNESDAY, 10, True)
    said = {each.symbol: each for each in before.items}
    for result in last.results:
        assert (result.price, result.predicted) == (
            said[result.symbol].price,
            said[result.symbol].predicted,
        )
        assert result.actual == pytest.approx(market.feed.history(result.symbol).close[-1])
    async with market.store.begin() as unit:
        rows = await unit.outcomes.list_of_session(market.feed.source, THURSDAY)
    inside = {row.prediction.symbol: row.outcome.inside_80 for row in rows if row.outcome}
    assert {each.symbol: each.range_held for each in last.results} == {
        symbol: inside[symbol] for symbol in DEFAULT_WATCHLIST
    }
    best = choose_best(before)
    assert (None if last.pick is None else last.pick.symbol) == (
        None if best is None else best.symbol
    )


async def test_the_archive_keeps_what_was_frozen(market: ScriptedMarket) -> None:
    """The page of a session shows the frozen content, and its outcomes once they are settled."""
    content = await compose_digest(market.deps, WEDNESDAY)
    frozen = replace(content, model_version=content.model_version)
    await freeze(market, frozen)
    archived = await read_digest(market.deps, WEDNESDAY)
    assert archived.content == frozen
    assert archived.outcomes == {}
    market.advance(days=1)
    await compose_digest(market.deps, THURSDAY)
    await settle_predictions(market.deps)
    archived = await read_digest(market.deps, WEDNESDAY)
    assert archived.content == frozen
    assert set(archived.outcomes) >= set(DEFAULT_WATCHLIST)
    assert list(await list_digests(market.deps)) == [frozen]


async def test_a_session_without_a_run_is_not_in_the_archive(market: ScriptedMarket) -> None:
    """Neither a day nobody sent on nor a missed one has a page."""
    with pytest.raises(UnknownDigest):
        await read_digest(market.deps, WEDNESDAY)
    async with market.store.begin() as unit:
        await unit.runs.add_run(
            market.feed.source, RunKind.DIGEST, WEDNESDAY, state=RunState.MISSED, epoch=1
        )
    with pytest.raises(UnknownDigest):
        await read_digest(market.deps, WEDNESDAY)
    assert list(await list_digests(market.deps)) == []


async def test_a_preview_stores_no_run_and_shows_the_frozen_one(market: ScriptedMarket) -> None:
    """Before the run it is what would be frozen now; after it, what was."""
    now = await preview_digest(market.deps, None)
    assert now.session == WEDNESDAY
    assert list(await list_digests(market.deps)) == []
    frozen = replace(now, listed=now.listed[:3])
    await freeze(market, frozen)
    assert await preview_digest(market.deps, WEDNESDAY) == frozen


async def test_a_past_preview_shows_what_was_stored_that_evening(market: ScriptedMarket) -> None:
    """Without a run the live predictions of the evening are shown, of an earlier model, too."""
    told = await compose_digest(market.deps, WEDNESDAY)
    market.advance(days=1)
    later = await preview_digest(market.restart().deps, WEDNESDAY)
    assert later.rows == told.rows

    made = await make_predictions(market.deps, DEFAULT_WATCHLIST, THURSDAY)
    market.advance(days=1)
    async with market.store.begin() as unit:
        stored = await unit.predictions.add_predictions(
            [
                replace(each, model_version="old-1", as_of=FRIDAY, target=TUESDAY)
                for each in made.predictions.values()
            ]
        )
    assert len(stored) == 10
    market.advance(days=4)
    older = await preview_digest(market.deps, FRIDAY)
    assert older.model_version == "old-1"
    assert [row.mark for row in older.rows] == [Mark.NONE] * 10


async def test_an_evening_without_predictions_is_refused(market: ScriptedMarket) -> None:
    """Ten rows that cannot be forecast any more are no preview: a sentence says why."""
    market.advance(days=1)
    with pytest.raises(InvalidInput, match="Nothing was predicted on the evening of Wed 14 Jun"):
        await preview_digest(market.deps, WEDNESDAY)


@pytest.mark.parametrize(
    ("day", "words"), [(date(2023, 6, 18), "did not trade"), (FRIDAY, "is not over")]
)
async def test_only_sessions_that_are_over_can_be_previewed(
    market: ScriptedMarket, day: date, words: str
) -> None:
    """A Sunday and a session to come are refused with the reason."""
    with pytest.raises(InvalidInput, match=words):
        await preview_digest(market.deps, day)
