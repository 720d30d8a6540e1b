"""A market whose every answer a test decides: the feed, the clock, and the store in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from oracle.adapters.calendar import XnysCalendar
from oracle.adapters.directory import LocalDirectory
from oracle.adapters.images.folder import FolderImages
from oracle.adapters.images.inspection import PillowInspector
from oracle.adapters.mail.renderer import MAIL_TEMPLATES, TemplateMailRenderer
from oracle.adapters.sql.leader_lock_sqlite import SqliteLeaderLock
from oracle.adapters.tokens import SignedTokens
from oracle.domain.errors import SymbolNotInFeed
from oracle.domain.instruments import Instrument, Source
from oracle.domain.prices import MarketState, PriceHistory, Quote
from oracle.ports import FetchedHistory, SendingQuota
from oracle.services.dependencies import Dependencies
from oracle.services.market_data import MarketData
from oracle.settings import load_settings

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Sequence

    from oracle.adapters.sql.store import SqlStore
    from oracle.domain.errors import FeedError
    from oracle.domain.mail import Mail
    from oracle.domain.prices import Split

CALENDAR = XnysCalendar(end=date(2024, 12, 31), start=date(2018, 1, 1))
DIRECTORY = LocalDirectory()
RENDERER = TemplateMailRenderer(MAIL_TEMPLATES)
EVENING = datetime(2023, 6, 14, 22, 0, tzinfo=UTC)
"""A Wednesday, two hours after the close: forecasts are made from this day for Thursday."""


class MovingClock:
    """A clock that stands until the test moves it."""

    def __init__(self, moment: datetime = EVENING) -> None:
        self.moment = moment

    def now(self) -> datetime:
        """Return where the test has put it."""
        return self.moment

    def at(self, moment: datetime) -> datetime:
        """Return where the test has put it, whenever that is."""
        del moment
        return self.moment


@dataclass
class ScriptedFeed:
    """Simulated prices up to the clock, with faults that a test switches on by symbol."""

    clock: MovingClock
    symbols: tuple[str, ...]
    source: Source = Source.YAHOO
    failures: dict[str, FeedError] = field(default_factory=dict)
    outage: FeedError | None = None
    lengths: dict[str, int] = field(default_factory=dict)
    last_delivered: date | None = None
    gate: asyncio.Event | None = None
    arrived: asyncio.Event | None = None
    asked: list[str] = field(default_factory=list)
    factor: float = 1.0
    spoiled: float = 1.0
    changes: dict[str, Callable[[PriceHistory], PriceHistory]] = field(default_factory=dict)
    splits: dict[str, tuple[Split, ...]] = field(default_factory=dict)
    is_paused: bool = False

    async def probe(self) -> None:
        """Answer."""

    async def fetch_history(self, symbol: str) -> FetchedHistory:
        """Return the simulated bars of the symbol, or the fault that was scripted."""
        await self._answer_when_let(symbol)
        self._fail(symbol)
        history = self.history(symbol)
        return FetchedHistory(
            history,
            self.quote(symbol),
            Instrument(symbol, f"{symbol} Inc.", "NYSE"),
            self.splits.get(symbol, ()),
        )

    async def fetch_quote(self, symbol: str) -> Quote:
        """Return the newest simulated close as the price, or the fault that was scripted."""
        await self._answer_when_let(f"quote:{symbol}")
        self._fail(symbol)
        return self.quote(symbol)

    async def search(self, query: str, limit: int) -> Sequence[Instrument]:
        """Return what is named like the query; the directory answers the site's searches."""
        await self._answer_when_let(f"search:{query}")
        self._fail(self.symbols[0])
        found = [symbol for symbol in self.symbols if query.upper() in symbol]
        return [Instrument(symbol, f"{symbol} Inc.", "NYSE") for symbol in found[:limit]]

    async def aclose(self) -> None:
        """Release nothing."""

    def history(self, symbol: str) -> PriceHistory:
        """Return the same random walk for the same symbol, up to the clock."""
        last = self.last_delivered or CALENDAR.last_closed_session(self.clock.now())
        sessions = np.array(CALENDAR.sessions_between(date(2018, 1, 2), last), "datetime64[D]")
        generator = np.random.default_rng(sum(map(ord, symbol)))
        steps = generator.normal(0.0003, 0.015, 1_800)[: len(sessions)]
        closes = 100.0 * self.factor * np.exp(np.cumsum(steps))
        closes[-1] *= self.spoiled
        nothing = np.full(len(sessions), np.nan)
        history = PriceHistory(
            symbol, "USD", sessions, nothing, nothing, nothing, closes, closes, nothing
        )
        history = history.latest(self.lengths.get(symbol, len(history)))
        change = self.changes.get(symbol)
        return history if change is None else change(history)

    def quote(self, symbol: str) -> Quote:
        """Return the newest close as the price, made at that close."""
        history = self.history(symbol)
        session = history.last_session
        assert session is not None
        return Quote(
            symbol,
            float(history.close[-1]),
            "USD",
            CALENDAR.session_close(session),
            MarketState.CLOSED,
            self.source,
            self.clock.now(),
        )

    async def _answer_when_let(self, question: str) -> None:
        self.asked.append(question)
        if self.arrived is not None:
            self.arrived.set()
        if self.gate is not None:
            await self.gate.wait()

    def _fail(self, symbol: str) -> None:
        if self.outage is not None:
            raise self.outage
        if symbol in self.failures:
            raise self.failures[symbol]
        if symbol not in self.symbols:
            raise SymbolNotInFeed(f"The feed knows no prices of {symbol}.")


