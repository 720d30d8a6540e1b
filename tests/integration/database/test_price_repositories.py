"""What the repositories of prices and lookups promise, on each database alike."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.instruments import Instrument, Source
from oracle.domain.prices import MarketState, PriceHistory
from oracle.ports import SymbolLookup
from tests.integration.database.examples import (
    AS_OF,
    AWKWARD,
    NOW,
    SINCE,
    history,
    quote,
)

if TYPE_CHECKING:
    from oracle.adapters.sql.store import SqlStore

SAMPLE = Source.SAMPLE
COLUMNS = ("sessions", "open", "high", "low", "close", "adj_close", "volume")


def assert_same_bars(found: PriceHistory, expected: PriceHistory) -> None:
    """Compare bit by bit; NaN is like NaN."""
    assert (found.symbol, found.currency) == (expected.symbol, expected.currency)
    for name in COLUMNS:
        np.testing.assert_array_equal(getattr(found, name), getattr(expected, name), strict=True)


async def upsert_bars(store: SqlStore, bars: PriceHistory, fetched_at: datetime = NOW) -> int:
    """Store the bars in a unit of their own."""
    async with store.begin() as unit:
        return await unit.bars.upsert_history(SAMPLE, bars, fetched_at)


async def test_bars_read_back_as_they_were_stored(store: SqlStore) -> None:
    """Every bit of every price comes back, in order, with the time of the fetch."""
    bars = history(rows=len(AWKWARD))
    bars = dataclasses.replace(bars, close=np.array(AWKWARD), adj_close=-np.array(AWKWARD))

    assert await upsert_bars(store, bars) == len(AWKWARD)

    async with store.begin() as unit:
        stored = await unit.bars.find_history(SAMPLE, "AAPL", SINCE)
    assert stored is not None
    assert stored.fetched_at == NOW
    assert stored.fetched_at.tzinfo is UTC
    assert_same_bars(stored.history, bars)
    assert stored.history.close.tobytes() == bars.close.tobytes()


async def test_a_missing_number_of_a_bar_stays_missing(store: SqlStore) -> None:
    """NaN is stored as nothing and read as NaN, never as zero."""
    bars = history(rows=3)
    nothing = np.array([np.nan, 2.5, np.nan])
    bars = dataclasses.replace(bars, open=nothing, volume=nothing, close=nothing)

    assert await upsert_bars(store, bars) == 3
    assert await upsert_bars(store, bars) == 0

    async with store.begin() as unit:
        stored = await unit.bars.find_history(SAMPLE, "AAPL", SINCE)
    assert stored is not None
    assert_same_bars(stored.history, bars)


async def test_healing_counts_the_rows_that_changed(store: SqlStore) -> None:
    """A second fetch counts new and corrected bars alone, and corrects them."""
    first = history(rows=6)
    await upsert_bars(store, first.up_to(AS_OF - timedelta(days=1)))
    close = first.close.copy()
    close[[1, 3]] += 0.01
    open_ = first.open.copy()
    open_[0] = np.nan
    second = dataclasses.replace(first, close=close, open=open_)

    later = NOW + timedelta(hours=1)
    assert await upsert_bars(store, second, later) == 4
    assert await upsert_bars(store, second.latest(2), later) == 0

    async with store.begin() as unit:
        stored = await unit.bars.find_history(SAMPLE, "AAPL", SINCE)
    assert stored is not None
    assert stored.fetched_at == later
    assert_same_bars(stored.history, second)


async def test_histories_begin_where_they_are_asked_to(store: SqlStore) -> None:
    """Bars before `since` are left out; a symbol without any bar from then on has an empty one."""
    bars = history(rows=5)
    await upsert_bars(store, bars)
    async with store.begin() as unit:
        recent = await unit.bars.find_history(SAMPLE, "AAPL", AS_OF - timedelta(days=1))
        future = await unit.bars.find_history(SAMPLE, "AAPL", AS_OF + timedelta(days=1))
    assert recent is not None
    assert_same_bars(recent.history, bars.latest(2))
    assert future is not None
    assert_same_bars(future.history, bars.latest(0))


async def test_histories_are_found_by_source_and_exact_symbol(store: SqlStore) -> None:
    """Sources never meet, nor do symbols that differ in case or in an accent."""
    await upsert_bars(store, history("BRK-B"))
    async with store.begin() as unit:
        assert set(await unit.bars.list_histories(SAMPLE, ["BRK-B", "MSFT"], SINCE)) == {"BRK-B"}
        assert await unit.bars.list_histories(SAMPLE, [], SINCE) == {}
        assert await unit.bars.find_history(SAMPLE, "brk-b", SINCE) is None
        assert (
            await unit.bars.find_history(
                SAMPLE, "BRK-\N{LATIN CAPITAL LETTER B WITH DOT ABOVE}", SINCE
            )
            is None
        )
        assert await unit.bars.find_history(Source.YAHOO, "BRK-B", SINCE) is None
        await unit.bars.upsert_history(Source.YAHOO, history("BRK-B", rows=1, seed=9), NOW)
        found = await unit.bars.find_history(SAMPLE, "BRK-B", SINCE)
    assert found is not None
    assert_same_bars(found.history, history("BRK-B"))


async def test_several_histories_come_in_one_answer(store: SqlStore) -> None:
    """Each symbol gets its own bars."""
    expected = {symbol: history(symbol, seed=seed) for seed, symbol in enumerate(("A", "B", "C"))}
    for bars in expected.values():
        await upsert_bars(store, bars)
    async with store.begin() as unit:
        found = await unit.bars.list_histories(SAMPLE, ["C", "A", "B"], SINCE)
    assert set(found) == set(expected)
    for symbol, stored in found.items():
        assert_same_bars(stored.history, expected[symbol])


async def test_an_empty_fetch_is_noted(store: SqlStore) -> None:
    """A symbol whose fetch brought no bar is known as fetched."""
    assert await upsert_bars(store, history(rows=0)) == 0
    async with store.begin() as unit:
        stored = await unit.bars.find_history(SAMPLE, "AAPL", SINCE)
    assert stored is not None
    assert len(stored.history) == 0
    assert stored.fetched_at == NOW


async def test_a_quote_reads_back_as_it_was_stored(store: SqlStore) -> None:
    """Price, times to the microsecond and market state come back; unknown symbols are left out."""
    given = quote(price=0.1 + 0.2)
    async with store.begin() as unit:
        await unit.quotes.upsert_quote(given)
        assert await unit.quotes.list_quotes(SAMPLE, ["AAPL", "MSFT"]) == {"AAPL": given}
        assert await unit.quotes.list_quotes(SAMPLE, []) == {}
        assert await unit.quotes.list_quotes(Source.YAHOO, ["AAPL"]) == {}


async def test_a_newer_quote_replaces_an_older_one_and_never_the_reverse(store: SqlStore) -> None:
    """The market's time decides, then the time of the fetch."""
    newer = dataclasses.replace(quote(price=2.0, minutes=1), market_state=MarketState.CLOSED)
    refetched = dataclasses.replace(
        newer, price=3.0, fetched_at=newer.fetched_at + timedelta(microseconds=1)
    )
    async with store.begin() as unit:
        for given, expected in (
            (quote(price=1.0), quote(price=1.0)),
            (newer, newer),
            (quote(price=1.0), newer),
            (refetched, refetched),
            (newer, refetched),
        ):
            await unit.quotes.upsert_quote(given)
            assert await unit.quotes.list_quotes(SAMPLE, ["AAPL"]) == {"AAPL": expected}


