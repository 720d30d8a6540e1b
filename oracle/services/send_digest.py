"""Use case: send a session's digest by hand or by cron, beside whatever scheduler runs.

Who calls this takes part in the election for as long as it works. If it is elected it does the
leader's part itself; if another leads, it plans the run in that leader's name, which the epoch
makes safe, and then helps to send as every instance does. The unique key of the run lets there be
one, however many call at once. While closes are awaited it leads nobody: a server beside it does,
and goes on with its other work.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from oracle.digest.schedule import window_of
from oracle.domain.errors import DatabaseUnavailable, MailingRefused, StaleEpoch
from oracle.domain.runs import DeliveryCounts, DeliveryState, RunKind, RunState
from oracle.domain.wording import name_session
from oracle.observability.logs import get_logger
from oracle.services.awaited_closes import AwaitedCloses
from oracle.services.digest_agenda import digest_times, name_moment, read_agenda
from oracle.services.lead_digest import attend_run
from oracle.services.plan_digest import gather_digest, refuse_sample_mail, store_digest
from oracle.services.read_mail_events import read_mail_events
from oracle.services.send_deliveries import seconds_left, send_deliveries

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date, datetime

    from oracle.digest.schedule import DigestWindow
    from oracle.domain.runs import Run
    from oracle.services.dependencies import Dependencies
    from oracle.services.digest_agenda import CurrentAgenda

SLICE_SECONDS = 2.0
"""How long is sent before it is looked again who leads and how far the run is."""

REST_SECONDS = 0.25
WAIT_SECONDS = 2.0
"""How long is rested while closes are awaited: another process may have begun meanwhile."""

ELECTION_SECONDS = 2.0

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DigestProgress:
    """Where a session's digest stands; `run` is None while it is not planned.

    `seconds_left` is an estimate from what is pending and the rate that is allowed; `awaited` are
    the closes that are waited for before it is planned.
    """

    session: date
    run: Run | None
    counts: DeliveryCounts
    seconds_left: float
    awaited: AwaitedCloses | None = None

    @property
    def is_settled(self) -> bool:
        """Whether nothing more will happen soon: ended, stopped, or only unknown ones are left."""
        if self.run is None:
            return False
        if self.run.state not in {RunState.PLANNED, RunState.SENDING}:
            return True
        left = self.counts.of(DeliveryState.PENDING, DeliveryState.SENDING)
        return left == 0 and self.counts.of(DeliveryState.UNKNOWN) > 0


async def read_progress(deps: Dependencies, session: date) -> DigestProgress:
    """Return where that session's digest stands. Raises DatabaseUnavailable."""
    counts = DeliveryCounts({}, None)
    async with deps.store.begin() as unit:
        run = await unit.runs.find_run(deps.feed.source, RunKind.DIGEST, session)
        if run is not None:
            counts = await unit.deliveries.count_deliveries(run.id)
    return DigestProgress(session, run, counts, seconds_left(deps, counts))


async def choose_window(
    deps: Dependencies, session: date | None
) -> tuple[DigestWindow, CurrentAgenda]:
    """Return the window of that session, None being the newest that has closed, and the agenda.

    Raises InvalidInput for a day without a session and MailingRefused before its close.
    """
    agenda = await read_agenda(deps)
    chosen = session or deps.calendar.last_closed_session(agenda.now)
    window = window_of(chosen, digest_times(deps), deps.calendar)
    closes_at = deps.calendar.session_close(chosen)
    if agenda.now < closes_at:
        raise MailingRefused(
            f"{name_session(chosen)} has not closed yet.",
            hint=f"Its close is at {closes_at:%Y-%m-%d %H:%M} UTC.",
        )
    return window, agenda


async def send_digest(
    deps: Dependencies,
    session: date | None = None,
    *,
    early: bool = False,
    show: Callable[[DigestProgress], None] = lambda _: None,
) -> DigestProgress:
    """Send the digest of that session (None: the newest that has closed) and return how it stands.

    It is begun in its window alone, or with `early` as soon as the close has settled, for those who
    are confirmed by then. Returns when nothing more will happen soon, or at once if that is so
    already. Raises MailingRefused (sample data, outside the window, nobody to send it to early),
    InvalidInput and DatabaseUnavailable.
    """
    refuse_sample_mail(deps)
    window, agenda = await choose_window(deps, session)
    progress = await read_progress(deps, window.session)
    if progress.run is None:
        obstacle = await find_obstacle(deps, window, agenda.now, early=early)
        if obstacle is not None:
            raise obstacle
    worker = _Worker(deps, window)
    try:
        while not progress.is_settled:
            busy = await worker.work(progress)
            progress = await read_progress(deps, window.session)
            if progress.run is None:
                progress = replace(progress, awaited=worker.awaited)
            show(progress)
            if not busy:
                await asyncio.sleep(REST_SECONDS if progress.awaited is None else WAIT_SECONDS)
    finally:
        await deps.leader_lock.release()
    return progress


