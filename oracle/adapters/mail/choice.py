"""Which mailer and which queue of events the settings ask for."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from oracle.adapters.mail.folder import FolderMailer
from oracle.settings.values import MailerKind

if TYPE_CHECKING:
    from oracle.ports import Mailer, MailEventQueue
    from oracle.settings import Settings


def choose_mailer(settings: Settings) -> Mailer:
    """Return the mailer of ORACLE_MAILER; none of them connects before its first mail."""
    if settings.mailer is MailerKind.SMTP:
        from oracle.adapters.mail.smtp import SmtpMailer  # noqa: PLC0415 - others do without it

        return SmtpMailer(
            settings.smtp_url.get_secret_value(),
            sender=settings.mail_from,
            rate=settings.mail_rate,
            deadline=settings.mail_deadline,
            now=_now,
        )
    if settings.mailer is MailerKind.SES:
        # The client brings half a second's worth of libraries, which the others do without.
        from oracle.adapters.mail.ses import SesMailer  # noqa: PLC0415

        return SesMailer(
            region=settings.ses_region,
            endpoint=settings.ses_endpoint,
            configuration_set=settings.ses_configuration_set,
            sender=settings.mail_from,
            rate=settings.mail_rate,
            deadline=settings.mail_deadline,
            connections=settings.mail_concurrency,
            now=_now,
        )
    return FolderMailer(settings.mail_folder, sender=settings.mail_from, now=_now)


def choose_mail_events(settings: Settings) -> MailEventQueue | None:
    """Return the queue of ORACLE_MAIL_EVENTS_QUEUE, or None where none is named."""
    if not settings.mail_events_queue:
        return None
    from oracle.adapters.mail.events import SesEventQueue  # noqa: PLC0415 - as with SES

    return SesEventQueue(
        settings.mail_events_queue,
        region=settings.ses_region,
        endpoint=settings.ses_endpoint,
        topic=settings.mail_events_topic,
        deadline=settings.mail_deadline,
    )


def _now() -> datetime:
    # The date of a mail is the day it is sent on, also where the market's clock was moved.
    return datetime.now(UTC)