async def test_times_of_other_zones_are_stored_as_the_same_instant(store: SqlStore) -> None:
    """An aware time of any zone comes back as that instant in UTC."""
    there = NOW.astimezone(timezone(timedelta(hours=-5)))
    given = dataclasses.replace(quote(), as_of=there)
    async with store.begin() as unit:
        await unit.quotes.upsert_quote(given)
        found = (await unit.quotes.list_quotes(SAMPLE, ["AAPL"]))["AAPL"]
    assert found.as_of == there
    assert found.as_of.tzinfo is UTC


async def test_a_lookup_is_replaced_by_the_next(store: SqlStore) -> None:
    """The last answer about a symbol counts, known or unknown."""
    unknown = SymbolLookup("NEWCO", None, "No such symbol.", NOW)
    name = "Société “Générale” \N{CHART WITH UPWARDS TREND} " + "x" * 300
    known = SymbolLookup(
        "NEWCO",
        Instrument("NEWCO-A", name, "NMS", "USD", ("New Company", "Νέα")),
        "",
        NOW + timedelta(days=1),
    )
    async with store.begin() as unit:
        assert await unit.lookups.find_lookup(SAMPLE, "NEWCO") is None
        for lookup in (unknown, known, unknown):
            await unit.lookups.upsert_lookup(SAMPLE, lookup)
            assert await unit.lookups.find_lookup(SAMPLE, "NEWCO") == lookup
        assert await unit.lookups.find_lookup(Source.YAHOO, "NEWCO") is None
