"""Use case: choose the digest's stocks, pause it, resume it."""

from __future__ import annotations

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

    Raises InvalidPreferences, with what may have been meant, for more than ten and for what the
    directory does not know.
    """
    symbols = tuple(dict.fromkeys(_symbol_of(deps, each) for each in entries if each.strip()))
    if len(symbols) > MAX_OWN_SYMBOLS:
        raise InvalidPreferences(
            f"These are {len(symbols)} stocks; a digest has room for {MAX_OWN_SYMBOLS}."
        )
    return symbols


def _symbol_of(deps: Dependencies, entry: str) -> str:
    quoted = entry.strip()[:LONGEST_QUOTED]
    try:
        instrument = deps.directory.find_instrument(parse_symbol(entry))
    except InvalidSymbol:
        instrument = None
    if instrument is not None:
        return instrument.symbol
    matches = deps.directory.search(entry.strip(), limit=3) if quoted.isprintable() else ()
    exact = [match.instrument.symbol for match in matches if match.exact]
    if len(exact) == 1:
        return exact[0]
    raise InvalidPreferences(
        f"No stock “{quoted}” is known.",
        suggestions=tuple(match.instrument.symbol for match in matches),
    )
