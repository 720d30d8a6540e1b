"""The small picture beside a company's name: one from the store, else its initials."""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256

KINDS = ("svg", "webp", "png")
_LEGAL = frozenset(
    {
        *("the", "inc", "incorporated", "corp", "corporation", "co", "company", "companies"),
        *("ltd", "limited", "plc", "group", "holdings", "and", "of"),
    }
)


@dataclass(frozen=True, slots=True)
class CompanyMark:
    """A picture's key, or None; the initials, and the colour on which white is legible."""

    picture: str | None
    initials: str
    colour: str


def company_pictures(symbol: str) -> tuple[str, ...]:
    """Return the names that a picture of the company may have in the store, the best first."""
    stem = re.sub(r"[^a-z0-9_-]", "-", symbol.lower())
    return tuple(f"companies/{stem}.{kind}" for kind in KINDS)


def build_company_mark(symbol: str, name: str, picture: str | None) -> CompanyMark:
    """Return the mark; the same symbol has the same colour for ever."""
    words = [word for word in re.findall(r"[^\W\d_]+", name) if word.lower() not in _LEGAL]
    initials = "".join(word[0] for word in words[:2]).upper() or symbol[:1]
    return CompanyMark(picture, initials, colour_of(symbol))


def colour_of(symbol: str) -> str:
    """Return a colour dark enough for white letters, and to stand on white as well as on black."""
    hue = int.from_bytes(sha256(symbol.encode()).digest()[:2]) % 360
    return f"hsl({hue}, 45%, 33%)"
