"""Prices as the use cases see them: what is stored at once, the feed only for what is missing.

Three layers answer in turn: memory, the database, the feed. A question to the feed is shared by
all who wait for it; what was known is given at once while it is asked again in the background;
after a failure the symbol is left alone for a while, so that pages do not wait for it again.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from oracle.domain.errors import DatabaseUnavailable, FeedError, FeedUnavailable
from oracle.domain.instruments import Provider
from oracle.domain.prices import MarketState
from oracle.domain.validation import check_quote
from oracle.observability import measurements
from oracle.ports import StoredHistory
from oracle.services.accept_prices import accept_bars, believe_quote, last_close
from oracle.services.background import SingleFlight
from oracle.services.price_memory import PriceMemory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.domain.instruments import Instrument
    from oracle.domain.prices import PriceHistory, Quote
    from oracle.ports import Clock, PriceFeed, Store, TradingCalendar

HISTORY_YEARS = 6
"""How far back stored bars are read: the five years of the charts, and room for holidays."""

SETTLE_DELAY = timedelta(minutes=15)
"""A live feed's bar of the day counts as the close only this long after it: auctions print late."""

HEAL_DELAY = timedelta(hours=3)
"""Bars fetched within this time of the close are asked for once more, so that bad ones heal."""

RETRY_SECONDS = 60.0
"""How long a symbol is left alone after the feed failed for it."""

OPEN_QUOTE_SECONDS = 60.0
CLOSED_QUOTE_AGE = timedelta(minutes=10)
PARALLEL_FETCHES = 8

PARALLEL_UNITS = 4
"""Histories read or stored at a time: a whole pool at once would use up all connections, and on a
slow machine some of them would wait for one until their deadline."""


