"""A mailer, a renderer and a queue of events whose every answer a test decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle.domain.mail import RenderedMail
from oracle.ports import ReceivedEvents, SendingQuota

if TYPE_CHECKING:
    from oracle.domain.errors import MailError
    from oracle.domain.mail import Mail
    from oracle.domain.runs import MailEvent


@dataclass
class ScriptedMailer:
    """Keeps what it accepts; raises the scripted errors first, one per call."""

    accepted: list[Mail] = field(default_factory=list)
    failures: list[MailError] = field(default_factory=list)
    calls: int = 0
    name: str = "folder"
    reaches_people: bool = False
    reports_events: bool = False

    async def send(self, mail: Mail) -> str:
        """Accept the mail, or raise the next scripted error."""
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        self.accepted.append(mail)
        return mail.message_id

    async def find_accepted(self, mail: Mail) -> str | None:
        """Return its identifier if it was accepted."""
        found = any(each.message_id == mail.message_id for each in self.accepted)
        return mail.message_id if found else None

    async def get_quota(self) -> SendingQuota:
        """Return that there is no limit."""
        return SendingQuota(None, None)

    async def aclose(self) -> None:
        """Release nothing."""


class PlainRenderer:
    """Writes the name of the mail and what it is about."""

    def render(self, event: str, context: object) -> RenderedMail:
        """Return a mail that repeats its context."""
        return RenderedMail(event, str(context), f"<p>{context}</p>")


@dataclass
class ScriptedEvents:
    """Gives out the events in pages of ten, and notes what was acknowledged."""

    waiting: list[MailEvent] = field(default_factory=list)
    unreadable: int = 0
    acknowledged: list[str] = field(default_factory=list)

    async def receive(self) -> ReceivedEvents:
        """Return the next events."""
        page, self.waiting = self.waiting[:10], self.waiting[10:]
        receipts = [each.id for each in page] + ["unreadable"] * self.unreadable
        self.unreadable = 0
        return ReceivedEvents(page, receipts)

    async def acknowledge(self, receipts: list[str] | tuple[str, ...]) -> None:
        """Note the receipts."""
        self.acknowledged += receipts

    async def aclose(self) -> None:
        """Release nothing."""
