"""Use case of the leader: show in the metrics what ran, what is due, and how far it is."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from oracle.digest.schedule import window_of
from oracle.domain.runs import OPEN_STATES, DeliveryState, RunKind, RunState
from oracle.observability import measurements, metrics
from oracle.services.digest_agenda import digest_times, read_agenda
from oracle.services.send_deliveries import seconds_left

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import date

    from oracle.domain.runs import DeliveryCounts, Run
    from oracle.services.dependencies import Dependencies
    from oracle.services.digest_agenda import CurrentAgenda

RUNS_SHOWN: Final = 10

COUNTED: Final = timedelta(days=30)
"""How far back runs are counted by kind and state."""

SESSION_WORK: Final = (RunKind.BARS, RunKind.FORECAST, RunKind.SETTLEMENT)
"""What is due once for each session, as soon as its close has settled."""


async def observe_runs(deps: Dependencies, epoch: int) -> None:
    """Set the metrics of runs and deliveries from the database. Raises DatabaseUnavailable.

    Whatever the epoch: it is looked at only, and shown by whoever leads.
    """
    del epoch
    source, settled = deps.feed.source, deps.market.usable_session()
    agenda = await read_agenda(deps)
    async with deps.store.begin() as unit:
        runs = [
            run
            for kind in RunKind
            for run in await unit.runs.list_runs(source, kind, limit=RUNS_SHOWN)
        ]
        counted = await unit.runs.count_runs(source, agenda.database_now - COUNTED)
        # The newest is shown, whatever its state; of the others it matters what is to be sent.
        counts = {
            run.id: await unit.deliveries.count_deliveries(run.id)
            for number, run in enumerate(agenda.runs)
            if number == 0 or run.state in OPEN_STATES
        }

    due_at = deps.calendar.session_close(settled) + deps.market.settle_delay
    overdue = {
        kind: max((agenda.now - due_at).total_seconds(), 0.0)
        for kind in list_outstanding(runs, settled)
    }
    overdue[RunKind.DIGEST] = _digest_overdue(deps, agenda, counts)

    metrics.scheduler_next_due.set(agenda.on_database_clock(agenda.agenda.next_at).timestamp())
    measurements.observe_run_counts(counted)
    measurements.observe_overdue(overdue)
    # The oldest first, so that of each kind and state the newest is what stays.
    for run in sorted(runs, key=lambda each: each.session):
        measurements.observe_run(run)
    if agenda.runs:
        newest = counts[agenda.runs[0].id]
        measurements.observe_deliveries(
            newest, agenda.database_now, seconds_left=seconds_left(deps, newest)
        )


def list_outstanding(runs: Iterable[Run], settled: date) -> Sequence[RunKind]:
    """Return what of a session's work is not done, judged by the newest runs of each kind."""
    done = {run.kind for run in runs if run.session >= settled and run.state not in OPEN_STATES}
    return tuple(kind for kind in SESSION_WORK if kind not in done)


def _digest_overdue(
    deps: Dependencies, agenda: CurrentAgenda, counts: Mapping[int, DeliveryCounts]
) -> float:
    """Return for how many seconds the oldest digest that is due or open has been so.

    One that waits for reports alone is not: what is unknown has an alert of its own, and nobody is
    to be woken for a mail that was handed over long ago.
    """
    times = digest_times(deps)
    opened = [
        window_of(run.session, times, deps.calendar).opens_at
        for run in agenda.runs
        if run.state in OPEN_STATES and not _waits_for_reports(run, counts[run.id])
    ]
    if agenda.agenda.due is not None:
        opened.append(agenda.agenda.due.opens_at)
    # By hand a digest may be begun before its window opens: it is not overdue yet.
    since = max(((agenda.now - moment).total_seconds() for moment in opened), default=0.0)
    return max(since, 0.0)


def _waits_for_reports(run: Run, counts: DeliveryCounts) -> bool:
    """Return whether every mail was handed over, and of some it is not known what became."""
    return (
        run.state is RunState.SENDING
        and counts.of(DeliveryState.UNKNOWN) > 0
        and counts.of(DeliveryState.PENDING, DeliveryState.SENDING) == 0
    )
