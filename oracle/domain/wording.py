"""How figures and sessions are written in the sentences that are stored and shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

MINUS: Final = "\N{MINUS SIGN}"
THIN_SPACE: Final = "\N{NARROW NO-BREAK SPACE}"

# Own names, because those of strftime depend on the process's locale.
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def name_month(day: date) -> str:
    """Return the month's short name, such as `Dec`."""
    return _MONTHS[day.month - 1]


def name_session(day: date) -> str:
    """Return a trading session's name, such as `Wed 28 Dec 2022`."""
    return f"{name_session_briefly(day)} {day.year}"


def name_session_briefly(day: date) -> str:
    """Return a trading session's name without its year, such as `Wed 28 Dec`."""
    return f"{_DAYS[day.weekday()]} {day.day} {name_month(day)}"


def write_change(percent: float, places: int = 2) -> str:
    """Return a change in per cent with its sign; what rounds to zero has none."""
    text = f"{percent:+,.{places}f}"
    if not text.strip("+-0.,"):
        text = text.lstrip("+-")
    return f"{text.replace('-', MINUS)}{THIN_SPACE}%"


def write_share(percent: float, places: int = 0) -> str:
    """Return a percentage without a sign, such as `80 %`."""
    return f"{percent:.{places}f}{THIN_SPACE}%"


def count_of(count: int, noun: str) -> str:
    """Return the count with its noun, in the plural unless it is one: `1 symbol`, `2 symbols`."""
    return f"{count} {noun}{'' if count == 1 else 's'}"
