"""A made-up market for the server in Yahoo's place: deterministic, and none of Yahoo's numbers."""

from __future__ import annotations

import threading
import zlib
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

from oracle.adapters.calendar import calendar_around

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from oracle.adapters.calendar import XnysCalendar
    from oracle.domain.prices import FloatArray, SessionArray

YEARS = 6
EPOCH = date(2015, 1, 2)
"""Where every simulated path begins, so that a price does not depend on where the clock stands."""

DAILY_SCALE = 0.015
MARKET_SHARE = 0.6
DIVIDEND = 0.004
DIVIDEND_SESSIONS = 63
LISTED_SESSIONS_OF_THE_YOUNG = 30


@dataclass(frozen=True, slots=True)
class Listing:
    """What Yahoo says of an instrument, and the closes that were set for it, if any.

    `closes` are by session and may miss some; None has them simulated. `young` instruments were
    listed thirty sessions ago; `splits` hold the ratio by the session from which it counts.
    """

    symbol: str
    name: str
    start: float = 100.0
    exchange: str = "NYQ"
    place: str = "NYSE"
    kind: str = "EQUITY"
    currency: str | None = "USD"
    young: bool = False
    closes: Mapping[date, float] | None = None
    splits: Mapping[date, float] = field(default_factory=dict)


def on_nasdaq(symbol: str, name: str, start: float) -> Listing:
    """Return a listing of the other large exchange."""
    return Listing(symbol, name, start, "NMS", "NasdaqGS")


POOL = (
    on_nasdaq("AAPL", "Apple Inc.", 28.0),
    on_nasdaq("AMD", "Advanced Micro Devices, Inc.", 12.0),
    Listing("BAC", "Bank of America Corporation", 17.0),
    Listing("BBY", "Best Buy Co., Inc.", 38.0),
    Listing("CVX", "Chevron Corporation", 110.0),
    Listing("GE", "General Electric Company", 120.0),
    Listing("HD", "The Home Depot, Inc.", 103.0),
    Listing("JNJ", "Johnson & Johnson", 104.0),
    Listing("JPM", "JPMorgan Chase & Co.", 62.0),
    Listing("KO", "The Coca-Cola Company", 42.0),
    Listing("LLY", "Eli Lilly and Company", 69.0),
    Listing("MRK", "Merck & Co., Inc.", 55.0),
    on_nasdaq("MSFT", "Microsoft Corporation", 46.0),
    on_nasdaq("PEP", "PepsiCo, Inc.", 94.0),
    Listing("PFE", "Pfizer Inc.", 29.0),
    Listing("PG", "The Procter & Gamble Company", 90.0),
    Listing("RRC", "Range Resources Corporation", 53.0),
    Listing("UNH", "UnitedHealth Group Incorporated", 101.0),
    Listing("WMT", "Walmart Inc.", 28.0),
    Listing("XOM", "Exxon Mobil Corporation", 92.0),
)

ODDITIES = (
    Listing("NEWCO", "Newly Listed Company", 20.0, young=True),
    Listing("SPY", "SPDR S&P 500 ETF Trust", 205.0, "PCX", "NYSEArca", "ETF"),
    Listing("SIE.DE", "Siemens Aktiengesellschaft", 94.0, "GER", "XETRA", currency="EUR"),
    Listing("FOREIGN", "Listed Here, Priced Elsewhere", 50.0, currency="CAD"),
    Listing("NSRGY", "Nestle S.A.", 73.0, "PNK", "OTC Markets OTCPK"),
    Listing("^GSPC", "S&P 500", 2058.0, "SNP", "SNP", "INDEX"),
    Listing("BTC-USD", "Bitcoin USD", 315.0, "CCC", "CCC", "CRYPTOCURRENCY"),
    Listing("WARRNT", "Company of a Lapsed Warrant", 1.0, "NCM", "NasdaqCM", currency=None),
)

