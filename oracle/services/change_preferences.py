"""Use case: choose the digest's stocks, pause it, resume it."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from oracle.domain.errors import InvalidPreferences, InvalidSymbol
from oracle.domain.instruments import parse_symbol
from oracle.domain.subscribers import MAX_OWN_SYMBOLS
from oracle.domain.subscriptions import Preferences, choose
from oracle.services.change_subscriber import require_change
from oracle.services.subscriber_links import Purpose

if TYPE_CHECKING:
    from collections.abc import Iterable

    from oracle.services.dependencies import Dependencies
    from oracle.services.subscriber_links import Holder

LONGEST_QUOTED = 20


async def change_preferences(
    deps: Dependencies, token: str, entries: Iterable[str], *, is_paused: bool
) -> Holder:
    """Store the choice of own stocks (none: the watchlist) and whether the digest pauses.

    Raises InvalidPreferences, InvalidToken.
    """
    preferences = Preferences(choose_symbols(deps, entries), is_paused)
    return await require_change(
        deps, Purpose.PREFERENCES, token, lambda subscriber, _: choose(subscriber, preferences)
    )


def choose_symbols(deps: Dependencies, entries: Iterable[str]) -> tuple[str, ...]:
    """Return the stocks' symbols, each once; a company's exact name is understood as well.

    Symbols in one entry may stand apart by spaces, unless a company has that very name.

    Raises InvalidPreferences, with what may have been meant, for more than ten and for what the
    directory does not know.
    """
    named = (_symbols_of(deps, each) for each in entries if each.strip())
    symbols = tuple(dict.fromkeys(chain.from_iterable(named)))
    if len(symbols) > MAX_OWN_SYMBOLS:
        raise InvalidPreferences(
            f"These are {len(symbols)} stocks; a digest has room for {MAX_OWN_SYMBOLS}."
        )
    return symbols


def _symbols_of(deps: Dependencies, entry: str) -> tuple[str, ...]:
    quoted = entry.strip()[:LONGEST_QUOTED]
    symbol = _known_symbol(deps, entry)
    if symbol is not None:
        return (symbol,)
    matches = deps.directory.search(entry.strip(), limit=3) if quoted.isprintable() else ()
    exact = [match.instrument.symbol for match in matches if match.exact]
    if len(exact) == 1:
        return (exact[0],)
    parts = entry.split()
    known = [each for part in parts if (each := _known_symbol(deps, part)) is not None]
    if len(known) == len(parts) > 1:
        return tuple(known)
    raise InvalidPreferences(
        f"No stock “{quoted}” is known.",
        suggestions=tuple(match.instrument.symbol for match in matches),
    )


def _known_symbol(deps: Dependencies, text: str) -> str | None:
    try:
        instrument = deps.directory.find_instrument(parse_symbol(text))
    except InvalidSymbol:
        return None
    return None if instrument is None else instrument.symbol
