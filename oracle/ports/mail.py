"""Who sends mail, who writes it, and who hears what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.mail import Mail, RenderedMail
    from oracle.domain.runs import MailEvent


@dataclass(frozen=True, slots=True)
class SendingQuota:
    """What the provider allows: mails per second, and how many more today; None is no limit."""

    rate: float | None
    remaining: int | None


class Mailer(Protocol):
    """Hands over one mail per call, in one request, and never retries by itself.

    `send` raises, of `oracle.domain.errors`:

    * `RecipientRefused`: this address is refused for good; others may go on.
    * `MailThrottled`: certainly not sent; slower, later.
    * `MailNotSent`: certainly not sent (no connection, say); later.
    * `MailingPaused`: the account is paused or its quota used up; nobody's mail goes out.
    * `MailOutcomeUnknown`: handed over, and no answer came: it may have been accepted.
    """

    @property
    def name(self) -> str:
        """Which mailer this is: `folder`, `smtp` or `ses`."""
        ...

    @property
    def reaches_people(self) -> bool:
        """Whether mail leaves the machine; sample data is never mailed by one that does."""
        ...

    @property
    def reports_events(self) -> bool:
        """Whether what became of a mail is reported, so that an unknown outcome is found out."""
        ...

    @property
    def probe_recipient(self) -> str | None:
        """The provider's own address that takes any mail and reports on it, if there is one."""
        ...

    async def send(self, mail: Mail) -> str:
        """Hand the mail over and return the identifier under which it was accepted."""
        ...

    async def find_accepted(self, mail: Mail) -> str | None:
        """Return the identifier under which that very mail was accepted, None if it cannot say."""
        ...

    async def get_quota(self) -> SendingQuota:
        """Return what may be sent. Raises MailNotSent when the provider does not answer."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...


class MailRenderer(Protocol):
    """Makes a mail's subject and both parts from templates."""

    def render(self, event: str, context: object) -> RenderedMail:
        """Return the mail `event`, a folder of templates, with what the dataclass holds."""
        ...


@dataclass(frozen=True, slots=True)
class ReceivedEvents:
    """Events and the receipts that `acknowledge` takes.

    Those that are `refused`, since nobody can read or believe them, have a receipt alone.
    """

    events: Sequence[MailEvent]
    receipts: Sequence[str]
    refused: int = 0


class MailEventQueue(Protocol):
    """The provider's reports, each at least once, in any order."""

    async def receive(self) -> ReceivedEvents:
        """Return the next reports, none after a short wait. Raises MailNotSent if out of reach."""
        ...

    async def acknowledge(self, receipts: Sequence[str]) -> None:
        """Say that these are dealt with and need not come again."""
        ...

    async def aclose(self) -> None:
        """Release connections."""
        ...


class TokenSigner(Protocol):
    """Signs what a link in a mail says, each token for a single purpose."""

    def sign(self, purpose: str, subscriber_id: int, generation: int) -> str:
        """Return a token that is safe in a URL."""
        ...

    def read(self, purpose: str, token: str, *, max_age: int | None) -> tuple[int, int]:
        """Return subscriber and generation. Raises InvalidToken; `max_age` is in seconds."""
        ...