class MarketData:
    """The process's view of prices; one per process, used by every use case."""

    def __init__(
        self,
        *,
        clock: Clock,
        calendar: TradingCalendar,
        feed: PriceFeed,
        store: Store,
        retry_seconds: float = RETRY_SECONDS,
        quote_seconds: float = OPEN_QUOTE_SECONDS,
    ) -> None:
        self._clock = clock
        self._calendar = calendar
        self._feed = feed
        self._is_sample = feed.source.provider is Provider.SAMPLE
        self._store = store
        self._memory = PriceMemory(retry_seconds)
        self._open_quote_age = timedelta(seconds=quote_seconds)
        self._fetches: SingleFlight[str, StoredHistory] = SingleFlight("fetch_history")
        self._quote_fetches: SingleFlight[str, Quote] = SingleFlight("fetch_quote")
        self._places = asyncio.Semaphore(PARALLEL_FETCHES)
        self._units = asyncio.Semaphore(PARALLEL_UNITS)

    async def finish_background(self) -> None:
        """Wait for the requests that nobody waits for."""
        await asyncio.gather(self._fetches.finish(), self._quote_fetches.finish())

    async def aclose(self) -> None:
        """Stop what runs in the background."""
        await asyncio.gather(self._fetches.aclose(), self._quote_fetches.aclose())

    @property
    def settle_delay(self) -> timedelta:
        """How long after its close a session's bar counts as final."""
        return timedelta() if self._is_sample else SETTLE_DELAY

    def usable_session(self) -> date:
        """Return the newest session whose close has settled: the one to forecast from."""
        return self._calendar.last_closed_session(self._clock.now() - self.settle_delay)

    def delivered_instrument(self, symbol: str) -> Instrument | None:
        """Return how the feed itself named the symbol in this process, or None."""
        return self._memory.instruments.find(symbol)

    async def list_histories(
        self, symbols: Sequence[str], *, through: date
    ) -> dict[str, StoredHistory | FeedError]:
        """Return each symbol's history, with the bar of `through` if it can be had at all.

        What cannot be had is the feed's error; an older history is given rather than an error. A
        session whose close has not settled cannot be had, and the feed is not asked for it.
        """
        through = min(through, self.usable_session())
        await self._read_stored(
            [symbol for symbol in symbols if not self._reaches(symbol, through)]
        )
        outcomes = await asyncio.gather(
            *(self._get_history(symbol, through) for symbol in symbols), return_exceptions=True
        )
        answers: dict[str, StoredHistory | FeedError] = {}
        for symbol, outcome in zip(symbols, outcomes, strict=True):
            if isinstance(outcome, StoredHistory | FeedError):
                answers[symbol] = outcome
            else:
                raise outcome
        return answers

    async def find_history(self, symbol: str) -> PriceHistory | None:
        """Return the bars that are known without asking the feed, or None."""
        return (await self.list_known([symbol])).get(symbol)

    async def list_known(self, symbols: Sequence[str]) -> dict[str, PriceHistory]:
        """Return the bars that are known of those symbols without asking the feed."""
        await self._read_stored([each for each in symbols if not self._memory.histories.find(each)])
        known = {symbol: self._memory.histories.find(symbol) for symbol in symbols}
        return {symbol: each.history for symbol, each in known.items() if each is not None}

    async def get_quote(self, symbol: str) -> Quote:
        """Return the last good price at once; a fresher one is fetched in the background.

        Waits for the feed only when no price is known at all. Raises FeedError.
        """
        quote = (await self.list_quotes([symbol])).get(symbol)
        if quote is None:
            measurements.observe_cache("quotes", "miss")
            failure = self._memory.failures.find(symbol)
            if failure is not None:
                raise failure
            return await self._quote_fetches.run(symbol, lambda: self._fetch_quote(symbol))
        if self._is_due(quote):
            measurements.observe_cache("quotes", "stale")
            if self._memory.failures.find(symbol) is None:
                self._quote_fetches.start(symbol, lambda: self._fetch_quote(symbol))
        else:
            measurements.observe_cache("quotes", "hit")
        return quote

    async def list_quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        """Return the last good prices that are known of those symbols; the feed is not asked."""
        await self._read_quotes([each for each in symbols if not self._memory.quotes.find(each)])
        known = {symbol: self._memory.quotes.find(symbol) for symbol in symbols}
        return {symbol: quote for symbol, quote in known.items() if quote is not None}

    async def refresh_stalest(self, symbols: Sequence[str]) -> None:
        """Ask the feed for the price of them that is oldest, if any is due. Raises FeedError."""
        known = await self.list_quotes(symbols)
        due = [
            quote
            for quote in known.values()
            if self._is_due(quote) and self._memory.failures.find(quote.symbol) is None
        ]
        if due:
            symbol = min(due, key=lambda quote: quote.fetched_at).symbol
            await self._quote_fetches.run(symbol, lambda: self._fetch_quote(symbol))

    async def _get_history(self, symbol: str, through: date) -> StoredHistory:
        stored = self._memory.histories.find(symbol)
        if stored is not None and _covers(stored, through):
            fresh = not self._wants_healing(stored)
            measurements.observe_cache("histories", "hit" if fresh else "stale")
            if not fresh and self._memory.failures.find(symbol) is None:
                self._fetches.start(symbol, lambda: self._fetch_history(symbol))
            return stored
        measurements.observe_cache("histories", "miss")
        failure = self._memory.failures.find(symbol)
        if failure is not None:
            if stored is not None:
                return stored
            raise failure
        try:
            return await self._fetches.run(symbol, lambda: self._fetch_history(symbol))
        except FeedError:
            if stored is not None:
                return stored
            raise

    async def _fetch_history(self, symbol: str) -> StoredHistory:
        if self._memory.histories.find(symbol) is None:
            # The older rows must be at hand, to be put on the scale of what is delivered.
            async with self._units:
                await self._read_stored([symbol])
        known = self._memory.histories.find(symbol)
        async with self._places:
            now = self._clock.now()
            try:
                fetched = await self._feed.fetch_history(symbol)
                accepted = accept_bars(
                    fetched,
                    stored=None if known is None else known.history,
                    calendar=self._calendar,
                    last_session=self.usable_session(),
                )
            except FeedError as error:
                self._memory.failures.note(symbol, error)
                raise
        quote = believe_quote(fetched.quote, accepted)
        async with self._units, self._store.begin() as unit:
            await unit.bars.upsert_history(self._feed.source, accepted, now)
            await unit.splits.upsert_splits(self._feed.source, symbol, fetched.splits)
            if quote is not None:
                await unit.quotes.upsert_quote(quote)
        self._memory.instruments.keep(symbol, fetched.instrument)
        if quote is not None:
            self._memory.quotes.keep(symbol, quote)
        fresh = StoredHistory(accepted, now)
        self._memory.histories.keep(symbol, fresh)
        if _covers(fresh, self.usable_session()):
            self._memory.failures.forget(symbol)
        else:
            late = FeedUnavailable(f"The feed has no close of {symbol} yet for the last session.")
            self._memory.failures.note(symbol, late)
        return fresh

    async def _fetch_quote(self, symbol: str) -> Quote:
        shared = (await self._read_quotes([symbol])).get(symbol)
        if shared is not None and not self._is_due(shared):
            # Another instance has asked just now; the feed is not asked the same twice.
            return shared
        async with self._places:
            try:
                quote = await self._feed.fetch_quote(symbol)
                known = self._memory.histories.find(symbol)
                check_quote(quote, None if known is None else last_close(known.history))
            except FeedError as error:
                self._memory.failures.note(symbol, error)
                raise
        async with self._store.begin() as unit:
            await unit.quotes.upsert_quote(quote)
        self._memory.quotes.keep(symbol, quote)
        return quote

    async def _read_stored(self, symbols: Sequence[str]) -> None:
        if not symbols:
            return
        since = self._clock.now().date() - timedelta(days=366 * HISTORY_YEARS)
        try:
            async with self._store.begin() as unit:
                stored = await unit.bars.list_histories(self._feed.source, symbols, since)
        except DatabaseUnavailable:
            # What memory holds is older than it should be, yet better than nothing at all.
            if all(self._memory.histories.find(symbol) for symbol in symbols):
                return
            raise
        for symbol, kept in stored.items():
            known = self._memory.histories.find(symbol)
            if known is None or kept.fetched_at > known.fetched_at:
                # A clock that was put back for a rehearsal must not see what lies ahead of it.
                past = kept.history.up_to(self.usable_session())
                self._memory.histories.keep(symbol, StoredHistory(past, kept.fetched_at))

    async def _read_quotes(self, symbols: Sequence[str]) -> dict[str, Quote]:
        if not symbols:
            return {}
        async with self._store.begin() as unit:
            stored = await unit.quotes.list_quotes(self._feed.source, symbols)
        now = self._clock.now()
        past = {symbol: quote for symbol, quote in stored.items() if quote.as_of <= now}
        for symbol, quote in past.items():
            self._memory.quotes.keep(symbol, quote)
        return past

    def _reaches(self, symbol: str, through: date) -> bool:
        stored = self._memory.histories.find(symbol)
        return stored is not None and _covers(stored, through)

    def _wants_healing(self, stored: StoredHistory) -> bool:
        if self._is_sample:
            return False
        settled = self._calendar.session_close(self.usable_session()) + HEAL_DELAY
        return stored.fetched_at < settled <= self._clock.now()

    def _is_due(self, quote: Quote) -> bool:
        if self._is_sample:
            return False
        now = self._clock.now()
        is_open = self._calendar.market_state(now) is MarketState.OPEN
        # A clock that was put back for a rehearsal finds prices that were fetched ahead of it.
        age = abs(now - quote.fetched_at)
        return age > (self._open_quote_age if is_open else CLOSED_QUOTE_AGE)


def _covers(stored: StoredHistory, through: date) -> bool:
    newest = stored.history.last_session
    return newest is not None and newest >= through
