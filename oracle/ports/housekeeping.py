"""Removing what is not needed any more."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from datetime import datetime


class Housekeeping(Protocol):
    """Removes old rows, up to `limit` of them at a time, and returns how many it removed."""

    async def remove_unconfirmed(self, before: datetime, *, limit: int) -> int:
        """Remove subscribers still pending who were last asked to confirm before that time."""
        ...

    async def remove_reports(self, before: datetime, *, limit: int) -> int:
        """Remove the provider's reports that were stored before that time."""
        ...

    async def remove_deliveries(self, before: datetime, *, limit: int) -> int:
        """Remove deliveries of runs that ended before that time; the runs themselves stay."""
        ...
