"""The closes that a digest waits for, as this process saw them last, and when it looks again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.digest.schedule import has_enough

if TYPE_CHECKING:
    from datetime import datetime

    from oracle.digest.schedule import DigestWindow

LOOK_SECONDS = 15.0
"""How long a process leaves closes alone that were not in: whoever looks asks feed and database."""


@dataclass(frozen=True, slots=True)
class AwaitedCloses:
    """How many closes of the wanted ones were in, for the digest of that window."""

    window: DigestWindow
    available: int
    wanted: int

    def are_enough(self, now: datetime) -> bool:
        """Return whether to begin with them at that moment."""
        return has_enough(self.available, self.wanted, now=now, window=self.window)

    def describe(self) -> str:
        """Return in a sentence that they are waited for, and until when."""
        window = self.window
        return (
            f"It waits for closes: {self.available} of {self.wanted} are in. It is sent when eight "
            f"of ten are, or with fewer, if there are any, from {window.waits_until:%H:%M} UTC on; "
            f"its time ends at {window.ends_at:%H:%M} UTC."
        )


class CloseWatch:
    """Remembers what was seen, so that neither feed nor log is asked or told the same each time."""

    def __init__(self, seconds: float = LOOK_SECONDS) -> None:
        self._seconds = seconds
        self._seen: AwaitedCloses | None = None
        self._look_at = 0.0

    def find_recent(self, window: DigestWindow, now: datetime) -> AwaitedCloses | None:
        """Return what was seen just now, or None if it is time to look.

        It is time as well when what was seen has become enough, since the window is half over.
        """
        seen = self._seen
        if seen is None or seen.window != window or seen.are_enough(now):
            return None
        return seen if asyncio.get_running_loop().time() < self._look_at else None

    def note(self, awaited: AwaitedCloses) -> bool:
        """Remember what was seen; say whether it is anything new."""
        is_new = awaited != self._seen
        self._seen = awaited
        self._look_at = asyncio.get_running_loop().time() + self._seconds
        return is_new
