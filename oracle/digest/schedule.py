"""When the digest of a session is due, too late, or not yet: pure functions over the calendar.

A session's digest may be sent within its window. It opens at the digest's time of day on the
session's date, or when the close has settled where that is later. It ends after the digest's
window, or when the exchange opens again where that is earlier: by then its prices are yesterday's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import date, time, tzinfo

SESSIONS_BACK = 10
"""How far back a digest that was never begun is noticed."""

ENOUGH_CLOSES = 0.8
"""The share of the watchlist whose close must be in before the digest is sent without waiting."""


class SessionCalendar(Protocol):
    """What is asked of the exchange's calendar."""

    def session_close(self, session: date) -> datetime:
        """Return when that session closes."""
        ...

    def last_closed_session(self, now: datetime) -> date:
        """Return the newest session whose close is at or before `now`."""
        ...

    def previous_session(self, session: date) -> date:
        """Return the last session before that day."""
        ...

    def next_session(self, session: date) -> date:
        """Return the first session after that day."""
        ...

    def session_open(self, session: date) -> datetime:
        """Return when that session opens."""
        ...


@dataclass(frozen=True, slots=True)
class DigestTimes:
    """The time of day of the digest, in which zone, and how long after it one may be sent.

    `settle_delay` is how long after the close of a session its bar counts as final.
    """

    time_of_day: time
    zone: tzinfo
    window: timedelta
    settle_delay: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class DigestWindow:
    """When a session's digest may be sent: from `opens_at` on, before `ends_at`.

    By hand it may be begun from `settled_at` on, when the session's close counts as final; before,
    the feed has nothing to give. `waits_until` is how long it waits for closes that are not in yet.
    All are aware and in UTC.
    """

    session: date
    settled_at: datetime
    opens_at: datetime
    waits_until: datetime
    ends_at: datetime


@dataclass(frozen=True, slots=True)
class DigestAgenda:
    """What is to be done: the window that is open and has no run, and those that were missed.

    `next_at` is when the next digest that has no run opens; not after `now` if one is due.
    """

    due: DigestWindow | None
    missed: tuple[DigestWindow, ...]
    next_at: datetime


def window_of(session: date, times: DigestTimes, calendar: SessionCalendar) -> DigestWindow:
    """Return the window of that session's digest.

    A time of day that the clocks skip is the moment they would have shown it; one that they show
    twice is the first.
    """
    settled_at = calendar.session_close(session) + times.settle_delay
    on_the_clock = datetime.combine(session, times.time_of_day, times.zone).astimezone(UTC)
    opens_at = max(on_the_clock, settled_at)
    reopens_at = calendar.session_open(calendar.next_session(session))
    ends_at = min(opens_at + times.window, reopens_at)
    # A time of day so late that the exchange has opened again is no time at all: from the close on.
    opens_at = opens_at if opens_at < ends_at else settled_at
    return DigestWindow(
        session=session,
        settled_at=settled_at,
        opens_at=opens_at,
        waits_until=opens_at + (ends_at - opens_at) / 2,
        ends_at=ends_at,
    )


def decide_agenda(
    now: datetime,
    times: DigestTimes,
    calendar: SessionCalendar,
    *,
    begun: Collection[date],
    known_since: date | None,
) -> DigestAgenda:
    """Return what is due and what was missed at that moment.

    `begun` are the sessions that have a digest's run, in whatever state. `known_since` is the first
    session the service was there for, None if it has just been set up: nothing before is missed.
    """
    newest = calendar.last_closed_session(now)
    window = window_of(newest, times, calendar)
    is_due = newest not in begun and window.opens_at <= now < window.ends_at
    missed = [
        past
        for session in _recent_sessions(newest, known_since, calendar)
        if session not in begun and (past := window_of(session, times, calendar)).ends_at <= now
    ]
    if newest in begun or now >= window.ends_at:
        window_ahead = window_of(calendar.next_session(newest), times, calendar)
    else:
        window_ahead = window
    return DigestAgenda(window if is_due else None, tuple(missed), window_ahead.opens_at)


def has_enough(available: int, wanted: int, *, now: datetime, window: DigestWindow) -> bool:
    """Return whether to send with so many of the wanted stocks' closes, or to wait for more.

    Eight of ten are enough at once; fewer, but not none, when the window is half over.
    """
    if available >= ENOUGH_CLOSES * wanted:
        return available > 0
    return available > 0 and now >= window.waits_until


def _recent_sessions(
    newest: date, known_since: date | None, calendar: SessionCalendar
) -> Sequence[date]:
    """Return the last ten sessions that came after the service's first, oldest first."""
    sessions: list[date] = []
    session = newest
    while known_since is not None and session > known_since and len(sessions) < SESSIONS_BACK:
        sessions.append(session)
        session = calendar.previous_session(session)
    return sessions[::-1]
