"""Starts the jobs on time: APScheduler as a ticker inside the process, and nothing more."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from oracle.domain.errors import OracleError
from oracle.observability import metrics
from oracle.observability.logs import get_logger
from scheduler.jobs import JOBS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from oracle.services.dependencies import Dependencies
    from scheduler.jobs import Job

_log = get_logger(__name__)


@asynccontextmanager
async def run_scheduler(deps: Dependencies, jobs: Sequence[Job] = JOBS) -> AsyncIterator[None]:
    """Run the jobs while the context lasts, each at once and then at its interval.

    A job never overlaps itself. A tick that comes late is still run, and several missed ones are
    run as one: what is due is the job's own question to the database.
    """
    ticker = AsyncIOScheduler(
        timezone=UTC,
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    for job in jobs:
        ticker.add_job(
            _run,
            IntervalTrigger(seconds=job.seconds, timezone=UTC),
            args=[deps, job],
            id=job.name,
            next_run_time=datetime.now(UTC),
        )
    ticker.start()
    try:
        yield
    finally:
        ticker.shutdown(wait=False)


async def _run(deps: Dependencies, job: Job) -> None:
    try:
        await job.work(deps)
    except asyncio.CancelledError:
        # Only the end of the process cancels a job; the next start asks again what is due.
        _log.info("job_interrupted", job=job.name)
    except OracleError as error:
        metrics.job_runs.labels(job.name, "failed").inc()
        _log.warning("job_failed", job=job.name, error=type(error).__name__, why=str(error))
    except Exception:  # noqa: BLE001 - one job's bug must not end the ticker for the others
        metrics.job_runs.labels(job.name, "crashed").inc()
        _log.exception("job_crashed", job=job.name)
    else:
        metrics.job_runs.labels(job.name, "ok").inc()
