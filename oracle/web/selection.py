"""The list of symbols in an address."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from werkzeug.datastructures import MultiDict

PARAMETER = "symbols"


def read_selection(arguments: MultiDict[str, str]) -> tuple[str, ...] | None:
    """Return the symbols asked for as they were written, or None for the watchlist.

    Commas, white space and a repeated parameter all separate; what is wrong with the list itself
    the ranking says.
    """
    if PARAMETER not in arguments:
        return None
    text = ",".join(arguments.getlist(PARAMETER))
    return tuple(part.strip() for part in text.replace(" ", ",").split(",") if part.strip())


def ranking_address(symbols: tuple[str, ...] | None) -> str:
    """Return the address of the ranking of these symbols."""
    if symbols is None:
        return "/ranking"
    return f"/ranking?{PARAMETER}={quote(','.join(symbols), safe=',')}"
