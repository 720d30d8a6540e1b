"""Jobs run at once and again, whatever one of them does."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

from prometheus_client import REGISTRY

from oracle.domain.errors import FeedUnavailable
from scheduler.jobs import Job
from scheduler.runner import run_scheduler

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies

NOTHING = cast("Dependencies", None)


def count(job: str, outcome: str) -> float:
    """Return how often the job ended so."""
    labels = {"job": job, "outcome": outcome}
    return REGISTRY.get_sample_value("oracle_scheduler_job_runs_total", labels) or 0.0


async def test_job_runs_at_once_and_at_its_interval() -> None:
    """A job is started when the scheduler starts, and again later."""
    runs = asyncio.Semaphore(0)

    async def work(_: Dependencies) -> None:
        runs.release()

    async with run_scheduler(NOTHING, [Job("steady", 0.01, work)]):
        await runs.acquire()
        await runs.acquire()


async def test_failing_job_is_counted_and_tried_again() -> None:
    """A job that fails, or has a bug, stops neither itself nor the others."""
    tries = {"refused": 0, "broken": 0}
    done = asyncio.Event()

    async def refused(_: Dependencies) -> None:
        tries["refused"] += 1
        raise FeedUnavailable("down")

    async def broken(_: Dependencies) -> None:
        tries["broken"] += 1
        if min(tries.values()) >= 2:
            done.set()
        raise RuntimeError("a bug")

    jobs = [Job("refused", 0.01, refused), Job("broken", 0.01, broken)]
    async with run_scheduler(NOTHING, jobs):
        await done.wait()
    assert count("refused", "failed") >= 2
    assert count("broken", "crashed") >= 1
