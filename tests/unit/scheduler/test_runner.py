"""Jobs run at once and again, whatever one of them does; the leader's only where it leads."""

from __future__ import annotations

import asyncio
from time import perf_counter
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from prometheus_client import REGISTRY

from oracle.domain.errors import FeedUnavailable, StaleEpoch
from oracle.observability import metrics
from oracle.services.lifecycle import Lifecycle
from oracle.settings import load_settings
from scheduler.jobs import JOBS, AnyJob, Job, LeaderJob
from scheduler.runner import run_scheduler

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies


class OneLock:
    """A lock that elects, or not, as the test says."""

    def __init__(self, epoch: int | None) -> None:
        self.epoch = epoch
        self.releases = 0

    async def acquire(self) -> int | None:
        """Return the epoch."""
        return self.epoch

    async def heartbeat(self) -> bool:
        """Return that all is well."""
        return True

    async def release(self) -> None:
        """Count it."""
        self.releases += 1


def process(lock: OneLock) -> Dependencies:
    """Return what the scheduler itself needs of a process."""
    needed = SimpleNamespace(
        leader_lock=lock, settings=load_settings(leader_heartbeat=0.02), lifecycle=Lifecycle()
    )
    return cast("Dependencies", needed)


STANDBY = OneLock(None)


def count(job: str, outcome: str) -> float:
    """Return how often the job ended so."""
    labels = {"job_name": job, "outcome": outcome}
    return REGISTRY.get_sample_value("oracle_scheduler_job_runs_total", labels) or 0.0


async def test_job_runs_at_once_and_at_its_interval() -> None:
    """A job is started when the scheduler starts, and again later."""
    runs = asyncio.Semaphore(0)

    async def work(_: Dependencies) -> None:
        runs.release()

    async with run_scheduler(process(STANDBY), [Job("steady", 0.01, work)]):
        await runs.acquire()
        await runs.acquire()


async def test_failing_job_is_counted_and_tried_again() -> None:
    """A job that fails, is overtaken or has a bug stops neither itself nor the others."""
    tries = {"refused": 0, "overtaken": 0, "broken": 0}
    done = asyncio.Event()

    async def refused(_: Dependencies) -> None:
        tries["refused"] += 1
        raise FeedUnavailable("down")

    async def overtaken(_: Dependencies) -> None:
        tries["overtaken"] += 1
        raise StaleEpoch("another leads")

    async def broken(_: Dependencies) -> None:
        tries["broken"] += 1
        if min(tries.values()) >= 2:
            done.set()
        raise RuntimeError("a bug")

    jobs = [
        Job("refused", 0.01, refused),
        Job("overtaken", 0.01, overtaken),
        Job("broken", 0.01, broken),
    ]
    async with run_scheduler(process(STANDBY), jobs):
        await done.wait()
    assert count("refused", "failed") >= 2
    assert count("overtaken", "stale") >= 1
    assert count("broken", "crashed") >= 1


async def test_the_leaders_jobs_run_only_while_it_leads_and_know_its_epoch() -> None:
    """A standby runs none of them; the elected one starts them at once, with the epoch."""
    lock, epochs, ticks = OneLock(None), asyncio.Queue[int](), asyncio.Semaphore(0)

    async def lead(_: Dependencies, epoch: int) -> None:
        epochs.put_nowait(epoch)

    async def tick(_: Dependencies) -> None:
        ticks.release()

    jobs: list[AnyJob] = [LeaderJob("lead", 3600.0, lead), Job("tick", 0.01, tick)]
    async with run_scheduler(process(lock), jobs):
        for _ in range(3):
            await ticks.acquire()
        assert epochs.empty()
        assert REGISTRY.get_sample_value("oracle_scheduler_is_leader") == 0.0
        lock.epoch = 12
        assert await epochs.get() == 12
        assert REGISTRY.get_sample_value("oracle_scheduler_is_leader") == 1.0
        assert REGISTRY.get_sample_value("oracle_scheduler_epoch") == 12.0
    assert lock.releases == 1
    assert REGISTRY.get_sample_value("oracle_scheduler_is_leader") == 0.0


async def test_at_the_end_what_finishes_is_waited_for_and_the_rest_is_ended() -> None:
    """Mail under way is finished before the process stops; other work is simply cancelled."""
    begun = asyncio.Barrier(3)
    ended: list[str] = []

    async def sends(_: Dependencies) -> None:
        await begun.wait()
        # What is under way when the end comes still takes a moment.
        await asyncio.sleep(0.05)
        ended.append("sends")

    async def dawdles(_: Dependencies) -> None:
        await begun.wait()
        await asyncio.Event().wait()
        ended.append("dawdles")

    deps = process(STANDBY)
    jobs = [Job("sends", 3600.0, sends, finishes=True), Job("dawdles", 3600.0, dawdles)]
    async with run_scheduler(deps, jobs):
        await begun.wait()
    assert ended == ["sends"]


@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.name)
def test_the_table_gives_the_leader_all_but_the_sending(job: Job | LeaderJob) -> None:
    """Only sending is every instance's, and it is finished in order."""
    assert isinstance(job, LeaderJob) == (job.name != "send_deliveries")
    assert job.finishes == (job.name == "send_deliveries")


async def test_who_stops_leading_takes_the_databases_figures_away() -> None:
    """Neither at the end of the lead nor by a job that ends after it do old figures stay."""
    lock, begun, may_end = OneLock(3), asyncio.Event(), asyncio.Event()
    labels = {"state": "confirmed"}

    async def count_slowly(_: Dependencies, __: int) -> None:
        metrics.subscribers.labels("confirmed").set(5)
        begun.set()
        try:
            await may_end.wait()
        finally:
            metrics.subscribers.labels("confirmed").set(6)

    job = LeaderJob("count_slowly", 3600.0, count_slowly)
    async with run_scheduler(process(lock), [job]):
        await begun.wait()
        assert REGISTRY.get_sample_value("oracle_subscribers", labels) == 5
    assert lock.releases == 1
    assert REGISTRY.get_sample_value("oracle_subscribers", labels) is None


async def test_every_jobs_outcomes_are_counted_from_the_start() -> None:
    """The first failure of a job is an increase, not the beginning of a series."""

    async def work(_: Dependencies) -> None:
        await asyncio.sleep(0)

    async with run_scheduler(process(STANDBY), [Job("untried", 3600.0, work)]):
        for outcome in metrics.JOB_OUTCOMES:
            labels = {"job_name": "untried", "outcome": outcome}
            assert REGISTRY.get_sample_value("oracle_scheduler_job_runs_total", labels) is not None


async def test_the_delay_of_the_newest_tick_is_shown() -> None:
    """Ticks that wait for a blocked loop are late by that time."""
    delays: list[float] = []
    late = asyncio.Event()

    async def work(_: Dependencies) -> None:
        delays.append(REGISTRY.get_sample_value("oracle_scheduler_tick_delay_seconds") or 0.0)
        if len(delays) == 2:
            started = perf_counter()
            while perf_counter() - started < 0.2:
                pass
        if len(delays) == 3:
            late.set()

    async with run_scheduler(process(STANDBY), [Job("blocked", 0.05, work)]):
        await late.wait()
    assert delays[0] == 0.0
    assert delays[2] >= 0.1
