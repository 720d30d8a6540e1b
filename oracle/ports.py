"""What the services ask of the outside world, as protocols that adapters fulfil."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractAsyncContextManager
    from datetime import date, datetime

    from oracle.domain.forecasts import FrozenFit, Origin, Prediction
    from oracle.domain.instruments import Instrument, Match, Source
    from oracle.domain.prices import MarketState, PriceHistory, Quote, Split
    from oracle.domain.rankings import Ranking


class Clock(Protocol):
    """The market's time: the wall clock, or wherever a rehearsal or the sample market stands."""

    def now(self) -> datetime:
        """Return the current time, aware, in UTC."""
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


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """Validated bars as stored, and when the feed was last asked for them (UTC)."""

    history: PriceHistory
    fetched_at: datetime


@dataclass(frozen=True, slots=True)
class SymbolLookup:
    """What the feed said when it was asked for a symbol that the directory does not hold.

    `instrument` is None when the feed does not know the symbol or it is not supported;
    `reason` then says which.
    """

    symbol: str
    instrument: Instrument | None
    reason: str
    looked_up_at: datetime


class BarRepository(Protocol):
    """Validated daily bars by source, symbol and session."""

    async def find_history(self, source: Source, symbol: str, since: date) -> StoredHistory | None:
        """Return the stored bars from `since` on, or None when the symbol was never stored."""
        ...

    async def list_histories(
        self, source: Source, symbols: Sequence[str], since: date
    ) -> dict[str, StoredHistory]:
        """Return the stored histories of those of the symbols that have any."""
        ...

    async def upsert_history(
        self, source: Source, history: PriceHistory, fetched_at: datetime
    ) -> int:
        """Insert new bars, heal changed ones, note the fetch; return how many rows changed."""
        ...


class QuoteRepository(Protocol):
    """The last good price of each symbol."""

    async def list_quotes(self, source: Source, symbols: Sequence[str]) -> dict[str, Quote]:
        """Return the stored quotes of those of the symbols that have one."""
        ...

    async def upsert_quote(self, quote: Quote) -> None:
        """Store the quote unless a newer one (by `as_of`, then `fetched_at`) is there."""
        ...


class SymbolLookupRepository(Protocol):
    """Answers of the feed about symbols that the directory does not hold."""

    async def find_lookup(self, source: Source, symbol: str) -> SymbolLookup | None:
        """Return the last answer about that symbol, or None."""
        ...

    async def upsert_lookup(self, source: Source, lookup: SymbolLookup) -> None:
        """Store the answer in place of an earlier one."""
        ...


class FitRepository(Protocol):
    """Fitted coefficients, one frozen set per session, pool and model version."""

    async def find_fit(
        self, source: Source, as_of: date, pool_version: str, model_version: str
    ) -> FrozenFit | None:
        """Return the frozen fit, or None."""
        ...

    async def add_fit(self, fit: FrozenFit) -> FrozenFit:
        """Store the fit unless one is there; return the one that is stored: the first wins."""
        ...


class PredictionRepository(Protocol):
    """Predictions, immutable; unique per source, symbol, as_of, model version and origin."""

    async def list_predictions(
        self,
        source: Source,
        symbols: Sequence[str],
        as_of: date,
        model_version: str,
        origin: Origin,
    ) -> dict[str, Prediction]:
        """Return the stored predictions of that session by symbol."""
        ...

    async def find_latest_prediction(
        self, source: Source, symbol: str, origin: Origin, *, through: date
    ) -> Prediction | None:
        """Return the symbol's newest prediction by `as_of` up to `through`, or None."""
        ...

    async def add_predictions(self, predictions: Sequence[Prediction]) -> dict[str, Prediction]:
        """Store those not yet there and return, by symbol, what is stored: the first write wins."""
        ...


class RankingRepository(Protocol):
    """Rankings with their items, immutable; unique per fingerprint."""

    async def find_latest_ranking(
        self, source: Source, selection: str, model_version: str, *, through: date
    ) -> Ranking | None:
        """Return the selection's newest ranking by `as_of` up to `through`, then by time."""
        ...

    async def add_ranking(self, ranking: Ranking) -> Ranking:
        """Store the ranking (its predictions are stored already); the first write wins."""
        ...


class UnitOfWork(Protocol):
    """Repositories that share one transaction."""

    @property
    def bars(self) -> BarRepository:
        """The daily bars."""
        ...

    @property
    def quotes(self) -> QuoteRepository:
        """The last good prices."""
        ...

    @property
    def lookups(self) -> SymbolLookupRepository:
        """The feed's answers about symbols the directory lacks."""
        ...

    @property
    def fits(self) -> FitRepository:
        """The frozen fits."""
        ...

    @property
    def predictions(self) -> PredictionRepository:
        """The stored predictions."""
        ...

    @property
    def rankings(self) -> RankingRepository:
        """The stored rankings."""
        ...


class Store(Protocol):
    """The database, entered one short transaction at a time.

    Leaving a unit normally commits, leaving by an error rolls back. Raises DatabaseUnavailable
    when the database cannot be reached or the unit exceeds its deadline.
    """

    def begin(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """Open a transaction with the configured deadline."""
        ...

    async def ping(self) -> None:
        """Return once the database has answered a trivial query."""
        ...

    async def aclose(self) -> None:
        """Close all connections."""
        ...
