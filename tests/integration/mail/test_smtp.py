"""The mailer of any mail server, on aiosmtpd and on a server that answers as a test says."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest
from aiosmtpd.controller import Controller

from oracle.adapters.mail.smtp import SmtpMailer
from oracle.domain.errors import (
    MailError,
    MailingPaused,
    MailNotSent,
    MailOutcomeUnknown,
    MailThrottled,
    RecipientRefused,
)
from tests.contract.mailer import SENDER, MailerContract, mail_to
from tests.integration.mail.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

READER = "reader@example.org"


def smtp_mailer(url: str, *, deadline: float = 5.0) -> SmtpMailer:
    """Return the mailer of the server at that address."""
    return SmtpMailer(url, sender=SENDER, rate=10.0, deadline=deadline, now=lambda: NOW)


class Kept:
    """Keeps what an aiosmtpd server is given."""

    def __init__(self) -> None:
        self.contents: list[bytes] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - its name
        """Take the message."""
        del server, session
        self.contents.append(envelope.original_content)
        return "250 OK"


class TestSmtpMailer(MailerContract):
    """The contract on aiosmtpd."""

    @pytest.fixture
    def kept(self) -> Kept:
        """What has arrived."""
        return Kept()

    @pytest.fixture
    def mailer(self, kept: Kept) -> Iterator[SmtpMailer]:
        """The mailer under test."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        server = Controller(kept, hostname="127.0.0.1", port=port)
        server.start()
        yield smtp_mailer(f"smtp://127.0.0.1:{port}")
        server.stop()

    @pytest.fixture
    def inbox(self, kept: Kept) -> Callable[[], Sequence[bytes]]:
        """What has arrived."""
        return lambda: kept.contents


class ScriptedServer:
    """Answers each command as the script says; `None` hangs up, `...` is silence."""

    def __init__(self, **script: str | None) -> None:
        usual: dict[str, str | None] = {
            "greeting": "220 here",
            "ehlo": "250 here",
            "mail": "250 ok",
            "rcpt": "250 ok",
            "data": "354 go on",
            "content": "250 taken",
            "quit": "221 bye",
        }
        self.script = usual | script
        self.messages = 0

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Talk to one client."""
        try:
            stage = "greeting"
            while True:
                line = self.script[stage]
                if line is None or not await self._say(writer, line) or stage == "quit":
                    break
                stage = await self._hear(reader, in_data=line.startswith("354"))
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _hear(self, reader: asyncio.StreamReader, *, in_data: bool) -> str:
        if in_data:
            await reader.readuntil(b"\r\n.\r\n")
            self.messages += 1
            return "content"
        return (await reader.readuntil(b"\r\n")).split(maxsplit=1)[0].decode().lower().rstrip(":")

    async def _say(self, writer: asyncio.StreamWriter, line: str) -> bool:
        if line == "...":
            await asyncio.Event().wait()
        writer.write(f"{line}\r\n".encode())
        await writer.drain()
        return True


@pytest.mark.parametrize(
    ("stage", "answer", "kind"),
    [
        ("greeting", "421 busy", MailThrottled),
        ("greeting", "554 no", MailingPaused),
        ("greeting", None, MailNotSent),
        ("greeting", "...", MailNotSent),
        ("mail", "451 later", MailThrottled),
        ("mail", "550 sender unknown", MailingPaused),
        ("mail", "...", MailNotSent),
        ("rcpt", "450 greylisted", MailThrottled),
        ("rcpt", "550 no such user", RecipientRefused),
        ("rcpt", None, MailNotSent),
        ("data", "451 later", MailThrottled),
        ("data", "554 no", RecipientRefused),
        ("data", None, MailNotSent),
        ("data", "...", MailNotSent),
        ("content", "452 full", MailThrottled),
        ("content", "454 later", MailNotSent),
        ("content", "554 spam", RecipientRefused),
        ("content", None, MailOutcomeUnknown),
        ("content", "...", MailOutcomeUnknown),
    ],
)
async def test_an_error_says_whether_the_mail_may_be_there(
    stage: str, answer: str | None, kind: type[MailError]
) -> None:
    """Only after the message was handed over, and without an answer, is there any doubt."""
    script = ScriptedServer(**{stage: answer})
    server = await asyncio.start_server(script.answer, "127.0.0.1", 0)
    mailer = smtp_mailer(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}", deadline=0.5)
    with pytest.raises(MailError) as caught:
        await mailer.send(mail_to(READER))
    server.close()
    assert type(caught.value) is kind
    assert READER not in str(caught.value)
    assert script.messages == (stage == "content")


@pytest.mark.parametrize("goodbye", ["...", None, "500 what"])
async def test_what_is_said_after_acceptance_changes_nothing(goodbye: str | None) -> None:
    """A server that took the mail and then fell silent has taken it."""
    script = ScriptedServer(quit=goodbye)
    server = await asyncio.start_server(script.answer, "127.0.0.1", 0)
    mailer = smtp_mailer(f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}", deadline=0.5)
    mail = mail_to(READER)
    assert await mailer.send(mail) == mail.message_id
    server.close()
    assert script.messages == 1


async def test_nobody_there_is_certainly_not_sent() -> None:
    """A connection that cannot be made leaves no doubt."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(MailNotSent):
            await smtp_mailer(f"smtp://127.0.0.1:{unused.getsockname()[1]}").send(mail_to(READER))
