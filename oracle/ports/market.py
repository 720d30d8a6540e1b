"""What is asked of the market: its time, its sessions, its prices, its symbols."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from oracle.domain.instruments import Instrument, Match, Source
    from oracle.domain.prices import MarketState, PriceHistory, Quote, Split


class Clock(Protocol):
    """The market's time: the wall clock, or wherever a rehearsal or the sample market stands."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
        ...

    def at(self, moment: datetime) -> datetime:
        """Return what this clock shows at that moment of the real world, aware, in UTC.

        So that several processes, who trust the database's clock rather than their own, agree on
        the market's time.
        """
        ...


class TradingCalendar(Protocol):
    """The sessions of the exchange (XNYS). Sessions are plain dates, instants are aware UTC.

    Every method raises `InvalidInput` for dates beyond the calendar's explicit range.
    """

    def is_session(self, day: date) -> bool:
        """Return whether the exchange trades on that day."""
        ...

    def session_open(self, session: date) -> datetime:
        """Return when that session opens."""
        ...

    def session_close(self, session: date) -> datetime:
        """Return when that session closes; early closes included."""
        ...

    def last_closed_session(self, now: datetime) -> date:
        """Return the newest session whose close is at or before `now`."""
        ...

    def next_session(self, session: date) -> date:
        """Return the first session after that day."""
        ...

    def previous_session(self, session: date) -> date:
        """Return the last session before that day."""
        ...

    def sessions_between(self, first: date, last: date) -> Sequence[date]:
        """Return the sessions from `first` to `last`, both included."""
        ...

    def market_state(self, now: datetime) -> MarketState:
        """Return what the exchange does: open, closed, pre-market (from 04:00) or after-hours."""
        ...

    def next_open(self, now: datetime) -> datetime:
        """Return the first opening after `now`."""
        ...


@dataclass(frozen=True, slots=True)
class FetchedHistory:
    """One answer of the feed: bars as delivered (not yet validated), latest price, who it is.

    The bars are adjusted for the `splits` that the feed reports among them.
    """

    history: PriceHistory
    quote: Quote | None
    instrument: Instrument
    splits: tuple[Split, ...] = ()


class PriceFeed(Protocol):
    """A source of prices. Every call has a deadline of its own and never blocks the event loop.

    Raises FeedUnavailable, FeedRateLimited, FeedRejected, SymbolNotInFeed, UnsupportedInstrument.
    """

    @property
    def source(self) -> Source:
        """Where the prices come from."""
        ...

    @property
    def is_paused(self) -> bool:
        """Whether the source is left alone for a while, because it refused or kept failing."""
        ...

    async def probe(self) -> None:
        """Return once the feed has answered anything; raise FeedUnavailable otherwise."""
        ...

    async def fetch_history(self, symbol: str) -> FetchedHistory:
        """Return about five years of daily bars, which may end in a partial bar of today."""
        ...

    async def fetch_quote(self, symbol: str) -> Quote:
        """Return the latest price."""
        ...

    async def search(self, query: str, limit: int) -> Sequence[Instrument]:
        """Return instruments whose name or symbol matches, best first."""
        ...

    async def aclose(self) -> None:
        """Release threads and connections."""
        ...


class SymbolDirectory(Protocol):
    """The instruments known locally; no call leaves the process."""

    def find_instrument(self, symbol: str) -> Instrument | None:
        """Return the instrument of exactly that symbol (or a former symbol, such as FB)."""
        ...

    def search(self, query: str, limit: int = 8) -> Sequence[Match]:
        """Return matches by name, symbol or alias, tolerant of typing errors, best first."""
        ...
