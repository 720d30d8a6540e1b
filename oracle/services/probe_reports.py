"""Use case of the leader: have the provider report something, to learn whether reports come."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from oracle.digest.links import sender_domain
from oracle.domain.errors import MailError
from oracle.domain.mail import Mail, RenderedMail
from oracle.observability.logs import get_logger
from oracle.services.send_deliveries import sending_interval

if TYPE_CHECKING:
    from oracle.domain.runs import Run
    from oracle.services.dependencies import Dependencies

PACE: Final = "probe"
"""The row of the pace that keeps probes apart, whoever leads."""

_TEXT: Final = "Sent to learn whether reports of sent mails arrive. Nobody reads it."

_log = get_logger(__name__)


async def probe_reports(deps: Dependencies, run: Run) -> None:
    """Send a mail to the provider's own address, unless that was done only just now.

    What was never reported may only be sent again once something later was reported. Where nothing
    else is being sent, this is that something. Raises DatabaseUnavailable.
    """
    recipient = deps.mailer.probe_recipient
    if recipient is None:
        return
    async with deps.store.begin() as unit:
        if await unit.pace.reserve(PACE, 0, interval=0.0) > 0.0:
            return
        await unit.pace.slow_down(PACE, deps.settings.mail_patience)
        now = await unit.epochs.now()
    async with deps.store.begin() as unit:
        delay = await unit.pace.reserve(
            deps.mailer.name, 1, interval=sending_interval(deps.settings.mail_rate)
        )
    await asyncio.sleep(delay)
    mail = Mail(
        recipient=recipient,
        content=RenderedMail("Do reports arrive?", _TEXT, f"<p>{_TEXT}</p>"),
        message_id=f"probe.{run.id}.{now:%Y%m%d%H%M%S%f}@{sender_domain(deps.settings.mail_from)}",
        tags={"probe": str(run.id)},
    )
    try:
        await deps.mailer.send(mail)
    except MailError as error:
        _log.warning("probe_not_sent", why=str(error))
    else:
        _log.info("probe_sent", session=run.session.isoformat())