@dataclass
class RememberingMailer:
    """Accepts every mail and keeps it, or raises what a test has put into `failures`, in turn."""

    name: str = "remembering"
    reaches_people: bool = True
    reports_events: bool = False
    probe_recipient: str | None = None
    sent: list[Mail] = field(default_factory=list)
    failures: list[Exception] = field(default_factory=list)
    calls: int = 0
    quota: SendingQuota = field(default_factory=lambda: SendingQuota(rate=None, remaining=None))

    async def send(self, mail: Mail) -> str:
        """Accept the mail under its Message-ID, or fail as is planned."""
        self.calls += 1
        if self.failures:
            raise self.failures.pop(0)
        self.sent.append(mail)
        return mail.message_id

    async def find_accepted(self, mail: Mail) -> str | None:
        """Say whether that mail was accepted."""
        return next((each.message_id for each in self.sent if each == mail), None)

    async def get_quota(self) -> SendingQuota:
        """Allow what the test allows."""
        return self.quota

    async def aclose(self) -> None:
        """Release nothing."""


@dataclass
class ScriptedMarket:
    """The dependencies of the services with their scripted parts within reach."""

    clock: MovingClock
    feed: ScriptedFeed
    store: SqlStore
    deps: Dependencies

    def restart(self) -> ScriptedMarket:
        """Return the same market as another process sees it: same store, empty memory."""
        return build_market(self.clock, self.feed, self.store)

    def advance(self, **time: float) -> None:
        """Move the clock on."""
        self.clock.moment += timedelta(**time)


def build_market(
    clock: MovingClock, feed: ScriptedFeed, store: SqlStore, *, retry_seconds: float = 60.0
) -> ScriptedMarket:
    """Return a process over that feed and that store."""
    settings = load_settings()
    deps = Dependencies(
        settings=settings,
        clock=clock,
        calendar=CALENDAR,
        directory=DIRECTORY,
        feed=feed,
        store=store,
        market=MarketData(
            clock=clock, calendar=CALENDAR, feed=feed, store=store, retry_seconds=retry_seconds
        ),
        pool=settings.pool,
        images=FolderImages(settings.image_folder),
        image_inspector=PillowInspector(),
        mailer=RememberingMailer(),
        mail_renderer=RENDERER,
        mail_events=None,
        leader_lock=SqliteLeaderLock(store, holder="one", lease=timedelta(seconds=15)),
        instance="one",
        tokens=SignedTokens("k" * 32),
        has_shared_key=True,
    )
    return ScriptedMarket(clock, feed, store, deps)
