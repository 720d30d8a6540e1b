"""Which digest is due, by the database's clock and rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from oracle.digest.schedule import DigestAgenda, DigestTimes, decide_agenda
from oracle.domain.runs import RunKind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from oracle.domain.runs import Run
    from oracle.services.dependencies import Dependencies

RUNS_READ = 30


@dataclass(frozen=True, slots=True)
class CurrentAgenda:
    """What is due at `now`, the market's time, which is `database_now` on the database's clock.

    `runs` are the newest digest's runs, newest first.
    """

    now: datetime
    database_now: datetime
    agenda: DigestAgenda
    runs: Sequence[Run]

    def on_database_clock(self, moment: datetime) -> datetime:
        """Return when the database's clock shows what the market's shows at that moment."""
        return self.database_now + (moment - self.now)


def digest_times(deps: Dependencies) -> DigestTimes:
    """Return the digest's time of day and window as they are set, and when a close is final."""
    settings = deps.settings
    return DigestTimes(
        settings.digest_time,
        ZoneInfo(settings.digest_timezone),
        settings.digest_window,
        deps.market.settle_delay,
    )


async def read_agenda(deps: Dependencies) -> CurrentAgenda:
    """Return what is due now. Raises DatabaseUnavailable."""
    source = deps.feed.source
    async with deps.store.begin() as unit:
        database_now = await unit.epochs.now()
        runs = await unit.runs.list_runs(source, RunKind.DIGEST, limit=RUNS_READ)
        forecasts = await unit.runs.list_runs(source, RunKind.FORECAST, limit=RUNS_READ)

    now = deps.clock.at(database_now)
    agenda = decide_agenda(
        now,
        digest_times(deps),
        deps.calendar,
        begun={run.session for run in runs},
        # Of a session before the first work that was ever recorded nothing can have been missed.
        known_since=min((run.session for run in (*runs, *forecasts)), default=None),
    )
    return CurrentAgenda(now, database_now, agenda, runs)


def name_moment(deps: Dependencies, moment: datetime) -> str:
    """Return the time of day in the digest's time zone and in UTC."""
    settings = deps.settings
    local = moment.astimezone(ZoneInfo(settings.digest_timezone))
    place = settings.digest_timezone.rpartition("/")[2].replace("_", " ")
    return f"{local:%H:%M} {place} time ({moment:%H:%M} UTC)"
