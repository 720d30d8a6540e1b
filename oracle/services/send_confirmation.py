"""The mail that answers a sign-up: please confirm, or: you are subscribed already."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from oracle.digest.invitations import Invitation
from oracle.digest.links import sender_domain
from oracle.domain.errors import (
    MailError,
    MailNotSent,
    MailOutcomeUnknown,
    MailThrottled,
    RecipientRefused,
)
from oracle.domain.mail import Mail
from oracle.domain.subscribers import SubscriberState
from oracle.observability import metrics
from oracle.observability.logs import get_logger
from oracle.services.subscriber_links import Purpose, make_link

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.subscribers import Subscriber
    from oracle.services.dependencies import Dependencies

PAUSES: Final = (1.0, 5.0)
"""Seconds before a mail that was certainly not sent is tried again."""

_log = get_logger(__name__)


async def send_confirmation(
    deps: Dependencies, subscriber: Subscriber, *, pauses: Sequence[float] = PAUSES
) -> bool:
    """Send the mail and return whether it was accepted; what went wrong is logged and counted.

    Only what was certainly not sent is tried again. No mail error is raised: nobody waits for it,
    and whoever gets no mail signs up once more.
    """
    mail = write_confirmation(deps, subscriber)
    for pause in (*pauses, None):
        try:
            await deps.mailer.send(mail)
        except (MailNotSent, MailThrottled) as error:
            if pause is None:
                return _note(subscriber, "not_sent", error)
            await asyncio.sleep(pause)
        except RecipientRefused as error:
            return _note(subscriber, "refused", error)
        except MailOutcomeUnknown as error:
            return _note(subscriber, "unknown", error)
        except MailError as error:
            return _note(subscriber, "not_sent", error)
        else:
            return _note(subscriber, "sent", None)
    raise AssertionError("the last try returns")


def write_confirmation(deps: Dependencies, subscriber: Subscriber) -> Mail:
    """Return the mail; one who is confirmed is told so, with the link to their preferences.

    The number in the Message-ID counts the day's mails, so that a second one is another one.
    """
    is_confirmed = subscriber.state is SubscriberState.CONFIRMED
    event = "already_subscribed" if is_confirmed else "confirm"
    purpose = Purpose.PREFERENCES if is_confirmed else Purpose.CONFIRM
    domain = sender_domain(deps.settings.mail_from)
    asked_at = subscriber.confirmation_sent_at or subscriber.created_at
    return Mail(
        recipient=subscriber.address.text,
        content=deps.mail_renderer.render(
            event,
            Invitation(
                site=deps.settings.base_url,
                link=make_link(deps, purpose, subscriber),
                is_paused=subscriber.is_paused,
            ),
        ),
        message_id=(
            f"{event}.{subscriber.id}.{asked_at:%Y%m%d}.{subscriber.confirmations_sent}@{domain}"
        ),
        headers={"Auto-Submitted": "auto-generated"},
    )


def _note(subscriber: Subscriber, outcome: str, error: MailError | None) -> bool:
    metrics.confirmation_mails.labels(outcome).inc()
    if error is None:
        _log.info("confirmation_sent", subscriber=subscriber.id)
    else:
        # A mail server's words may quote the address, so only the kind of error is told.
        _log.warning(
            "confirmation_not_sent",
            subscriber=subscriber.id,
            outcome=outcome,
            error=type(error).__name__,
        )
    return error is None
