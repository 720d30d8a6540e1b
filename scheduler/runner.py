"""Starts the jobs on time: APScheduler as a ticker inside the process, and nothing more."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING

from apscheduler.events import EVENT_JOB_MAX_INSTANCES, EVENT_JOB_SUBMITTED
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.interval import IntervalTrigger

from oracle.domain.errors import OracleError, StaleEpoch
from oracle.observability import measurements, metrics
from oracle.observability.logs import get_logger
from scheduler.election import Election
from scheduler.jobs import JOBS, LeaderJob

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence

    from apscheduler.events import JobSubmissionEvent

    from oracle.services.dependencies import Dependencies
    from scheduler.jobs import AnyJob

FINISH_SECONDS = 5.0
"""How long, at the end, is waited for jobs that finish what they have begun."""

_log = get_logger(__name__)

# A tick that finds its job still at work is no news: the job asks anew each time.
logging.getLogger("apscheduler.scheduler").setLevel(logging.ERROR)


@asynccontextmanager
async def run_scheduler(deps: Dependencies, jobs: Sequence[AnyJob] = JOBS) -> AsyncIterator[None]:
    """Run the jobs while the context lasts, each at once and then at its interval.

    A job never overlaps itself. A tick that comes late is still run, and several missed ones are
    run as one: what is due is the job's own question to the database. The leader's jobs start when
    this process is elected. At the end leadership is given up at once.
    """
    runner = _Runner(deps, jobs)
    leading = asyncio.create_task(runner.election.run())
    runner.start()
    try:
        yield
    finally:
        await runner.stop(leading)


class _Runner:
    """The ticker, the election, and what is running at this moment."""

    def __init__(self, deps: Dependencies, jobs: Sequence[AnyJob]) -> None:
        self._deps = deps
        self._jobs = jobs
        self._interval = {job.name: job.seconds for job in jobs}
        self._finishing: set[asyncio.Task[None]] = set()
        self._ticker = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        self.election = Election(
            deps.leader_lock,
            heartbeat=deps.settings.leader_heartbeat,
            patience=deps.settings.leader_patience,
            may_lead=lambda: not deps.lifecycle.draining,
            elected=self._start_leading,
            stepped_down=measurements.hide_leader_figures,
        )
        self._ticker.add_listener(self._note_tick, EVENT_JOB_SUBMITTED | EVENT_JOB_MAX_INSTANCES)
        self._ticked_at: dict[str, float] = {}

    def start(self) -> None:
        """Begin to tick."""
        measurements.show_leadership(lambda: self.election.epoch)
        measurements.show_jobs(job.name for job in self._jobs)
        for job in self._jobs:
            self._ticker.add_job(
                self._run,
                IntervalTrigger(seconds=job.seconds, timezone=UTC),
                args=[job],
                id=job.name,
                next_run_time=datetime.now(UTC),
            )
        self._ticker.start()

    async def stop(self, leading: asyncio.Task[None]) -> None:
        """Give the lead up, let finish what finishes, and end everything."""
        self._ticker.pause()
        leading.cancel()
        with suppress(asyncio.CancelledError):
            await leading
        self._deps.lifecycle.draining = True
        if self._finishing:
            await asyncio.wait(self._finishing, timeout=FINISH_SECONDS)
        self._ticker.shutdown(wait=False)
        measurements.show_leadership(lambda: None)

    async def _lead(self, job: LeaderJob, epoch: int) -> None:
        try:
            await job.work(self._deps, epoch)
        finally:
            if self.election.epoch is None:
                # It was still at work when the lead was lost, and may have shown figures since.
                measurements.hide_leader_figures()

    def _start_leading(self) -> None:
        for job in self._jobs:
            if isinstance(job, LeaderJob):
                self._ticker.modify_job(job.name, next_run_time=datetime.now(UTC))

    def _note_tick(self, event: JobSubmissionEvent) -> None:
        """Show how much later than a job's interval its tick came; a first tick is on time."""
        now = monotonic()
        before = self._ticked_at.get(event.job_id)
        self._ticked_at[event.job_id] = now
        late = 0.0 if before is None else now - before - self._interval[event.job_id]
        metrics.scheduler_tick_delay.set(max(late, 0.0))

    async def _run(self, job: AnyJob) -> None:
        task = asyncio.current_task()
        if job.finishes and task is not None:
            self._finishing.add(task)
            task.add_done_callback(self._finishing.discard)
        try:
            if isinstance(job, LeaderJob):
                epoch = self.election.epoch
                if epoch is None:
                    return
                await self._lead(job, epoch)
            else:
                await job.work(self._deps)
        except asyncio.CancelledError:
            # Only the end of the process cancels a job; the next start asks again what is due.
            _log.info("job_interrupted", job=job.name)
        except StaleEpoch as error:
            metrics.job_runs.labels(job.name, "stale").inc()
            _log.info("job_superseded", job=job.name, why=str(error))
        except OracleError as error:
            metrics.job_runs.labels(job.name, "failed").inc()
            _log.warning("job_failed", job=job.name, error=type(error).__name__, why=str(error))
        except Exception:  # noqa: BLE001 - one job's bug must not end the ticker for the others
            metrics.job_runs.labels(job.name, "crashed").inc()
            _log.exception("job_crashed", job=job.name)
        else:
            metrics.job_runs.labels(job.name, "ok").inc()
