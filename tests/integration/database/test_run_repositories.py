"""What the repositories of runs, epochs and the pace promise, on each database alike."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from oracle.domain.errors import StaleEpoch
from oracle.domain.instruments import Source
from oracle.domain.runs import Leadership, Run, RunKind, RunState
from tests.integration.database.digest_examples import SAMPLE, planned_run
from tests.integration.database.examples import AS_OF, NOW
from tests.integration.database.races import race

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from oracle.adapters.sql.store import SqlStore, SqlUnitOfWork
    from tests.integration.database.races import Stores

A_LONG_LEASE = timedelta(hours=1)


async def elect(store: SqlStore, holder: str = "one") -> int:
    """Make a new leader, whoever led before, and return its epoch."""
    async with store.begin() as unit:
        # A lease that is over at once leaves the way free for the next one.
        epoch = await unit.epochs.take_lease(holder, timedelta(microseconds=-1))
    assert epoch is not None
    return epoch


async def test_a_run_reads_back_as_it_was_stored(store: SqlStore) -> None:
    """All of it, however long its content, with the database's time as its beginning."""
    content = "\N{GREEK SMALL LETTER SIGMA}" * 100_000
    async with store.begin() as unit:
        before = await unit.epochs.now()
        added = await unit.runs.add_run(
            SAMPLE,
            RunKind.DIGEST,
            AS_OF,
            state=RunState.PLANNED,
            epoch=3,
            content=content,
            expires_at=NOW,
        )
        assert added is not None
        assert before <= added.started_at <= await unit.epochs.now()
    async with store.begin() as unit:
        assert await unit.runs.get_run(added.id) == added
        assert await unit.runs.find_run(SAMPLE, RunKind.DIGEST, AS_OF) == added
        assert await unit.runs.find_run(SAMPLE, RunKind.BARS, AS_OF) is None
        assert await unit.runs.find_run(Source.YAHOO, RunKind.DIGEST, AS_OF) is None
        with pytest.raises(LookupError):
            await unit.runs.get_run(added.id + 1)
    assert added == Run(
        id=added.id,
        source=SAMPLE,
        kind=RunKind.DIGEST,
        session=AS_OF,
        state=RunState.PLANNED,
        epoch=3,
        content=content,
        reason="",
        needs_hand=False,
        started_at=added.started_at,
        finished_at=None,
        expires_at=NOW,
    )


async def test_there_is_one_run_of_a_kind_and_session(store: SqlStore) -> None:
    """A second one is refused in words the caller can act on; other kinds and sources may be."""
    async with store.begin() as unit:
        first = await planned_run(unit)
        add = unit.runs.add_run
        same = await add(SAMPLE, RunKind.DIGEST, AS_OF, state=RunState.MISSED, epoch=2)
        assert same is None
        assert await unit.runs.get_run(first.id) == first
        assert await add(SAMPLE, RunKind.BARS, AS_OF, state=RunState.SENDING, epoch=2)
        assert await add(Source.YAHOO, RunKind.DIGEST, AS_OF, state=RunState.PLANNED, epoch=2)


async def test_a_missed_run_is_over_when_it_is_noted(store: SqlStore) -> None:
    """It has an end, and its reason."""
    async with store.begin() as unit:
        run = await unit.runs.add_run(
            SAMPLE, RunKind.DIGEST, AS_OF, state=RunState.MISSED, epoch=1, reason="Too late."
        )
    assert run is not None
    assert run.finished_at == run.started_at
    assert run.reason == "Too late."


async def test_runs_are_listed_newest_session_first(store: SqlStore) -> None:
    """Of one source and kind, of the states asked for, no more than asked for."""
    async with store.begin() as unit:
        runs = [await planned_run(unit, session=AS_OF + timedelta(days=day)) for day in (1, 0, 2)]
        await unit.runs.change_state(
            runs[0].id, epoch=1, expected=RunState.PLANNED, state=RunState.SENDING
        )
        listed = unit.runs.list_runs
        newest = await listed(SAMPLE, RunKind.DIGEST, limit=2)
        assert [run.id for run in newest] == [runs[2].id, runs[0].id]
        sending = await listed(SAMPLE, RunKind.DIGEST, limit=9, states=[RunState.SENDING])
        assert [run.id for run in sending] == [runs[0].id]
        assert await listed(SAMPLE, RunKind.BARS, limit=9) == ()


