"""How numbers are written for people, on pages, in mail and in a terminal alike."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite
from typing import Final

from oracle.domain.wording import MINUS, THIN_SPACE

NO_DATA: Final = "No data"

_SIGNS = {"USD": "$", "EUR": "€", "GBP": "£"}


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
