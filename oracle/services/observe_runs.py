"""Use case of every instance: show in the metrics what ran, what is due, and how far it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.runs import RunKind
from oracle.observability import metrics
from oracle.services.digest_agenda import read_agenda
from oracle.services.send_deliveries import seconds_left

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies

RUNS_SHOWN = 10


async def observe_runs(deps: Dependencies) -> None:
    """Set the metrics of runs and deliveries from the database. Raises DatabaseUnavailable."""
    agenda = await read_agenda(deps)
    async with deps.store.begin() as unit:
        runs = [
            run
            for kind in RunKind
            for run in await unit.runs.list_runs(deps.feed.source, kind, limit=RUNS_SHOWN)
        ]
        newest = agenda.runs[0] if agenda.runs else None
        counts = None if newest is None else await unit.deliveries.count_deliveries(newest.id)

    metrics.scheduler_next_due.set(agenda.on_database_clock(agenda.agenda.next_at).timestamp())
    # The oldest first, so that of each kind and state the newest is what stays.
    for run in sorted(runs, key=lambda each: each.session):
        metrics.observe_run(run)
    if counts is not None:
        metrics.observe_deliveries(
            counts, agenda.database_now, seconds_left=seconds_left(deps, counts)
        )
