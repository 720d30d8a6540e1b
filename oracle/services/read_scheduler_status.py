"""Use case: who leads, what ran last, and what is due next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.digest.schedule import window_of
from oracle.domain.runs import RunKind
from oracle.domain.wording import name_session
from oracle.services.digest_agenda import digest_times, read_agenda
from oracle.services.digest_outlook import describe_outlook
from oracle.services.observe_runs import list_outstanding

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime, timedelta

    from oracle.domain.runs import Leadership, Run
    from oracle.services.dependencies import Dependencies
    from oracle.services.digest_agenda import CurrentAgenda


@dataclass(frozen=True, slots=True)
class SchedulerStatus:
    """The newest leadership, how long ago it was seen, and whether that is recent enough.

    `last_runs` has the newest run of each kind that ever ran; `next_digest_at` is in the market's
    time, which is `now`. `session` is the newest whose close has settled: `outstanding` is what of
    its work is not done, `digest` a sentence on how its digest stands.
    """

    leadership: Leadership | None
    seen_ago: timedelta | None
    is_led: bool
    last_runs: Sequence[Run]
    now: datetime
    next_digest_at: datetime
    session: date
    outstanding: Sequence[RunKind]
    digest: str


async def read_scheduler_status(deps: Dependencies) -> SchedulerStatus:
    """Return the scheduler's status as the database tells it. Raises DatabaseUnavailable."""
    agenda = await read_agenda(deps)
    async with deps.store.begin() as unit:
        leadership = await unit.epochs.find_leadership()
        runs = [
            run
            for kind in RunKind
            for run in await unit.runs.list_runs(deps.feed.source, kind, limit=1)
        ]
        database_now = await unit.epochs.now()

    session = deps.market.usable_session()
    seen_ago = None if leadership is None else database_now - leadership.seen_at
    return SchedulerStatus(
        leadership=leadership,
        seen_ago=seen_ago,
        is_led=seen_ago is not None and seen_ago.total_seconds() < deps.settings.leader_lease,
        last_runs=runs,
        now=agenda.now,
        next_digest_at=agenda.agenda.next_at,
        session=session,
        outstanding=list_outstanding(runs, session),
        digest=await _describe_digest(deps, agenda, session),
    )


async def _describe_digest(deps: Dependencies, agenda: CurrentAgenda, session: date) -> str:
    name = f"The digest of {name_session(session)}"
    run = next((each for each in agenda.runs if each.session == session), None)
    if run is not None:
        return f"{name} is {run.state.value}."
    window = window_of(session, digest_times(deps), deps.calendar)
    return f"{name} has not been begun. {await describe_outlook(deps, window, agenda.now)}"
