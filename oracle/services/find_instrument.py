"""Use case: who a symbol is, from the local directory first and from the feed once."""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import timedelta
from typing import TYPE_CHECKING

from oracle.domain.errors import (
    SymbolNotInFeed,
    TooManyLookups,
    UnknownSymbol,
    UnsupportedInstrument,
)
from oracle.domain.instruments import Instrument, Source, parse_symbol
from oracle.ports import SymbolLookup

if TYPE_CHECKING:
    from oracle.services.dependencies import Dependencies

LOOKUP_LIFETIME = timedelta(days=1)
"""How long the feed's "no such symbol" is believed before it may be asked again."""

SUGGESTIONS = 3


class LookupBudget:
    """Limits how often the feed is asked for symbols nobody knows: each costs it many requests."""

    def __init__(self, count: int = 10, seconds: float = 60.0) -> None:
        self._count = count
        self._seconds = seconds
        self._spent: deque[float] = deque()

    def spend(self) -> None:
        """Take one look-up from the budget. Raises TooManyLookups when there is none left."""
        now = asyncio.get_running_loop().time()
        while self._spent and self._spent[0] <= now - self._seconds:
            self._spent.popleft()
        if len(self._spent) >= self._count:
            raise TooManyLookups("Too many unknown symbols were asked for just now.")
        self._spent.append(now)


async def find_instrument(deps: Dependencies, text: str) -> Instrument:
    """Return the instrument of that symbol.

    The feed is asked at most once a day for a symbol that the directory does not hold, and its
    prices are stored on the way; the sample market's directory holds all that it has. Raises
    InvalidSymbol, UnknownSymbol, UnsupportedInstrument, TooManyLookups and, when nobody knows the
    symbol and the feed cannot be asked, FeedError.
    """
    symbol = parse_symbol(text)
    known = deps.directory.find_instrument(symbol)
    if known is not None:
        return known
    if deps.feed.source is Source.SAMPLE:
        raise unknown_symbol(deps, symbol)
    async with deps.store.begin() as unit:
        lookup = await unit.lookups.find_lookup(deps.feed.source, symbol)
    if lookup is None or _expired(deps, lookup):
        lookup = await _ask_feed(deps, symbol)
    if lookup.instrument is not None:
        return lookup.instrument
    if lookup.reason:
        raise UnsupportedInstrument(lookup.reason)
    raise unknown_symbol(deps, symbol)


def unknown_symbol(deps: Dependencies, symbol: str) -> UnknownSymbol:
    """Return the error for a symbol without prices, with the nearest symbols there are."""
    matches = deps.directory.search(symbol, SUGGESTIONS + 1)
    symbols = [match.instrument.symbol for match in matches if match.instrument.symbol != symbol]
    reason = None
    if deps.feed.source is Source.SAMPLE:
        reason = f"{symbol} is not in the sample market, which has {len(deps.pool)} stocks only."
    return UnknownSymbol(symbol, symbols[:SUGGESTIONS], reason=reason)


def _expired(deps: Dependencies, lookup: SymbolLookup) -> bool:
    if lookup.instrument is not None:
        return False
    return deps.clock.now() - lookup.looked_up_at > LOOKUP_LIFETIME


async def _ask_feed(deps: Dependencies, symbol: str) -> SymbolLookup:
    deps.lookup_budget.spend()
    now = deps.clock.now()
    through = deps.market.usable_session()
    answer = (await deps.market.list_histories([symbol], through=through))[symbol]
    if isinstance(answer, SymbolNotInFeed):
        lookup = SymbolLookup(symbol, None, "", now)
    elif isinstance(answer, UnsupportedInstrument):
        lookup = SymbolLookup(symbol, None, str(answer), now)
    elif isinstance(answer, Exception):
        raise answer
    else:
        delivered = deps.market.delivered_instrument(symbol)
        # Another instance may have stored the prices; the name is then learned at the next fetch.
        nameless = Instrument(symbol, symbol, currency=answer.history.currency)
        lookup = SymbolLookup(symbol, delivered or nameless, "", now)
    async with deps.store.begin() as unit:
        await unit.lookups.upsert_lookup(deps.feed.source, lookup)
    return lookup
