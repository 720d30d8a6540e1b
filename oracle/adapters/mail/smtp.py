"""The mailer of any mail server: one connection and one message per call."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from email.utils import parseaddr
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote, urlsplit

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
)

from oracle.adapters.mail.mime import write_message
from oracle.domain.errors import (
    MailingPaused,
    MailNotSent,
    MailOutcomeUnknown,
    MailThrottled,
    RecipientRefused,
)
from oracle.ports import SendingQuota

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from datetime import datetime

    from oracle.domain.errors import MailError
    from oracle.domain.mail import Mail

_START_INPUT: Final = 354
_COMPLETED: Final = 250
_BUSY: Final = frozenset({421, 450, 451, 452})
_FOR_GOOD: Final = 500
_POLITENESS: Final = 1.0
"""Seconds that saying goodbye may take: the mail is accepted by then."""


@dataclass(slots=True)
class _Progress:
    """How far one mail has come: before the server takes the message nothing can be accepted."""

    handed_over: bool = False
    accepted: bool = False


class SmtpMailer:
    """Hands mail to a server at `smtp://` (STARTTLS where it is offered) or `smtps://`.

    A password is only ever sent over TLS, except to this very machine.
    """

    name = "smtp"
    reaches_people = True
    reports_events = False
    probe_recipient = None

    def __init__(
        self, url: str, *, sender: str, rate: float, deadline: float, now: Callable[[], datetime]
    ) -> None:
        parts = urlsplit(url.strip())
        self._host = parts.hostname or ""
        self._tls = parts.scheme == "smtps"
        self._port = parts.port or (465 if self._tls else 587 if parts.username else 25)
        self._user = unquote(parts.username or "")
        self._password = unquote(parts.password or "")
        self._sender = sender
        self._rate = rate
        self._deadline = deadline
        self._now = now

    async def send(self, mail: Mail) -> str:
        """Hand the mail over and return the Message-ID, which a server leaves as it is."""
        try:
            content = write_message(mail, sender=self._sender, now=self._now())
        except ValueError as error:
            raise RecipientRefused(str(error)) from error
        progress = _Progress()
        try:
            async with asyncio.timeout(self._deadline), self._connection() as client:
                await self._deliver(client, mail.recipient, content, progress)
        except SMTPRecipientRefused as error:
            raise _refusal(error.code) from None
        except SMTPResponseException as error:
            # The login, the sender or the greeting was refused: it does not depend on the mail.
            raise _refusal_of_everybody(error.code) from None
        except (SMTPException, OSError, TimeoutError) as error:
            if not progress.accepted:
                raise _from_silence(error, handed_over=progress.handed_over) from None
        return mail.message_id

    async def _deliver(
        self, client: SMTP, recipient: str, content: bytes, progress: _Progress
    ) -> None:
        await client.mail(parseaddr(self._sender)[1])
        await client.rcpt(recipient)
        start = await client.execute_command(b"DATA")
        if start.code != _START_INPUT or client.protocol is None:
            raise _refusal(start.code)
        progress.handed_over = True
        client.protocol.write(_dot_stuffed(content))
        answer = await client.protocol.read_response()
        if answer.code != _COMPLETED:
            raise _refusal(answer.code)
        progress.accepted = True

    async def find_accepted(self, mail: Mail) -> str | None:
        """Return None: a mail server is not asked for what it has accepted."""
        del mail
        return None

    async def get_quota(self) -> SendingQuota:
        """Return the configured rate; a mail server tells none."""
        return SendingQuota(rate=self._rate, remaining=None)

    async def aclose(self) -> None:
        """Release nothing: no connection outlives its mail."""

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[SMTP]:
        nearby = self._host in {"127.0.0.1", "::1", "localhost"}
        client = SMTP(
            hostname=self._host,
            port=self._port,
            timeout=self._deadline,
            use_tls=self._tls,
            start_tls=None if self._tls or not self._user or nearby else True,
            local_hostname="localhost" if nearby else None,
        )
        await client.connect()
        try:
            if self._user:
                await client.login(self._user, self._password)
            yield client
        finally:
            await _say_goodbye(client)


async def _say_goodbye(client: SMTP) -> None:
    try:
        async with asyncio.timeout(_POLITENESS):
            await client.quit()
    except (SMTPException, OSError, TimeoutError):
        client.close()


def _from_silence(error: Exception, *, handed_over: bool) -> MailError:
    what = type(error).__name__
    if handed_over:
        return MailOutcomeUnknown(f"The mail server did not answer ({what}).")
    return MailNotSent(f"The mail server is out of reach ({what}).")


def _refusal(code: int) -> MailError:
    if code >= _FOR_GOOD:
        return RecipientRefused(f"The mail server refused the mail for good ({code}).")
    if code in _BUSY:
        return MailThrottled(f"The mail server asks for patience ({code}).")
    return MailNotSent(f"The mail server did not take the mail ({code}).")


def _refusal_of_everybody(code: int) -> MailError:
    if code >= _FOR_GOOD:
        return MailingPaused(f"The mail server takes nobody's mail from here ({code}).")
    return _refusal(code)


def _dot_stuffed(content: bytes) -> bytes:
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return (b"." + stuffed if stuffed.startswith(b".") else stuffed) + b".\r\n"
