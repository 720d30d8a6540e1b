"""The clocks: the wall's, one that stands still, and one that runs from a given moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class SystemClock:
    """The wall clock."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        return datetime.now(UTC)

    def at(self, moment: datetime) -> datetime:
        """Return that moment itself."""
        return _in_utc(moment)


class FixedClock:
    """A clock that stands at one moment, such as the sample market's last.

    Raises ValueError when the moment has no time zone.
    """

    def __init__(self, moment: datetime) -> None:
        self._moment = _in_utc(moment)

    def now(self) -> datetime:
        """Return the moment at which this clock stands, in UTC."""
        return self._moment

    def at(self, moment: datetime) -> datetime:
        """Return the moment at which this clock stands, whenever it is asked."""
        del moment
        return self._moment


class StartingClock:
    """A clock that starts at one moment, for a rehearsal, and runs on from there.

    `stopwatch` counts seconds. Raises ValueError when the moment has no time zone.
    """

    def __init__(self, moment: datetime, stopwatch: Callable[[], float] = monotonic) -> None:
        self._moment = _in_utc(moment)
        self._stopwatch = stopwatch
        self._started = stopwatch()

    def now(self) -> datetime:
        """Return the first moment plus the time that has passed since, in UTC."""
        return self._moment + timedelta(seconds=self._stopwatch() - self._started)

    def at(self, moment: datetime) -> datetime:
        """Return the time of this clock at that moment of the real world."""
        return self.now() + (_in_utc(moment) - datetime.now(UTC))


def _in_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"A clock needs a moment with a time zone; {moment} has none.")
    return moment.astimezone(UTC)
