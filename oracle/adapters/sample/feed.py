"""A price feed that needs no network: the sample market up to where its clock stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oracle.adapters.sample.closes import load_closes
from oracle.domain.errors import FeedUnavailable, SymbolNotInFeed
from oracle.domain.instruments import Instrument, Source
from oracle.domain.prices import PriceHistory, Quote
from oracle.ports import FetchedHistory

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.domain.prices import FloatArray
    from oracle.ports import Clock, TradingCalendar

HISTORY_SESSIONS = 1300
"""About five years of sessions: as many bars as the live feed is asked for."""

CURRENCY = "USD"

COMPANIES = {
    "AAPL": ("Apple Inc.", "NASDAQ"),
    "AMD": ("Advanced Micro Devices", "NASDAQ"),
    "BAC": ("Bank of America", "NYSE"),
    "BBY": ("Best Buy", "NYSE"),
    "CVX": ("Chevron Corporation", "NYSE"),
    "GE": ("General Electric", "NYSE"),
    "HD": ("Home Depot", "NYSE"),
    "JNJ": ("Johnson & Johnson", "NYSE"),
    "JPM": ("JPMorgan Chase", "NYSE"),
    "KO": ("The Coca-Cola Company", "NYSE"),
    "LLY": ("Eli Lilly and Company", "NYSE"),
    "MRK": ("Merck & Co.", "NYSE"),
    "MSFT": ("Microsoft", "NASDAQ"),
    "PEP": ("PepsiCo", "NASDAQ"),
    "PFE": ("Pfizer", "NYSE"),
    "PG": ("Procter & Gamble", "NYSE"),
    "RRC": ("Range Resources", "NYSE"),
    "UNH": ("UnitedHealth Group", "NYSE"),
    "WMT": ("Walmart", "NYSE"),
    "XOM": ("ExxonMobil", "NYSE"),
}
"""Name and exchange of every stock of the sample market, as they were at its end."""


class SampleFeed:
    """The sample market as `clock` and `calendar` show it: no session before it has closed.

    Only adjusted closes are known. They stand in for the closes as well; open, high, low and
    volume are NaN. A clock later than the last session sees all of them, and nothing newer.
    """

    def __init__(self, clock: Clock, calendar: TradingCalendar) -> None:
        self._clock = clock
        self._calendar = calendar
        self._market = load_closes()

    @property
    def source(self) -> Source:
        """The sample market; its rows never meet those of a live feed."""
        return Source.SAMPLE

    @property
    def is_paused(self) -> bool:
        """Never: files do not refuse."""
        return False

    @property
    def universe(self) -> tuple[str, ...]:
        """The symbols of the sample market, in alphabetical order."""
        return self._market.symbols

    async def probe(self) -> None:
        """Return when the clock stands where there are prices; raise FeedUnavailable otherwise."""
        self._visible_rows()

    async def fetch_history(self, symbol: str) -> FetchedHistory:
        """Return the newest 1,300 bars that had closed by the clock, and the last as a quote.

        Raises SymbolNotInFeed, and FeedUnavailable when the clock stands before the first close.
        """
        closes = self._closes_of(symbol)
        shown = slice(max(0, len(closes) - HISTORY_SESSIONS), len(closes))
        close = closes[shown]
        absent = np.full(close.shape, np.nan)
        absent.setflags(write=False)
        history = PriceHistory(
            symbol=symbol,
            currency=CURRENCY,
            sessions=self._market.sessions[shown],
            open=absent,
            high=absent,
            low=absent,
            close=close,
            adj_close=close,
            volume=absent,
        )
        return FetchedHistory(history, await self.fetch_quote(symbol), _instrument(symbol))

    async def fetch_quote(self, symbol: str) -> Quote:
        """Return the last close before the clock, at the moment it was made.

        Raises SymbolNotInFeed, and FeedUnavailable when the clock stands before the first close.
        """
        closes = self._closes_of(symbol)
        session: date = self._market.sessions[len(closes) - 1].item()
        now = self._clock.now()
        return Quote(
            symbol=symbol,
            price=float(closes[-1]),
            currency=CURRENCY,
            as_of=self._calendar.session_close(session),
            market_state=self._calendar.market_state(now),
            source=Source.SAMPLE,
            fetched_at=now,
        )

    async def search(self, query: str, limit: int) -> Sequence[Instrument]:
        """Return the stocks whose symbol begins with the query or whose name holds it."""
        wanted = query.strip().casefold()
        by_symbol = [one for one in self.universe if one.casefold().startswith(wanted)]
        by_name = [
            one
            for one in self.universe
            if wanted in COMPANIES[one][0].casefold() and one not in by_symbol
        ]
        return tuple(_instrument(symbol) for symbol in (*by_symbol, *by_name)[:limit] if wanted)

    async def aclose(self) -> None:
        """Do nothing: the sample market holds neither threads nor connections."""

    def _closes_of(self, symbol: str) -> FloatArray:
        if symbol not in self.universe:
            raise SymbolNotInFeed(
                f"The sample market has no prices of {symbol}; it has only "
                f"{', '.join(self.universe[:-1])} and {self.universe[-1]}.",
                hint="Choose one of those, or start Oracle with a live market feed.",
            )
        return self._market.closes[: self._visible_rows(), self.universe.index(symbol)]

    def _visible_rows(self) -> int:
        """Return how many of the rows, at least one, belong to sessions that have closed."""
        now = self._clock.now()
        first: date = self._market.sessions[0].item()
        if now < self._calendar.session_close(first):
            raise FeedUnavailable(
                f"The sample market has no prices before the close of {first}, and its clock "
                f"stands at {now:%Y-%m-%d %H:%M} UTC.",
                hint="Set ORACLE_NOW to a later moment, or leave it unset.",
            )
        newest = np.datetime64(self._calendar.last_closed_session(now), "D")
        return int(np.searchsorted(self._market.sessions, newest, "right"))


def _instrument(symbol: str) -> Instrument:
    name, exchange = COMPANIES[symbol]
    return Instrument(symbol, name, exchange, CURRENCY)