DELISTED = "GONE"


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Daily rows [T] of a listing up to the clock; the last may be of a running session."""

    sessions: SessionArray
    opens_at: tuple[int, ...]
    open: FloatArray
    high: FloatArray
    low: FloatArray
    close: FloatArray
    adj_close: FloatArray
    volume: FloatArray
    dividends: Mapping[int, float]
    splits: Mapping[int, float]


class Market:
    """Listings with their bars as of any moment."""

    def __init__(self, listings: Sequence[Listing] = (*POOL, *ODDITIES)) -> None:
        self.listings = {listing.symbol: listing for listing in listings}
        self._calendars: dict[int, XnysCalendar] = {}
        self._bars: dict[tuple[str, datetime], Bars] = {}
        self._lock = threading.Lock()

    def calendar(self, now: datetime) -> XnysCalendar:
        """Return the exchange's calendar around the moment, made once for all threads."""
        with self._lock:
            if now.year not in self._calendars:
                self._calendars[now.year] = calendar_around(now)
            return self._calendars[now.year]

    def bars(self, listing: Listing, now: datetime) -> Bars:
        """Return the listing's rows of six years, the one of a running session half made."""
        made = self._bars.get((listing.symbol, now))
        if made is None:
            made = self._bars[listing.symbol, now] = self._make_bars(listing, now)
        return made

    def _make_bars(self, listing: Listing, now: datetime) -> Bars:
        calendar = self.calendar(now)
        sessions = [
            session
            for session in calendar.sessions_between(EPOCH, now.date())
            if calendar.session_open(session) <= now
        ]
        closes = _closes(listing, sessions)
        if calendar.session_close(sessions[-1]) > now:
            closes[-1] = np.sqrt(closes[-2] * closes[-1])
        first = now.date() - timedelta(days=366 * YEARS)
        keep = np.array([session >= first for session in sessions]) & np.isfinite(closes)
        if listing.young:
            keep[:-LISTED_SESSIONS_OF_THE_YOUNG] = False
        kept = [session for session, wanted in zip(sessions, keep, strict=True) if wanted]
        opens_at = tuple(int(calendar.session_open(session).timestamp()) for session in kept)
        return _around(listing, kept, opens_at, closes[keep])


def _closes(listing: Listing, sessions: Sequence[date]) -> FloatArray:
    if listing.closes is not None:
        return np.array([listing.closes.get(session, np.nan) for session in sessions])
    market = np.random.default_rng(1).standard_normal(len(sessions))
    own = np.random.default_rng(_seed(listing.symbol)).standard_normal(len(sessions))
    returns = DAILY_SCALE * (MARKET_SHARE * market + (1.0 - MARKET_SHARE) * own)
    return listing.start * np.exp(np.cumsum(returns + 0.0002))


def _around(
    listing: Listing, sessions: list[date], opens_at: tuple[int, ...], close: FloatArray
) -> Bars:
    """Return whole bars around the closes, adjusted for splits and, apart, for dividends."""
    days = np.array(sessions, dtype="datetime64[D]")
    splits = {
        opens_at[sessions.index(session)]: ratio
        for session, ratio in listing.splits.items()
        if session in sessions
    }
    for session, ratio in listing.splits.items():
        close = np.where(days < np.datetime64(session, "D"), close / ratio, close)
    noise = np.random.default_rng(_seed(listing.symbol) + 1).uniform(0.0, 0.01, (3, 4000))
    spread = noise[:, days.astype(np.int64) % noise.shape[1]]
    opening = close * (1.0 + spread[0] - 0.005)
    paying = np.flatnonzero(days.astype(np.int64) % (7 * DIVIDEND_SESSIONS // 5) == 0)
    adjustment = np.ones(len(close))
    for row in paying:
        adjustment[:row] *= 1.0 - DIVIDEND
    return Bars(
        sessions=days,
        opens_at=opens_at,
        open=opening,
        high=np.maximum(opening, close) * (1.0 + spread[1]),
        low=np.minimum(opening, close) * (1.0 - spread[2]),
        close=close,
        adj_close=close * adjustment,
        volume=np.round(1e6 * (1.0 + 50.0 * spread[1])),
        dividends={opens_at[row]: float(close[row] * DIVIDEND) for row in paying},
        splits=splits,
    )


def _seed(symbol: str) -> int:
    return zlib.crc32(symbol.encode())
