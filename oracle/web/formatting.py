"""How numbers, times and directions are written; nothing else in the website formats them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from math import isfinite
from typing import Final
from zoneinfo import ZoneInfo

from oracle.domain.prices import MarketState
from oracle.domain.wording import (
    MINUS,
    THIN_SPACE,
    name_month,
    name_session,
    name_session_briefly,
)

NO_DATA: Final = "No data"
EXCHANGE_ZONE: Final = ZoneInfo("America/New_York")

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}
_STRENGTHS = ((0.02, "very weak"), (0.05, "weak"), (0.1, "moderate"))
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_STATES = {
    MarketState.OPEN: "Market open",
    MarketState.CLOSED: "Market closed",
    MarketState.PRE_MARKET: "Pre-market",
    MarketState.AFTER_HOURS: "After hours",
}


class Direction(StrEnum):
    """Where a number points, after rounding to what is shown."""

    UP = "up"
    DOWN = "down"
    FLAT = "unchanged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """A change as it is shown: signed text, an arrow, and the word that says the same."""

    text: str
    arrow: str
    direction: Direction


_ARROWS = {Direction.UP: "▲", Direction.DOWN: "▼", Direction.FLAT: "■", Direction.UNKNOWN: ""}


def decimal(value: float | None, places: int = 2) -> str:
    """Return the number with grouped thousands and a true minus sign, or `No data`."""
    if value is None or not isfinite(value):
        return NO_DATA
    text = f"{value:,.{places}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def money(value: float | None, currency: str) -> str:
    """Return the price with its currency's sign, or with its code where it has none here."""
    amount = decimal(value)
    if amount == NO_DATA:
        return NO_DATA
    sign = _SIGNS.get(currency)
    if sign is None:
        return f"{amount}{THIN_SPACE}{currency}"
    if amount.startswith(MINUS):
        return f"{MINUS}{sign}{amount.removeprefix(MINUS)}"
    return sign + amount


def percent(value: float | None, places: int = 2) -> str:
    """Return the percentage without a sign for gains, or `No data`."""
    amount = decimal(value, places)
    return amount if amount == NO_DATA else f"{amount}{THIN_SPACE}%"


def change(value: float | None, places: int = 2) -> Change:
    """Return a change in per cent; what rounds to zero has no direction, and neither has None."""
    text = percent(value, places)
    if text == NO_DATA or value is None:
        return Change(NO_DATA, "", Direction.UNKNOWN)
    if not text.strip(f"0.,{THIN_SPACE}%"):
        return Change(text, _ARROWS[Direction.FLAT], Direction.FLAT)
    if value > 0:
        return Change(f"+{text}", _ARROWS[Direction.UP], Direction.UP)
    return Change(text, _ARROWS[Direction.DOWN], Direction.DOWN)


def level(value: float) -> str:
    """Return a probability such as 0.8 as `80 %`."""
    return percent(100.0 * value, 0)


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
