"""Scenes of the market for the website's tests: what each service would say."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from math import exp
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from oracle.domain.addresses import parse_address
from oracle.domain.errors import InvalidSelection, InvalidToken, UnknownDigest, UnknownSymbol
from oracle.domain.forecasts import LEVELS, FrozenFit, Origin, Prediction
from oracle.domain.images import Image, ImagePage, fingerprint_of, require_image_key
from oracle.domain.instruments import Instrument, Match, Source, parse_query
from oracle.domain.outcomes import Move, Outcome, RecordState, SettledPrediction
from oracle.domain.prices import MarketState, PriceHistory, Quote
from oracle.domain.rankings import BestBuy, RankedStock, Ranking, UnavailableStock
from oracle.domain.track_record import (
    BestBuyScores,
    Coverage,
    Direction,
    Estimate,
    Scores,
    StockScores,
    TrackRecord,
    VersionRecord,
    Window,
)
from oracle.services.add_image import AddedImage
from oracle.services.check_health import Health
from oracle.services.list_past_predictions import PastPredictions
from oracle.services.predict_stock import StockReport
from oracle.services.read_live_prices import LivePrices
from oracle.services.read_market_status import MarketStatus
from oracle.services.read_service_status import ServiceStatus, StoredProgress
from oracle.services.search_symbols import SearchResult
from oracle.web.admin_cases import AdminCases
from oracle.web.design import examples
from oracle.web.subscription_cases import Subscriptions
from oracle.web.use_cases import UseCases

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterable, Sequence

    from oracle.digest.content import DigestContent
    from oracle.domain.images import ImageKey
    from oracle.domain.subscribers import Subscriber
    from oracle.services.read_digests import ArchivedDigest
    from oracle.services.subscriber_links import Holder, Purpose

Result = TypeVar("Result")
AS_OF = date(2022, 12, 28)
TARGET = date(2022, 12, 29)
TARGET_CLOSE = datetime(2022, 12, 29, 21, 0, tzinfo=UTC)
CLOSE = datetime(2022, 12, 28, 21, 0, tzinfo=UTC)
NOW = datetime(2022, 12, 28, 21, 30, tzinfo=UTC)
PICTURED = datetime(2022, 12, 1, 12, 0, 0, tzinfo=UTC)
PASSWORD = "correct horse battery"
SESSION = "a-session"
UPLOADED = require_image_key("hero.0123456789ab.webp")
APPLE = Instrument("AAPL", "Apple Inc.", "NASDAQ")
BERKSHIRE = Instrument("BRK-B", "Berkshire Hathaway Inc.", "NYSE")
META = Instrument("META", "Meta Platforms, Inc.", "NASDAQ", aliases=("Facebook",))
EXXON = Instrument("XOM", "ExxonMobil", "NYSE", aliases=("Exxon",))
INSTRUMENTS = (APPLE, BERKSHIRE, META, EXXON)


def market(source: Source = Source.YAHOO, state: MarketState = MarketState.CLOSED) -> MarketStatus:
    """Return the market half an hour after a close."""
    return MarketStatus(
        now=NOW,
        state=state,
        source=source,
        as_of=AS_OF,
        target=TARGET,
        next_open=datetime(2022, 12, 29, 14, 30, tzinfo=UTC),
        target_close=TARGET_CLOSE,
        next_forecast=TARGET_CLOSE + timedelta(minutes=15),
    )


def trading() -> MarketStatus:
    """Return the market while the session that was forecast is trading."""
    return replace(
        market(state=MarketState.OPEN),
        now=TARGET_CLOSE - timedelta(hours=2),
        next_open=datetime(2022, 12, 30, 14, 30, tzinfo=UTC),
    )


def closed() -> MarketStatus:
    """Return the market when the forecast session is over and its close has not settled yet."""
    return replace(
        market(state=MarketState.AFTER_HOURS),
        now=TARGET_CLOSE + timedelta(minutes=5),
        next_open=datetime(2022, 12, 30, 14, 30, tzinfo=UTC),
    )


def prediction(symbol: str = "AAPL", *, price: float = 125.0, rise: float = 0.004) -> Prediction:
    """Return a prediction whose quantiles lie evenly, two per cent to either side at 80 %."""
    return Prediction(
        symbol=symbol,
        source=Source.YAHOO,
        as_of=AS_OF,
        target=TARGET,
        current_price=price,
        currency="USD",
        point=price * (1 + rise),
        quantiles=tuple(price * exp(rise + 0.05 * (level - 0.5)) for level in LEVELS),
        model_version="test-1",
        fingerprint="f" * 64,
        origin=Origin.LIVE,
        created_at=NOW,
        reasons=("The market as a whole is expected to rise.",),
    )


def abstention(symbol: str = "AAPL") -> Prediction:
    """Return a prediction that declines to say."""
    return replace(
        prediction(symbol),
        point=None,
        quantiles=(),
        abstained=True,
        reasons=("Only 12 sessions of prices are known; 60 are needed.",),
    )


def history(closes: Sequence[float] = (), *, days: int = 300) -> PriceHistory:
    """Return daily bars with these closes, or with a gentle wave."""
    close = np.asarray(closes or 120 + 10 * np.sin(np.arange(days) / 20), dtype=np.float64)
    first = np.datetime64(AS_OF, "D") - (close.size - 1)
    return PriceHistory(
        symbol="AAPL",
        currency="USD",
        sessions=first + np.arange(close.size).astype("timedelta64[D]"),
        open=close,
        high=close,
        low=close,
        close=close,
        adj_close=close,
        volume=np.full(close.size, 1e6),
    )


def report(instrument: Instrument = APPLE, *, source: Source = Source.YAHOO) -> StockReport:
    """Return a report in which nothing is missing."""
    return StockReport(
        instrument=instrument,
        status=market(source),
        quote=Quote(instrument.symbol, 125.5, "USD", CLOSE, MarketState.CLOSED, source, CLOSE),
        quote_stale=False,
        prediction=replace(prediction(instrument.symbol), source=source),
        prediction_outdated=False,
        history=history(),
        notices=(),
    )


def ranking(*, best: bool = True, source: Source = Source.YAHOO, rise: float = 0.004) -> Ranking:
    """Return a ranking of two stocks, with a third that is not available."""
    stocks = tuple(
        RankedStock(rank, symbol, name, 0.2 / rank, prediction(symbol, rise=rise / rank))
        for rank, symbol, name in ((1, "AAPL", "Apple Inc."), (2, "KO", "Coca-Cola"))
    )
    return Ranking(
        source=source,
        selection="s" * 64,
        as_of=AS_OF,
        target=TARGET,
        model_version="test-1",
        best=BestBuy("AAPL", "Apple Inc.", "The most for its risk.") if best else None,
        stocks=stocks,
        unavailable=(UnavailableStock("JPM", "The feed gave no prices."),),
        fingerprint="r" * 64,
        created_at=NOW,
    )


def record(
    origin: Origin = Origin.LIVE,
    *,
    window: Window = Window.YEAR,
    symbol: str | None = None,
    source: Source = Source.YAHOO,
) -> TrackRecord:
    """Return a record of 60 sessions in which everything was measured."""
    even = Estimate(0.998, 0.99, 1.01)
    scores = Scores(
        n=600,
        sessions=60,
        first=date(2022, 10, 3),
        last=AS_OF,
        coverages=tuple(
            Coverage(level, Estimate(level - 0.004, level - 0.03, level + 0.02))
            for level in (0.5, 0.8, 0.95)
        ),
        mae_ratio=even,
        crps_gaussian_ratio=even,
        crps_empirical_ratio=None,
        direction=Direction(598, Estimate(0.51), Estimate(0.52), Estimate(-0.01)),
        revised=3,
        input_healed=0,
    )
    best_buys = BestBuyScores(
        sessions=60,
        picked=58,
        switches=31,
        cost=0.001,
        best_return=Estimate(-0.0002, -0.002, 0.001),
        all_return=Estimate(0.0004, -0.001, 0.002),
        edge=Estimate(-0.0006, -0.002, 0.001),
        best_value=98.5,
        all_value=102.4,
    )
    version = VersionRecord(
        model_version="test-1",
        scores=scores,
        best_buys=best_buys if symbol is None else None,
        stocks=(StockScores("AAPL", 60, 0.8, 1.001, None),),
        verdicts=("Ranges held: 79.6 % of closes fell into the 80 % range.",),
    )
    return TrackRecord(
        source=source,
        origin=origin,
        window=window,
        symbol=symbol,
        last_settled=AS_OF,
        pending=1,
        versions=(version,),
        verdicts=version.verdicts,
    )


def empty_record(origin: Origin = Origin.LIVE) -> TrackRecord:
    """Return a record in which nothing is settled."""
    verdicts = ("Too few settled sessions to say (0 of at least 30).",)
    return replace(record(origin), last_settled=None, pending=0, versions=(), verdicts=verdicts)


def settled(symbol: str = "AAPL", *, target: date = TARGET) -> SettledPrediction:
    """Return a prediction with its outcome."""
    outcome = Outcome(
        actual=126.0,
        error=0.004,
        naive_error=0.008,
        crps=0.003,
        crps_gaussian=0.0031,
        crps_empirical=None,
        inside_50=True,
        inside_80=True,
        inside_95=True,
        predicted_move=Move.UP,
        actual_move=Move.UP,
        score=0.2,
        input_healed=False,
        settled_at=NOW,
    )
    return SettledPrediction(replace(prediction(symbol), target=target), outcome)


def frozen_fit() -> FrozenFit:
    """Return the coefficients of the newest session."""
    return FrozenFit(
        source=Source.YAHOO,
        as_of=AS_OF,
        pool_version="p" * 64,
        model_version="test-1",
        payload="{}",
        fingerprint="f" * 64,
        created_at=NOW,
    )


def service(source: Source = Source.YAHOO) -> ServiceStatus:
    """Return a service in which everything works."""
    return ServiceStatus(
        market=market(source),
        feed_paused=False,
        stored=StoredProgress(
            last_fetch=NOW, newest_close=AS_OF, fit=frozen_fit(), ranking=ranking(source=source)
        ),
    )


# Without a text of its own: the log of an error would write all prices once for each service.
@dataclass(slots=True, repr=False)
class Scene:
    """What the services say; a test changes single parts of it.

    An exception in the place of a result is raised; while `hurdle` is unset, forecasts wait.
    """

    reports: dict[str, StockReport | Exception] = field(
        default_factory=lambda: {each.symbol: report(each) for each in INSTRUMENTS}
    )
    ranked: Ranking | Exception = field(default_factory=ranking)
    status: MarketStatus | Exception = field(default_factory=market)
    health: Health = field(
        default_factory=lambda: Health(draining=False, database=True, source="yahoo")
    )
    service: ServiceStatus = field(default_factory=service)
    records: dict[Origin, TrackRecord | Exception] = field(
        default_factory=lambda: {origin: record(origin) for origin in Origin}
    )
    outcomes: list[SettledPrediction] = field(default_factory=lambda: [settled()])
    past: PastPredictions | Exception | None = field(
        default_factory=lambda: PastPredictions(Origin.LIVE, "test-1", (settled(target=AS_OF),))
    )
    digests: dict[date, ArchivedDigest] = field(
        default_factory=lambda: {AS_OF: examples.digest(settled=True)}
    )
    closes: PriceHistory | Exception = field(default_factory=history)
    pictures: dict[str, bytes] = field(default_factory=dict)
    upload: AddedImage | Exception = field(
        default_factory=lambda: AddedImage(UPLOADED, is_new=True)
    )
    listed: ImagePage = field(default_factory=lambda: ImagePage((), None))
    images_fail: Exception | None = None
    content_fails: Exception | None = None
    elsewhere: tuple[Instrument, ...] = ()
    hurdle: asyncio.Event | None = None
    past_hurdle: asyncio.Event | None = None
    asked: list[object] = field(default_factory=list)
    quotes: dict[str, Quote] = field(default_factory=dict)
    refreshed: list[tuple[str, ...]] = field(default_factory=list)
    drains: list[Callable[[], None]] = field(default_factory=list)

    def use_cases(self) -> UseCases:
        """Return the services of this scene."""
        return UseCases(
            predict=self._predict,
            rank=self._rank,
            search=self._search,
            search_everywhere=self._search_everywhere,
            market=self._market,
            instruments=self._instruments,
            sample_market=self._sample_market,
            is_ready=self._is_ready,
            health=self._health,
            image=self._image,
            image_content=self._image_content,
            status=self._service,
            track_record=self._track_record,
            record_state=self._record_state,
            settled=self._settled,
            histories=self._histories,
            past=self._past,
            picture=self._picture,
            live_prices=self._live_prices,
            refresh_prices=self._refresh_prices,
            on_drain=self.drains.append,
            digests=self._digests,
            digest=self._digest,
            admin=AdminCases(
                sign_in=self._sign_in,
                is_admin=self._is_admin,
                add_image=self._add_image,
                list_images=self._list_images,
            ),
            subscriptions=Subscriptions(
                subscribe=self._subscribe,
                open_link=self._open_link,
                confirm=self._refuse_link,
                unsubscribe=self._refuse_link,
                change_preferences=self._change_preferences,
                make_path=self._make_path,
            ),
        )

    async def _predict(self, symbol: str) -> StockReport:
        self.asked.append(symbol)
        await self._pass_hurdle()
        if symbol not in self.reports:
            raise UnknownSymbol(symbol, suggestions=("AAPL",))
        return _give(self.reports[symbol])

    async def _rank(self, symbols: Sequence[str] | None = None) -> Ranking:
        self.asked.append(symbols)
        await self._pass_hurdle()
        if symbols is not None and len(set(symbols)) < 2:
            raise InvalidSelection("Fewer than 2 different symbols were given.")
        return _give(self.ranked)

    async def _picture(self, names: Sequence[str]) -> str | None:
        return next((name for name in names if name in self.pictures), None)

    async def _live_prices(self, symbols: Sequence[str]) -> LivePrices:
        status = self._market()
        quotes = {each: self.quotes[each] for each in symbols if each in self.quotes}
        return LivePrices(status, quotes, frozenset(), frozenset(quotes))

    async def _refresh_prices(self, symbols: Sequence[str]) -> None:
        self.refreshed.append(tuple(symbols))

    def _search(self, text: str, limit: int = 8) -> SearchResult:
        query = parse_query(text)
        matches = tuple(
            Match(each, 90.0, exact=query.lower() in {each.symbol.lower(), each.name.lower()})
            for each in INSTRUMENTS
            if query.lower()[:3] in f"{each.symbol} {each.name} {each.aliases}".lower()
        )[:limit]
        return SearchResult(query, matches, next((each for each in matches if each.exact), None))

    async def _search_everywhere(self, text: str) -> SearchResult:
        result = self._search(text)
        if result.matches:
            return result
        return SearchResult(result.query, tuple(Match(each, 50.0) for each in self.elsewhere), None)

    def _market(self) -> MarketStatus:
        return _give(self.status)

    def _instruments(self, symbols: Iterable[str]) -> tuple[Instrument, ...]:
        wanted = set(symbols)
        return tuple(each for each in INSTRUMENTS if each.symbol in wanted)

    def _sample_market(self) -> tuple[Instrument, ...]:
        sample = isinstance(self.status, MarketStatus) and self.status.is_sample
        return INSTRUMENTS if sample else ()

    def _is_ready(self) -> bool:
        return not self.health.draining

    async def _health(self) -> Health:
        self.asked.append("health")
        return self.health

    async def _service(self) -> ServiceStatus:
        self.asked.append("status")
        return self.service

    async def _sign_in(self, password: str) -> str | None:
        self.asked.append("sign in")
        return SESSION if password == PASSWORD else None

    def _is_admin(self, token: str) -> bool:
        return token == SESSION

    async def _add_image(self, content: bytes, *, file_name: str, name: str) -> AddedImage:
        self.asked.append((content, file_name, name))
        if isinstance(self.upload, Exception):
            raise self.upload
        return self.upload

    async def _list_images(self, after: str) -> ImagePage:
        if self.images_fail is not None:
            raise self.images_fail
        return replace(
            self.listed,
            images=tuple(image for image in self.listed.images if image.key.text > after),
        )

    async def _image(self, key: ImageKey) -> Image | None:
        if self.images_fail is not None:
            raise self.images_fail
        content = self.pictures.get(key.text)
        if content is None:
            return None
        return Image(key, len(content), PICTURED, fingerprint_of(content))

    async def _image_content(
        self, image: Image, start: int, stop: int
    ) -> AsyncGenerator[bytes, None]:
        if self.content_fails is not None:
            raise self.content_fails
        content = self.pictures[image.key.text][start:stop]
        for place in range(0, len(content), 4):
            yield content[place : place + 4]

    async def _track_record(
        self, *, origin: Origin, window: Window, symbol: str | None
    ) -> TrackRecord:
        self.asked.append((origin, window, symbol))
        given = _give(self.records[origin])
        return replace(given, window=window, symbol=symbol)

    async def _record_state(self, origin: Origin, symbol: str | None) -> RecordState:
        self.asked.append((origin, symbol))
        _give(self.records[origin])
        return RecordState(len(self.outcomes), 0, 0, AS_OF)

    async def _settled(
        self, origin: Origin, symbol: str | None
    ) -> AsyncIterator[tuple[SettledPrediction, ...]]:
        self.asked.append((origin, symbol))
        for each in self.outcomes:
            yield (each,)

    async def _histories(self, symbols: Sequence[str]) -> dict[str, PriceHistory]:
        return dict.fromkeys(symbols, _give(self.closes))

    async def _past(self, symbol: str) -> PastPredictions | None:
        self.asked.append(("past", symbol))
        if self.past_hurdle is not None:
            await self.past_hurdle.wait()
        return _give(self.past)

    async def _subscribe(self, text: str, *, origin: str) -> None:
        self.asked.append((parse_address(text).key, origin))

    async def _open_link(self, purpose: Purpose, token: str) -> Holder | None:
        self.asked.append((purpose, token))
        raise InvalidToken("This link is damaged, or was made for something else.")

    async def _refuse_link(self, token: str) -> Holder:
        self.asked.append(token)
        raise InvalidToken("This link is damaged, or was made for something else.")

    async def _change_preferences(
        self, token: str, entries: Iterable[str], *, is_paused: bool
    ) -> Holder:
        self.asked.append((tuple(entries), is_paused))
        return await self._refuse_link(token)

    def _make_path(self, purpose: Purpose, subscriber: Subscriber) -> str:
        return f"/subscribers/token-{subscriber.id}/{purpose.value}"

    async def _digests(self) -> Sequence[DigestContent]:
        return [each.content for each in self.digests.values()]

    async def _digest(self, session: date) -> ArchivedDigest:
        if session not in self.digests:
            raise UnknownDigest(f"There is no digest of {session}.")
        return self.digests[session]

    async def _pass_hurdle(self) -> None:
        if self.hurdle is not None:
            await self.hurdle.wait()


def _give(result: Result | Exception) -> Result:
    if isinstance(result, Exception):
        raise result
    return result
