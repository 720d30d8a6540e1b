"""The two clocks: the wall's, and one that stands still."""

from __future__ import annotations

from datetime import UTC, datetime


class SystemClock:
    """The wall clock."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands at one moment: that of a rehearsal, or the sample market's last.

    Raises ValueError when the moment has no time zone.
    """

    def __init__(self, moment: datetime) -> None:
        if moment.tzinfo is None:
            raise ValueError(f"A clock needs a moment with a time zone; {moment} has none.")
        self._moment = moment.astimezone(UTC)

    def now(self) -> datetime:
        """Return the moment at which this clock stands, in UTC."""
        return self._moment
