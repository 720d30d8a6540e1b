"""Symbols and the instruments they name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from oracle.domain.errors import InvalidQuery, InvalidSymbol

MAX_SYMBOL_LENGTH = 10
MAX_QUERY_LENGTH = 64
_SYMBOL = re.compile(r"[A-Z0-9][A-Z0-9.\-]{0,9}")


class Provider(StrEnum):
    """Who delivers prices, as the JSON interface names it."""

    YAHOO = "yahoo"
    SAMPLE = "sample"
    REHEARSAL = "yahoo (rehearsal)"


class Source(StrEnum):
    """Where prices came from. Rows of different sources never meet.

    `REHEARSAL` is Yahoo's client with a server in Yahoo's place, or with its clock moved: what it
    stores looks like the real thing and must never be served as such.
    """

    YAHOO = "yahoo"
    SAMPLE = "sample"
    REHEARSAL = "rehearsal"

    @property
    def provider(self) -> Provider:
        """Who delivers them; a rehearsal speaks with Yahoo's client, and never for Yahoo alone."""
        return Provider[self.name]


@dataclass(frozen=True, slots=True)
class Instrument:
    """A share or fund: its symbol as the feed writes it, its name and where it trades."""

    symbol: str
    name: str
    exchange: str = ""
    currency: str = "USD"
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Match:
    """One search hit: the instrument, how well it matched (0 to 100) and whether exactly."""

    instrument: Instrument
    score: float
    exact: bool = False


def parse_symbol(text: str) -> str:
    """Return the symbol in its one spelling: upper case, share classes with a dash (BRK-B).

    Raises InvalidSymbol when the text cannot be a symbol.
    """
    symbol = text.strip()
    # Checked before it is made upper case, because that turns some other letters into ASCII ones.
    if not symbol.isascii() or not _SYMBOL.fullmatch(symbol.upper()):
        raise InvalidSymbol("That is not a stock symbol.")
    return symbol.upper().replace(".", "-")


def parse_query(text: str) -> str:
    """Return the search text with its white space folded.

    Raises InvalidQuery when it is empty, too long or holds control characters.
    """
    if any(not character.isprintable() for character in text.strip()):
        raise InvalidQuery("The search text holds characters that cannot be typed.")
    query = " ".join(text.split())
    if not query:
        raise InvalidQuery("The search text is empty.")
    if len(query) > MAX_QUERY_LENGTH:
        raise InvalidQuery(f"The search text is longer than {MAX_QUERY_LENGTH} characters.")
    return query