async def test_a_state_changes_for_the_run_s_epoch_and_from_the_expected_one(
    store: SqlStore,
) -> None:
    """A stale epoch, or a state that is no longer so, changes nothing and is told."""
    async with store.begin() as unit:
        run = await planned_run(unit, epoch=5)

        async def change(epoch: int, expected: RunState, state: RunState, **more: Any) -> bool:
            return await unit.runs.change_state(
                run.id, epoch=epoch, expected=expected, state=state, **more
            )

        assert not await change(4, RunState.PLANNED, RunState.SENDING)
        assert not await change(6, RunState.PLANNED, RunState.SENDING)
        assert not await change(5, RunState.SENDING, RunState.FINISHED)
        assert await unit.runs.get_run(run.id) == run
        assert await change(5, RunState.PLANNED, RunState.STOPPED, reason="paused", needs_hand=True)
        stopped = await unit.runs.get_run(run.id)
        assert (stopped.reason, stopped.needs_hand, stopped.finished_at) == ("paused", True, None)
        assert await change(5, RunState.STOPPED, RunState.FINISHED)
        finished = await unit.runs.get_run(run.id)
        assert (finished.reason, finished.needs_hand) == ("", False)
        assert finished.finished_at is not None


async def test_a_run_is_adopted_by_a_later_epoch_and_never_given_back(store: SqlStore) -> None:
    """Adopting twice in the same epoch is no error; an earlier leader is told that it lost it."""
    async with store.begin() as unit:
        run = await planned_run(unit, epoch=5)
        assert await unit.runs.adopt_run(run.id, 7)
        assert await unit.runs.adopt_run(run.id, 7)
        assert not await unit.runs.adopt_run(run.id, 6)
        assert (await unit.runs.get_run(run.id)).epoch == 7


async def test_of_several_who_begin_a_run_at_once_one_does(stores: Stores) -> None:
    """Two who both believe to lead store one run; the others are told that it is there."""

    def add(number: int) -> Callable[[SqlUnitOfWork], Awaitable[Any]]:
        return lambda unit: unit.runs.add_run(
            SAMPLE, RunKind.DIGEST, AS_OF, state=RunState.PLANNED, epoch=number
        )

    told = await race(stores, *map(add, range(8)))
    assert sum(run is not None for run in told) == 1


async def test_the_time_is_the_database_s_aware_and_to_the_present(store: SqlStore) -> None:
    """It is UTC whatever the server's zone, and goes forward."""
    async with store.begin() as unit:
        first = await unit.epochs.now()
        second = await unit.epochs.now()
    assert first.tzinfo is UTC
    assert first <= second
    assert abs(second - datetime.now(UTC)) < timedelta(seconds=5)


async def test_only_the_current_epoch_may_write(store: SqlStore) -> None:
    """Before any election, and for every epoch but the newest, the unit is refused."""
    async with store.begin() as unit:
        assert await unit.epochs.find_leadership() is None
        with pytest.raises(StaleEpoch):
            await unit.epochs.require_epoch(1)
    assert [await elect(store), await elect(store, "two")] == [1, 2]
    async with store.begin() as unit:
        for epoch in (1, 3):
            with pytest.raises(StaleEpoch, match=f"Epoch {epoch} is over"):
                await unit.epochs.require_epoch(epoch)
        before = await unit.epochs.find_leadership()
        await unit.epochs.require_epoch(2)
        # Nothing but the time is new, which on a fast machine may be the same one.
        await unit.epochs.require_epoch(2)
        after = await unit.epochs.find_leadership()
    assert before is not None
    assert after is not None
    assert after == Leadership(2, "two", before.elected_at, after.seen_at)
    assert after.seen_at >= before.seen_at


