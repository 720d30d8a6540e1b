"""Two instances that write the same things at once agree on what is stored."""

from __future__ import annotations

import asyncio
import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from oracle.domain.forecasts import Origin
from oracle.domain.instruments import Source
from tests.integration.database.examples import (
    AS_OF,
    MODEL,
    NOW,
    SINCE,
    TARGET,
    fit,
    history,
    prediction,
    quote,
    ranking,
    settled,
)
from tests.integration.database.races import race

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from datetime import date

    from oracle.adapters.sql.store import SqlUnitOfWork
    from oracle.domain.forecasts import FrozenFit, Prediction
    from oracle.domain.rankings import Ranking
    from tests.integration.database.races import Stores

ROUNDS = 8
SYMBOLS = ("AAPL", "MSFT", "JPM", "JNJ", "XOM", "WMT", "KO", "HD", "LLY", "PG")


async def test_the_first_of_several_writers_decides_all_predictions(stores: Stores) -> None:
    """Whoever comes second is told what the first one stored, for each of ten symbols."""
    for day in range(ROUNDS):
        as_of = AS_OF - timedelta(days=day)

        def batch(price: float, session: date) -> list[Prediction]:
            return [
                prediction(symbol, price + place, as_of=session, target=session + timedelta(days=1))
                for place, symbol in enumerate(SYMBOLS)
            ]

        batches = [batch(100.0 * writer, as_of) for writer in range(1, 5)]
        # Each names them in an order of its own, which must not lock them against each other.
        batches = [rows if turn % 2 else rows[::-1] for turn, rows in enumerate(batches)]

        def add(rows: list[Prediction]) -> Callable[[SqlUnitOfWork], Awaitable[Any]]:
            return lambda unit: unit.predictions.add_predictions(rows)

        told = await race(stores, *map(add, batches))

        async with stores[0].begin() as unit:
            stored = await unit.predictions.list_predictions(
                Source.SAMPLE, SYMBOLS, as_of, MODEL, Origin.LIVE
            )
        assert all(answer == stored for answer in told)
        assert stored in [{row.symbol: row for row in rows} for rows in batches]


async def test_the_first_of_several_writers_decides_the_outcomes(stores: Stores) -> None:
    """Instances that settle the same session at once leave one outcome of each prediction."""
    rows = [prediction(symbol) for symbol in SYMBOLS]
    async with stores[0].begin() as unit:
        await unit.predictions.add_predictions(rows)

    def add(writer: int) -> Callable[[SqlUnitOfWork], Awaitable[Any]]:
        batch = [settled(each, actual=100.0 + writer) for each in rows]
        return lambda unit: unit.outcomes.add_outcomes(batch if writer % 2 else batch[::-1])

    await race(stores, *map(add, range(4)))
    async with stores[0].begin() as unit:
        stored = await unit.outcomes.list_of_session(Source.SAMPLE, TARGET)
    actuals = [each.outcome.actual for each in stored if each.outcome is not None]
    assert len(actuals) == len(SYMBOLS)
    assert len(set(actuals)) == 1


async def test_one_of_several_corrections_is_made(stores: Stores) -> None:
    """Those who correct the same outcome at once make one revision of it, with what was before."""
    row = prediction()
    async with stores[0].begin() as unit:
        await unit.predictions.add_predictions([row])
        await unit.outcomes.add_outcomes([settled(row)])

    def revise(writer: int) -> Callable[[SqlUnitOfWork], Awaitable[Any]]:
        revised = settled(row, actual=200.0 + writer, revised_at=NOW)
        return lambda unit: unit.outcomes.revise_outcome(revised, expected=0)

    told = await race(stores, *map(revise, range(4)))
    assert sorted(told) == [False, False, False, True]
    async with stores[0].begin() as unit:
        (stored,) = await unit.outcomes.list_of_session(Source.SAMPLE, TARGET)
        revisions = await unit.outcomes.list_revisions(stored)
    assert stored.outcome is not None
    assert stored.outcome.actual == 200.0 + told.index(True)
    assert stored.outcome.revisions == 1
    assert [each.actual for each in revisions] == [1 / 3]


async def test_the_first_of_several_writers_decides_the_fit(stores: Stores) -> None:
    """Every writer is told the same fit."""
    for day in range(ROUNDS):
        fits = [
            dataclasses.replace(fit(f'{{"writer":{writer}}}'), as_of=AS_OF - timedelta(days=day))
            for writer in range(4)
        ]

        def add(given: FrozenFit) -> Callable[[SqlUnitOfWork], Awaitable[Any]]:
            return lambda unit: unit.fits.add_fit(given)

        told = await race(stores, *map(add, fits))
        assert told[0] in fits
        assert told == [told[0]] * 4


async def test_the_first_of_several_writers_decides_the_ranking(stores: Stores) -> None:
    """Every writer is told the same ranking, whole, with the items of one writer alone."""
    stocks = [prediction(symbol) for symbol in SYMBOLS]
    async with stores[0].begin() as unit:
        await unit.predictions.add_predictions(stocks)
    for turn in range(ROUNDS):
        rankings = [
            ranking(*stocks[writer:], fingerprint=f"{turn:064}", created_at=NOW + timedelta(writer))
            for writer in range(4)
        ]

        def add(given: Ranking) -> Callable[[SqlUnitOfWork], Awaitable[Any]]:
            return lambda unit: unit.rankings.add_ranking(given)

        told = await race(stores, *map(add, rankings))
        assert told[0] in rankings
        assert told == [told[0]] * 4


