"""What every mailer promises; run against each adapter of the `Mailer` port.

An adapter's test module subclasses `MailerContract` under a name that begins with `Test` and
defines the fixtures `mailer` and `inbox`: what has arrived, each as the bytes of a message.
"""

from __future__ import annotations

import asyncio
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import TYPE_CHECKING

import pytest

from oracle.domain.errors import RecipientRefused
from oracle.domain.mail import Mail, RenderedMail

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oracle.ports import Mailer

    Inbox = Callable[[], Sequence[bytes]]

SENDER = "Oracle <digest@oracle.example>"
UNSUBSCRIBE = "https://oracle.example/subscribers/t0k-en/unsubscribe"
TEXT = (
    "Tonight's pick ä: Intel +0.8\N{NARROW NO-BREAK SPACE}%\n.\n. a line with a dot\nFrom here on\n"
)
HTML = f"<!doctype html>\n<p>{'Intel • Micron ' * 40}</p>\n<p>.</p>\n"


def mail_to(recipient: str, *, number: int = 1, subject: str = "Tonight's pick ä: Intel") -> Mail:
    """Return a digest as it is sent."""
    return Mail(
        recipient=recipient,
        content=RenderedMail(subject=subject, text=TEXT, html=HTML),
        message_id=f"digest.rehearsal.2026-03-02.{number}@oracle.example",
        headers={
            "List-Unsubscribe": f"<{UNSUBSCRIBE}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        tags={"run": "1", "delivery": str(number), "attempt": "1"},
    )


def parse(content: bytes) -> EmailMessage:
    """Return the message as the standard library reads it."""
    message = message_from_bytes(content, policy=default)
    assert isinstance(message, EmailMessage)
    return message


def read_part(message: EmailMessage, kind: str) -> str:
    """Return the text of that part; lines end in CRLF on the way, as they must."""
    part = message.get_body((kind,))
    assert part is not None
    content: str = part.get_content()
    return content.replace("\r\n", "\n")


class MailerContract:
    """The promises of the port; the fixture `mailer` names who makes them."""

    @pytest.fixture
    def mailer(self) -> Mailer:
        """The mailer under test."""
        raise NotImplementedError("A contract's subclass defines the fixture `mailer`.")

    @pytest.fixture
    def inbox(self) -> Inbox:
        """What has arrived."""
        raise NotImplementedError("A contract's subclass defines the fixture `inbox`.")

    async def test_a_mail_arrives_as_it_was_written(self, mailer: Mailer, inbox: Inbox) -> None:
        """Subject, headers and both parts are there, letter for letter."""
        identifier = await mailer.send(mail_to("reader@example.org"))
        assert identifier
        (content,) = inbox()
        message = parse(content)
        assert message["To"] == "reader@example.org"
        assert message["From"] == SENDER
        assert message["Subject"] == "Tonight's pick ä: Intel"
        assert message["List-Unsubscribe"] == f"<{UNSUBSCRIBE}>"
        assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert message["Auto-Submitted"] == "auto-generated"
        assert read_part(message, "plain") == TEXT
        assert read_part(message, "html") == HTML

    async def test_every_line_can_be_sent(self, mailer: Mailer, inbox: Inbox) -> None:
        """The message is plain ASCII with no line over 998 characters (RFC 5322)."""
        await mailer.send(mail_to("reader@example.org", subject="Ä" * 120))
        (content,) = inbox()
        assert content.isascii()
        assert max(len(line) for line in content.splitlines()) <= 998
        assert parse(content)["Subject"] == "Ä" * 120

    async def test_the_message_id_names_the_mail(self, mailer: Mailer, inbox: Inbox) -> None:
        """It is handed over as given, so that a second copy can be known for one."""
        mail = mail_to("reader@example.org")
        await mailer.send(mail)
        assert parse(inbox()[0])["Message-ID"] == f"<{mail.message_id}>"

    async def test_many_at_a_time_arrive_once_each(self, mailer: Mailer, inbox: Inbox) -> None:
        """Mails that are handed over together do not mix, and none is made twice."""
        recipients = [f"reader{number}@example.org" for number in range(8)]
        await asyncio.gather(
            *(mailer.send(mail_to(each, number=n)) for n, each in enumerate(recipients))
        )
        assert sorted(parse(content)["To"] for content in inbox()) == recipients

    @pytest.mark.parametrize(
        "recipient",
        [
            "reader@example.org\r\nBcc: victim@example.org",
            "reader@example.org, victim@example.org",
            "reader@example.org>\nX: y",
            "no address",
        ],
    )
    async def test_no_recipient_can_write_headers(
        self, mailer: Mailer, inbox: Inbox, recipient: str
    ) -> None:
        """What is not one plain address is refused, and nothing is sent."""
        with pytest.raises(RecipientRefused) as caught:
            await mailer.send(mail_to(recipient))
        assert "example.org" not in str(caught.value)
        assert list(inbox()) == []

    async def test_no_subject_can_write_headers(self, mailer: Mailer, inbox: Inbox) -> None:
        """A line end within the subject is refused, and nothing is sent."""
        with pytest.raises(RecipientRefused):
            await mailer.send(mail_to("reader@example.org", subject="Hi\r\nBcc: x@example.org"))
        assert list(inbox()) == []

    async def test_quota_is_positive(self, mailer: Mailer) -> None:
        """A rate, where there is one, allows sending."""
        quota = await mailer.get_quota()
        assert quota.rate is None or quota.rate > 0.0
        assert quota.remaining is None or quota.remaining > 0

    async def test_closing_twice_is_harmless(self, mailer: Mailer) -> None:
        """A mailer may be closed again after it was closed."""
        await mailer.aclose()
        await mailer.aclose()
