"""Use case: what sending a session's digest now would do, without doing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from oracle.domain.errors import MailNotSent
from oracle.domain.runs import OPEN_STATES, DeliveryState, RunState
from oracle.domain.wording import count_of, name_session
from oracle.services.awaited_closes import AwaitedCloses
from oracle.services.compose_digest import compose_digest
from oracle.services.plan_digest import refuse_sample_mail
from oracle.services.send_deliveries import sending_interval
from oracle.services.send_digest import choose_window, find_obstacle, read_progress

if TYPE_CHECKING:
    from datetime import date

    from oracle.domain.runs import Run
    from oracle.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class SendingPreview:
    """What would be sent to how many, how long that takes, and what stands against it, if any.

    `closes` of the `wanted` would be in it; None where nothing would be composed. `recipients` are
    those who would get it now: of a run that has begun, those who are left.
    """

    session: date
    closes: int | None
    wanted: int
    recipients: int
    mailer: str
    duration: timedelta
    obstacles: tuple[str, ...]

    def describe(self) -> str:
        """Return the preview in a few lines, whatever stands against it first."""
        lines = [f"Nothing would be sent: {each[0].lower()}{each[1:]}" for each in self.obstacles]
        name = f"digest of {name_session(self.session)}"
        content = "" if self.closes is None else f", with {self.closes} of {self.wanted} closes,"
        people = count_of(self.recipients, "subscriber")
        time = f"in about {self.duration}" if self.duration else "within a second"
        how = f"by the mailer {self.mailer}, {time}"
        if not lines:
            lines.append(f"The {name}{content} would go to {people} {how}.")
        elif self.closes is not None:
            lines.append(f"Else the {name}{content} would go to {people} {how}.")
        return "\n".join(lines)


async def preview_sending(
    deps: Dependencies, session: date | None, *, early: bool = False
) -> SendingPreview:
    """Return what `send_digest` would do. Raises MailingRefused, InvalidInput, DatabaseUnavailable.

    Nothing of the digest is stored; predictions that are missing are made, as by any visitor.
    """
    refuse_sample_mail(deps)
    window, agenda = await choose_window(deps, session)
    progress = await read_progress(deps, window.session)
    closes: int | None = None
    async with deps.store.begin() as unit:
        recipients = await unit.deliveries.count_recipients()
    if progress.run is not None:
        if progress.run.state is not RunState.PLANNED:
            recipients = progress.counts.of(DeliveryState.PENDING)
        obstacles = _stands_against(progress.run, recipients)
    else:
        obstacle = await find_obstacle(deps, window, agenda.now, early=early)
        obstacles = [] if obstacle is None else [f"{obstacle} {obstacle.hint}"]
        if window.settled_at <= agenda.now < window.ends_at:
            content = await compose_digest(deps, window.session)
            closes = content.current
            awaited = AwaitedCloses(window, closes, len(content.listed))
            if not obstacles and not awaited.are_enough(agenda.now):
                obstacles.append(awaited.describe())
        if not obstacles:
            obstacles = await _ask_provider(deps, recipients)
    return SendingPreview(
        session=window.session,
        closes=closes,
        wanted=len(deps.settings.watchlist),
        recipients=recipients,
        mailer=deps.mailer.name,
        duration=timedelta(seconds=round(recipients * sending_interval(deps.settings.mail_rate))),
        obstacles=tuple(obstacles),
    )


def _stands_against(run: Run, pending: int) -> list[str]:
    """Return why nothing more of a run that has begun would be sent, if that is so."""
    if run.state is RunState.STOPPED:
        return [f"The run is stopped: {run.reason} `oracle digest resume` lets it go on."]
    if run.state not in OPEN_STATES:
        return [f"The run is {run.state.value} already. {run.reason}".rstrip()]
    if run.state is RunState.SENDING and pending == 0:
        return ["The run has begun already, and no mail of it is left to be sent."]
    return []


async def _ask_provider(deps: Dependencies, recipients: int) -> list[str]:
    try:
        quota = await deps.mailer.get_quota()
    except MailNotSent as error:
        return [f"The provider does not answer: {error}"]
    if quota.remaining is not None and quota.remaining < recipients:
        return [f"The provider takes only {count_of(quota.remaining, 'more mail')} today."]
    return []
