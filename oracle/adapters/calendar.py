"""The sessions of the New York Stock Exchange, from `exchange_calendars`."""

from __future__ import annotations

import warnings
from bisect import bisect_left, bisect_right
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from oracle.domain.errors import InvalidInput
from oracle.domain.prices import MarketState

if TYPE_CHECKING:
    from collections.abc import Sequence

FIRST_DAY = date(1989, 1, 1)
"""The calendar's first day: a year before the oldest price that is shipped or asked for."""

LAST_YEAR = 2100
"""No clock stands later than this: the exchange's rules are not known that far ahead anyway."""

YEARS_AHEAD = 2
"""Whole years after the clock's own that `calendar_around` covers."""

_NEW_YORK = ZoneInfo("America/New_York")
_PRE_MARKET_OPENS = time(4, 0)
_AFTER_HOURS = timedelta(hours=4)


class XnysCalendar:
    """The sessions of XNYS from `start` to `end`, both included, with holidays and early closes.

    A day's state is `pre-market` from 04:00 New York time and `after-hours` for four hours after
    the close: until 20:00, or 17:00 when the close is at 13:00. Beyond the range, and for the
    opening or close of a day without a session, every method raises InvalidInput.
    """

    def __init__(self, end: date, start: date = FIRST_DAY) -> None:
        self._start = start
        self._end = end
        self._sessions, self._opens, self._closes = _load_sessions(start, end)

    def is_session(self, day: date) -> bool:
        """Return whether the exchange trades on that day."""
        self._check_day(day)
        place = bisect_left(self._sessions, day)
        return place < len(self._sessions) and self._sessions[place] == day

    def session_open(self, session: date) -> datetime:
        """Return when that session opens."""
        return self._opens[self._place_of(session)]

    def session_close(self, session: date) -> datetime:
        """Return when that session closes; early closes included."""
        return self._closes[self._place_of(session)]

    def last_closed_session(self, now: datetime) -> date:
        """Return the newest session whose close is at or before `now`."""
        self._check_moment(now)
        return self._session_at(bisect_right(self._closes, now) - 1)

    def next_session(self, session: date) -> date:
        """Return the first session after that day."""
        self._check_day(session)
        return self._session_at(bisect_right(self._sessions, session))

    def previous_session(self, session: date) -> date:
        """Return the last session before that day."""
        self._check_day(session)
        return self._session_at(bisect_left(self._sessions, session) - 1)

    def sessions_between(self, first: date, last: date) -> Sequence[date]:
        """Return the sessions from `first` to `last`, both included; none if `last` is earlier."""
        self._check_day(first)
        self._check_day(last)
        return self._sessions[
            bisect_left(self._sessions, first) : bisect_right(self._sessions, last)
        ]

    def market_state(self, now: datetime) -> MarketState:
        """Return what the exchange is doing; the moment of the close is already after it."""
        self._check_moment(now)
        local = now.astimezone(_NEW_YORK)
        if not self.is_session(local.date()):
            return MarketState.CLOSED
        opens, closes = self.session_open(local.date()), self.session_close(local.date())
        if opens <= now < closes:
            return MarketState.OPEN
        if now < opens:
            early = local.time() < _PRE_MARKET_OPENS
            return MarketState.CLOSED if early else MarketState.PRE_MARKET
        return MarketState.AFTER_HOURS if now < closes + _AFTER_HOURS else MarketState.CLOSED

    def next_open(self, now: datetime) -> datetime:
        """Return the first opening after `now`."""
        self._check_moment(now)
        return self._opens[self._checked(bisect_right(self._opens, now))]

    def _place_of(self, session: date) -> int:
        if not self.is_session(session):
            raise InvalidInput(f"The New York Stock Exchange does not trade on {session}.")
        return bisect_left(self._sessions, session)

    def _session_at(self, place: int) -> date:
        return self._sessions[self._checked(place)]

    def _checked(self, place: int) -> int:
        if not 0 <= place < len(self._sessions):
            raise self._beyond_range("The session that was asked for")
        return place

    def _check_moment(self, now: datetime) -> None:
        self._check_day(now.astimezone(_NEW_YORK).date())

    def _check_day(self, day: date) -> None:
        if not self._start <= day <= self._end:
            raise self._beyond_range(f"{day}")

    def _beyond_range(self, what: str) -> InvalidInput:
        return InvalidInput(
            f"{what} lies beyond the trading calendar, which covers {self._start} to {self._end}.",
            hint=f"Ask for dates from {self._start} to {self._end}.",
        )


def calendar_around(now: datetime) -> XnysCalendar:
    """Return the calendar from 1989 to the end of the second year after that of `now`.

    Raises InvalidInput when the clock stands before 1989 or after 2100.
    """
    if not FIRST_DAY.year <= now.year <= LAST_YEAR:
        raise InvalidInput(
            f"The market clock stands at {now:%Y-%m-%d %H:%M} UTC, and the trading calendar "
            f"knows the years {FIRST_DAY.year} to {LAST_YEAR} only."
        )
    return XnysCalendar(end=date(now.year + YEARS_AHEAD, 12, 31))


def _load_sessions(
    start: date, end: date
) -> tuple[tuple[date, ...], tuple[datetime, ...], tuple[datetime, ...]]:
    # Importing the library loads pandas, which takes about a second: only a process that asks
    # for sessions pays for it, and pandas stays out of every later call.
    import exchange_calendars  # noqa: PLC0415

    with warnings.catch_warnings():
        # The library still reads columns in a way that pandas 3.1 announces the end of.
        warnings.filterwarnings("ignore", r"Series\.values returning", DeprecationWarning)
        calendar = exchange_calendars.get_calendar("XNYS", start=start, end=end)
    sessions = tuple(calendar.sessions.to_numpy().astype("datetime64[D]").tolist())
    return sessions, _moments(calendar.opens), _moments(calendar.closes)


def _moments(column: Any) -> tuple[datetime, ...]:
    """Return a pandas column of UTC instants as aware datetimes."""
    naive = column.dt.tz_localize(None).to_numpy().astype("datetime64[s]").tolist()
    return tuple(moment.replace(tzinfo=UTC) for moment in naive)