async def test_a_prediction_that_was_rolled_back_was_not_first(stores: Stores) -> None:
    """A writer that waits for one which fails then stores its own."""
    written, waiting = asyncio.Event(), asyncio.Event()

    async def fail() -> None:
        async with stores[0].begin() as unit:
            await unit.predictions.add_predictions([prediction(point=1.0)])
            written.set()
            await waiting.wait()
            raise LookupError("the first writer fails")

    async def follow() -> dict[str, Prediction]:
        await written.wait()
        async with stores[1].begin() as unit:
            adding = asyncio.ensure_future(
                unit.predictions.add_predictions([prediction(point=2.0)])
            )
            await asyncio.sleep(0)
            waiting.set()
            return await adding

    failed, stored = await asyncio.gather(fail(), follow(), return_exceptions=True)
    assert isinstance(failed, LookupError)
    assert stored == {"AAPL": prediction(point=2.0)}


async def test_two_writers_of_the_same_bars_count_each_change_once(stores: Stores) -> None:
    """Writers of one symbol take turns, so that the second finds the first one's bars there."""
    for turn in range(ROUNDS):
        bars = history(f"S{turn}", rows=50)
        changed = await race(
            stores,
            *[lambda unit, bars=bars: unit.bars.upsert_history(Source.SAMPLE, bars, NOW)] * 2,
        )
        assert sorted(changed) == [0, 50]


async def test_the_newest_of_several_quotes_stays(stores: Stores) -> None:
    """Whatever order the writers come in."""
    quotes = [quote(price=1.0 + minute, minutes=minute) for minute in range(6)]
    await race(
        stores, *(lambda unit, given=given: unit.quotes.upsert_quote(given) for given in quotes)
    )
    async with stores[0].begin() as unit:
        assert await unit.quotes.list_quotes(Source.SAMPLE, ["AAPL"]) == {"AAPL": quotes[-1]}


async def test_what_is_not_committed_is_seen_by_nobody(stores: Stores) -> None:
    """A reader neither waits for a writer nor sees its rows before they are committed."""
    async with stores[0].begin() as writer:
        await writer.bars.upsert_history(Source.SAMPLE, history(), NOW)
        async with stores[1].begin() as reader:
            assert await reader.bars.find_history(Source.SAMPLE, "AAPL", SINCE) is None
    async with stores[1].begin() as reader:
        assert await reader.bars.find_history(Source.SAMPLE, "AAPL", SINCE) is not None


async def test_readers_that_write_afterwards_do_not_lock_each_other_out(stores: Stores) -> None:
    """Units that all read first and write then are all served."""

    async def read_then_write(unit: SqlUnitOfWork, minutes: int) -> None:
        await unit.quotes.list_quotes(Source.SAMPLE, ["AAPL"])
        await unit.quotes.upsert_quote(quote(minutes=minutes))

    for _ in range(ROUNDS):
        await race(
            stores,
            *(lambda unit, number=number: read_then_write(unit, number) for number in range(8)),
        )


async def test_a_failed_unit_leaves_nothing_behind(stores: Stores) -> None:
    """All that a unit has written is undone when it ends by an error."""

    async def write_and_fail() -> None:
        async with stores[0].begin() as unit:
            await unit.bars.upsert_history(Source.SAMPLE, history(), NOW)
            await unit.quotes.upsert_quote(quote())
            raise LookupError("the caller's own error")

    with pytest.raises(LookupError, match="the caller's own error"):
        await write_and_fail()
    async with stores[0].begin() as unit:
        assert await unit.bars.find_history(Source.SAMPLE, "AAPL", SINCE) is None
        assert await unit.quotes.list_quotes(Source.SAMPLE, ["AAPL"]) == {}


async def test_five_years_of_twenty_symbols_are_stored_and_read_in_seconds(
    stores: Stores, record_testsuite_property: Callable[[str, object], None]
) -> None:
    """1,260 bars of 20 symbols go in as batches and come back as one answer, each within 10 s."""
    loop = asyncio.get_running_loop()
    everything = [history(f"S{number}", rows=1260, seed=number) for number in range(20)]
    started = loop.time()
    for bars in everything:
        async with stores[0].begin() as unit:
            assert await unit.bars.upsert_history(Source.SAMPLE, bars, NOW) == 1260
    stored = loop.time()
    async with stores[1].begin() as unit:
        found = await unit.bars.list_histories(
            Source.SAMPLE, [bars.symbol for bars in everything], SINCE
        )
    read = loop.time()
    assert [len(found[bars.symbol].history) for bars in everything] == [1260] * 20
    record_testsuite_property("seconds_to_store", stored - started)
    record_testsuite_property("seconds_to_read", read - stored)
    assert stored - started < 10
    assert read - stored < 10