async def find_obstacle(
    deps: Dependencies, window: DigestWindow, now: datetime, *, early: bool
) -> MailingRefused | None:
    """Return why that window's digest, which has no run, may not be begun now; None if it may."""
    name = f"digest of {name_session(window.session)}"
    if now >= window.ends_at:
        return _too_late(window)
    if now >= window.opens_at:
        return None
    clock = f"The market's clock shows {name_moment(deps, now)}."
    if now < window.settled_at:
        return MailingRefused(
            f"The {name} cannot be begun before {name_moment(deps, window.settled_at)}, when the "
            "close counts as final.",
            hint=f"{clock} Until then the feed is not asked.",
        )
    if not early:
        return MailingRefused(
            f"The {name} is sent from {name_moment(deps, window.opens_at)} on.",
            hint=f"{clock} `--now` begins it at once; whoever confirms later gets the next one.",
        )
    async with deps.store.begin() as unit:
        recipients = await unit.deliveries.count_recipients()
    if recipients:
        return None
    return MailingRefused(
        f"Nobody would receive the {name}, so it is not begun before its time.",
        hint="`oracle subscribers add NAME@EXAMPLE.ORG --confirmed` adds somebody.",
    )


def _too_late(window: DigestWindow) -> MailingRefused:
    return MailingRefused(
        f"The time for the digest of {name_session(window.session)} is over.",
        hint=f"It could be sent until {window.ends_at:%Y-%m-%d %H:%M} UTC.",
    )


class _Worker:
    """Does the leader's part while it leads, and a sender's part in any case."""

    def __init__(self, deps: Dependencies, window: DigestWindow) -> None:
        self._deps = deps
        self._window = window
        self._epoch: int | None = None
        self._asked_at = -ELECTION_SECONDS
        self.awaited: AwaitedCloses | None = None

    async def work(self, progress: DigestProgress) -> bool:
        """Do what there is to do for a few seconds; say whether mail was sent."""
        deps, run = self._deps, progress.run
        try:
            if run is None:
                await self._plan()
            else:
                await self._attend(run, progress.counts)
        except StaleEpoch as error:
            _log.info("another_leads", why=str(error))
            await self._stand_down()
        return await send_deliveries(deps, seconds=SLICE_SECONDS) > 0

    async def _attend(self, run: Run, counts: DeliveryCounts) -> None:
        await self._take_part()
        if self._epoch is not None:
            await attend_run(self._deps, self._epoch, run, await read_agenda(self._deps))
            if counts.of(DeliveryState.UNKNOWN):
                await read_mail_events(self._deps, epoch=self._epoch)

    async def _take_part(self) -> None:
        lock, now = self._deps.leader_lock, asyncio.get_running_loop().time()
        if self._epoch is None:
            if now - self._asked_at >= ELECTION_SECONDS:
                self._asked_at = now
                self._epoch = await lock.acquire()
        elif not await lock.heartbeat():
            await self._stand_down()

    async def _stand_down(self) -> None:
        self._epoch = None
        await self._deps.leader_lock.release()

    async def _plan(self) -> None:
        """Gather what the digest says, and only then take part in the election to store it."""
        deps, window = self._deps, self._window
        agenda = await read_agenda(deps)
        if agenda.now >= window.ends_at:
            raise _too_late(window)
        gathered = await gather_digest(deps, window, agenda)
        if isinstance(gathered, AwaitedCloses):
            self.awaited = gathered
            return
        self.awaited = None
        await self._take_part()
        epoch = self._epoch
        if epoch is None:
            async with deps.store.begin() as unit:
                leadership = await unit.epochs.find_leadership()
            if leadership is None:
                raise DatabaseUnavailable("Nobody leads, and nobody is let lead.")
            epoch = leadership.epoch
        await store_digest(deps, epoch, window, agenda, gathered)