async def test_an_election_waits_for_a_leader_in_the_middle_of_writing(stores: Stores) -> None:
    """What the old leader's transaction writes is committed before the new epoch begins."""
    await elect(stores[0])
    async with stores[0].begin() as unit:
        await unit.epochs.require_epoch(1)
        election = asyncio.create_task(elect(stores[1], "two"))
        done, _ = await asyncio.wait([election], timeout=0.3)
        assert not done
        await planned_run(unit, epoch=1)
    assert await election == 2
    async with stores[1].begin() as unit:
        assert await unit.runs.find_run(SAMPLE, RunKind.DIGEST, AS_OF) is not None
        with pytest.raises(StaleEpoch):
            await unit.epochs.require_epoch(1)


async def test_of_several_who_are_elected_at_once_one_leads(stores: Stores) -> None:
    """The row has one holder, in the first epoch."""
    told = await race(stores, *[lambda unit: unit.epochs.take_lease("any", A_LONG_LEASE)] * 6)
    assert [each for each in told if each is not None] == [1]


async def test_moments_to_send_are_reserved_one_after_the_other(store: SqlStore) -> None:
    """The first is now, later ones are as far apart as asked for, and an idle hour is no credit."""
    async with store.begin() as unit:
        started = await unit.epochs.now()
        waits = [await unit.pace.reserve("ses", count, interval=100.0) for count in (1, 3, 1)]
        other = await unit.pace.reserve("smtp", 1, interval=100.0)
        took = (await unit.epochs.now() - started).total_seconds()
    assert waits[0] == 0
    assert other == 0
    assert waits[1:] == pytest.approx([100.0, 400.0], abs=took + 0.01)


async def test_slowing_down_moves_what_is_not_reserved_yet(store: SqlStore) -> None:
    """The next moment is no earlier than that, and a shorter pause does not shorten a longer."""
    async with store.begin() as unit:
        started = await unit.epochs.now()
        await unit.pace.slow_down("ses", 300.0)
        await unit.pace.slow_down("ses", 20.0)
        wait = await unit.pace.reserve("ses", 1, interval=1.0)
        took = (await unit.epochs.now() - started).total_seconds()
    assert wait == pytest.approx(300.0, abs=took + 0.01)


async def test_two_instances_never_reserve_the_same_moment(stores: Stores) -> None:
    """However they reserve at once, no two moments are closer together than the interval."""
    interval = 50.0
    moments: list[float] = []

    async def reserve(store: SqlStore, count: int) -> None:
        async with store.begin() as unit:
            wait = await unit.pace.reserve("ses", count, interval=interval)
            # The row is still held: this is the time from which the wait counts, or a bit later.
            now = (await unit.epochs.now()).timestamp()
        moments.extend(now + wait + place * interval for place in range(count))

    await asyncio.gather(*(reserve(stores[turn % 2], turn % 3 + 1) for turn in range(24)))
    ordered = sorted(moments)
    assert len(ordered) == 48
    gaps = [later - earlier for earlier, later in pairwise(ordered)]
    assert min(gaps) > interval - 5


async def test_runs_are_counted_by_kind_and_state_since_a_time(store: SqlStore) -> None:
    """Those of one source that began since then; a combination without runs is left out."""
    async with store.begin() as unit:
        began = await unit.epochs.now()
        for days, state in enumerate((RunState.FINISHED, RunState.FINISHED, RunState.MISSED)):
            session = AS_OF - timedelta(days=days)
            await unit.runs.add_run(SAMPLE, RunKind.DIGEST, session, state=state, epoch=1)
        await unit.runs.add_run(SAMPLE, RunKind.BARS, AS_OF, state=RunState.FINISHED, epoch=1)
        await unit.runs.add_run(Source.YAHOO, RunKind.BARS, AS_OF, state=RunState.MISSED, epoch=1)
        assert await unit.runs.count_runs(SAMPLE, began) == {
            (RunKind.DIGEST, RunState.FINISHED): 2,
            (RunKind.DIGEST, RunState.MISSED): 1,
            (RunKind.BARS, RunState.FINISHED): 1,
        }
        assert await unit.runs.count_runs(SAMPLE, began + timedelta(days=1)) == {}
