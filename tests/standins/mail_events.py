"""A queue of the provider's events whose every answer a test decides."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle.ports import ReceivedEvents

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.runs import MailEvent


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

    async def acknowledge(self, receipts: Sequence[str]) -> None:
        """Note the receipts."""
        self.acknowledged += receipts

    async def aclose(self) -> None:
        """Release nothing."""
