"""Units of one process write to a SQLite file in order, a visitor's ahead of all others."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.sql import patience
from oracle.adapters.sql.engine import create_store
from oracle.adapters.sql.migrate import migrate
from oracle.adapters.sql.write_turns import WriteTurns
from oracle.domain.errors import DatabaseUnavailable
from oracle.domain.instruments import Source
from oracle.ports import SymbolLookup
from oracle.ports.waiting import waited_for
from tests.integration.database.examples import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from oracle.adapters.sql.store import SqlStore

LOOKUP = SymbolLookup("NEWCO", None, "No such symbol.", NOW)


async def settle() -> None:
    """Let the tasks run until all of them wait."""
    for _ in range(5):
        await asyncio.sleep(0)


async def queue(
    turns: WriteTurns, order: list[str], name: str, *, by_visitor: bool = False
) -> asyncio.Task[None]:
    """Have a unit of that name wait for its turn, and note when it came."""

    async def unit() -> None:
        await turns.take()
        order.append(name)

    with waited_for(by_visitor=by_visitor):
        task = asyncio.create_task(unit())
    await settle()
    return task


async def test_visitors_go_first_and_each_waits_for_those_before() -> None:
    """Whoever came first is served first, among visitors and among all others."""
    turns, order = WriteTurns(), list[str]()
    tasks = [
        await queue(turns, order, "first"),
        await queue(turns, order, "job"),
        await queue(turns, order, "later job"),
        await queue(turns, order, "visitor", by_visitor=True),
        await queue(turns, order, "later visitor", by_visitor=True),
    ]
    for _ in tasks:
        turns.give_back()
        await settle()
    assert order == ["first", "visitor", "later visitor", "job", "later job"]
    await asyncio.gather(*tasks)
    await turns.take()


async def test_a_turn_that_was_given_up_is_passed_on() -> None:
    """Who stopped waiting is passed over, also in the moment in which the turn came."""
    turns, order = WriteTurns(), list[str]()
    await turns.take()
    gone = await queue(turns, order, "gone")
    late = await queue(turns, order, "late")
    next_one = await queue(turns, order, "next")
    gone.cancel()
    await settle()
    turns.give_back()
    late.cancel()
    await settle()
    assert order == ["next"]
    await next_one
    turns.give_back()
    await asyncio.wait_for(turns.take(), 1)


@dataclass(frozen=True, slots=True)
class Writers:
    """Units that write to a store, and the order in which they came to it."""

    store: SqlStore
    order: list[str] = field(default_factory=list)

    async def start(
        self, name: str, *, by_visitor: bool = False, leave: asyncio.Event | None = None
    ) -> asyncio.Task[None]:
        """Start a unit that writes; return once it waits for its turn or, to stay, has written."""
        ready = asyncio.Event()

        async def write() -> None:
            async with self.store.begin() as unit:
                await unit.lookups.find_lookup(Source.SAMPLE, "NEWCO")
                if leave is None:
                    ready.set()
                await unit.lookups.upsert_lookup(Source.SAMPLE, LOOKUP)
                self.order.append(name)
                if leave is not None:
                    ready.set()
                    await leave.wait()

        with waited_for(by_visitor=by_visitor):
            task = asyncio.create_task(write())
        await ready.wait()
        return task


@pytest.fixture
async def url(tmp_path: Path) -> str:
    """Return the address of a migrated file."""
    made = f"sqlite+aiosqlite:///{tmp_path / 'oracle.db'}"
    await migrate(made)
    return made


async def test_a_visitor_writes_next_however_many_jobs_wait(url: str) -> None:
    """The units of a store take the turns, also where the one before is cancelled."""
    store = create_store(url, deadline=20, pool_size=8)
    writers = Writers(store)
    holder = await writers.start("holder", leave=asyncio.Event())
    jobs = [await writers.start(f"job {number}") for number in range(4)]
    visitor = await writers.start("visitor", by_visitor=True)
    jobs[0].cancel()
    holder.cancel()
    await asyncio.gather(visitor, *jobs[1:])
    assert writers.order == ["holder", "visitor", "job 1", "job 2", "job 3"]
    await store.aclose()


async def test_a_visitor_who_waits_for_a_turn_is_told_in_time(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However long others write, and what comes after has its turn."""
    monkeypatch.setattr(patience, "VISITOR_SECONDS", 0.2)
    store = create_store(url, deadline=20, pool_size=4)
    writers = Writers(store)
    leave = asyncio.Event()
    holder = await writers.start("holder", leave=leave)
    with pytest.raises(DatabaseUnavailable):
        await (await writers.start("visitor", by_visitor=True))
    leave.set()
    await holder
    await (await writers.start("next"))
    assert writers.order == ["holder", "next"]
    await store.aclose()
