"""Use case: what sending a session's digest now would do, without doing it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from oracle.digest.schedule import has_enough
from oracle.domain.errors import MailNotSent
from oracle.domain.subscribers import SubscriberState
from oracle.domain.wording import count_of, name_session
from oracle.services.compose_digest import compose_digest
from oracle.services.plan_digest import refuse_sample_mail
from oracle.services.send_deliveries import sending_interval
from oracle.services.send_digest import choose_window, read_progress

if TYPE_CHECKING:
    from datetime import date

    from oracle.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class SendingPreview:
    """What would be sent to how many, how long that takes, and what stands against it, if any."""

    session: date
    closes: int
    wanted: int
    recipients: int
    mailer: str
    duration: timedelta
    obstacles: tuple[str, ...]

    def describe(self) -> str:
        """Return the preview in a few lines."""
        sentence = (
            f"The digest of {name_session(self.session)}, with {self.closes} of {self.wanted} "
            f"closes, would go to at most {count_of(self.recipients, 'subscriber')} "
            f"by the mailer {self.mailer}, in about {self.duration}."
        )
        return "\n".join([sentence, *self.obstacles])


async def preview_sending(deps: Dependencies, session: date | None) -> SendingPreview:
    """Return what `send_digest` would do. Raises MailingRefused, InvalidInput, DatabaseUnavailable.

    Nothing of the digest is stored; predictions that are missing are made, as by any visitor.
    """
    refuse_sample_mail(deps)
    window, agenda = await choose_window(deps, session)
    progress = await read_progress(deps, window.session)
    content = await compose_digest(deps, window.session)
    async with deps.store.begin() as unit:
        counted = await unit.subscribers.count_subscribers()
    recipients = counted.get(SubscriberState.CONFIRMED, 0)

    obstacles = []
    if progress.run is not None:
        obstacles.append(f"It has been begun already: its run is {progress.run.state.value}.")
    elif agenda.now >= window.ends_at:
        obstacles.append(f"Its time was over at {window.ends_at:%Y-%m-%d %H:%M} UTC.")
    if not has_enough(content.current, len(content.listed), now=agenda.now, window=window):
        obstacles.append(f"It would wait for closes until {window.waits_until:%H:%M} UTC.")
    try:
        quota = await deps.mailer.get_quota()
    except MailNotSent as error:
        obstacles.append(f"The provider does not answer: {error}")
    else:
        if quota.remaining is not None and quota.remaining < recipients:
            obstacles.append(f"The provider takes only {quota.remaining} more mails today.")
    seconds = round(recipients * sending_interval(deps.settings.mail_rate))
    return SendingPreview(
        session=window.session,
        closes=content.current,
        wanted=len(content.listed),
        recipients=recipients,
        mailer=deps.mailer.name,
        duration=timedelta(seconds=seconds),
        obstacles=tuple(obstacles),
    )
