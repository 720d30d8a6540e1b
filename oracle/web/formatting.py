"""How numbers, times and directions are written; nothing else in the website formats them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import Final
from zoneinfo import ZoneInfo

from oracle.domain.formatting import (
    NO_DATA,
    Change,
    Direction,
    change,
    decimal,
    level,
    money,
    percent,
)
from oracle.domain.prices import MarketState
from oracle.domain.wording import name_month, name_session, name_session_briefly

__all__ = [
    "EXCHANGE_ZONE",
    "NO_DATA",
    "Change",
    "Direction",
    "age",
    "change",
    "decimal",
    "exchange_clock",
    "exchange_time",
    "level",
    "machine_time",
    "market_state",
    "money",
    "month",
    "percent",
    "session",
    "short_session",
    "strength",
    "utc_time",
    "weekday",
]

EXCHANGE_ZONE: Final = ZoneInfo("America/New_York")

_STRENGTHS = ((0.02, "very weak"), (0.05, "weak"), (0.1, "moderate"))
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_STATES = {
    MarketState.OPEN: "Market open",
    MarketState.CLOSED: "Market closed",
    MarketState.PRE_MARKET: "Pre-market",
    MarketState.AFTER_HOURS: "After hours",
}


def strength(score: float | None) -> str:
    """Return in words how an expected return compares with its uncertainty."""
    if score is None or not isfinite(score):
        return NO_DATA
    for limit, word in _STRENGTHS:
        if abs(score) < limit:
            return word
    return "strong"


def session(day: date) -> str:
    """Return a trading session's name, such as `Wed 28 Dec 2022`."""
    return name_session(day)


def short_session(day: date) -> str:
    """Return a trading session's name without its year, such as `Wed 28 Dec`."""
    return name_session_briefly(day)


def weekday(day: date) -> str:
    """Return the day of the week in full, such as `Wednesday`."""
    return _WEEKDAYS[day.weekday()]


def month(day: date) -> str:
    """Return a month for an axis, such as `Dec 2022`."""
    return f"{name_month(day)} {day.year}"


def exchange_time(moment: datetime) -> str:
    """Return the instant on the exchange's clock, such as `Wed 28 Dec 2022, 16:00 ET`."""
    return f"{exchange_day(moment)}, {exchange_clock(moment)}"


def exchange_day(moment: datetime) -> str:
    """Return the day on the exchange's clock, such as `Wed 28 Dec 2022`."""
    return session(moment.astimezone(EXCHANGE_ZONE).date())


def exchange_clock(moment: datetime) -> str:
    """Return the time of day on the exchange's clock, such as `16:15 ET`."""
    return f"{moment.astimezone(EXCHANGE_ZONE):%H:%M} ET"


def utc_time(moment: datetime) -> str:
    """Return the instant in UTC for people, such as `Wed 28 Dec 2022, 21:00 UTC`."""
    universal = moment.astimezone(UTC)
    return f"{session(universal.date())}, {universal:%H:%M} UTC"


def machine_time(moment: datetime) -> str:
    """Return the instant in UTC as ISO 8601 with a Z, for `datetime` attributes."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"


def age(elapsed: timedelta) -> str:
    """Return an age in its largest whole unit, such as `3 hours old`."""
    minutes = max(0, int(elapsed.total_seconds() // 60))
    if minutes < 1:
        return "less than a minute old"
    for size, unit in ((1440, "day"), (60, "hour"), (1, "minute")):
        count = minutes // size
        if count:
            return f"{count} {unit}{'' if count == 1 else 's'} old"
    return "less than a minute old"


def market_state(state: MarketState) -> str:
    """Return what the exchange is doing, in words."""
    return _STATES[state]


def byte_count(count: int) -> str:
    """Return a file's size, such as 2.5 kB or 1.2 MB."""
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1000:.1f} kB"  # noqa: PLR2004
