"""What the website asks of the services, bound to their dependencies once at start."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from oracle.services.check_health import check_health, is_ready
from oracle.services.find_picture import find_picture, read_content, read_picture
from oracle.services.list_instruments import list_instruments, list_sample_market
from oracle.services.list_known_histories import list_known_histories
from oracle.services.list_past_predictions import list_past_predictions
from oracle.services.list_settled import list_settled
from oracle.services.predict_stock import predict_stock
from oracle.services.rank_stocks import rank_stocks
from oracle.services.read_digests import list_digests, read_digest
from oracle.services.read_live_prices import read_live_prices, refresh_live_prices
from oracle.services.read_market_status import read_market_status
from oracle.services.read_service_status import read_service_status
from oracle.services.read_track_record import PATIENCE, read_record_state, read_track_record
from oracle.services.search_symbols import search_everywhere, search_symbols
from oracle.web.admin_cases import AdminCases, bind_admin_cases
from oracle.web.subscription_cases import Subscriptions, bind_subscriptions

if TYPE_CHECKING:
    from collections.abc import (
        AsyncGenerator,
        AsyncIterator,
        Callable,
        Coroutine,
        Iterable,
        Sequence,
    )
    from datetime import date

    from oracle.digest.content import DigestContent
    from oracle.domain.forecasts import Origin
    from oracle.domain.images import Image, ImageKey
    from oracle.domain.instruments import Instrument
    from oracle.domain.outcomes import RecordState, SettledPrediction
    from oracle.domain.prices import PriceHistory
    from oracle.domain.rankings import Ranking
    from oracle.domain.track_record import TrackRecord, Window
    from oracle.services.check_health import Health
    from oracle.services.dependencies import Dependencies
    from oracle.services.list_past_predictions import PastPredictions
    from oracle.services.predict_stock import StockReport
    from oracle.services.read_digests import ArchivedDigest
    from oracle.services.read_live_prices import LivePrices
    from oracle.services.read_market_status import MarketStatus
    from oracle.services.read_service_status import ServiceStatus
    from oracle.services.search_symbols import SearchResult


class Search(Protocol):
    """`search_symbols` without its dependencies."""

    def __call__(self, text: str, limit: int = 8) -> SearchResult:
        """Return matches from the local directory; raises InvalidQuery."""
        ...


class Rank(Protocol):
    """`rank_stocks` without its dependencies."""

    def __call__(self, symbols: Sequence[str] | None = None) -> Coroutine[None, None, Ranking]:
        """Return the ranking of the symbols, or of the watchlist."""
        ...


class ReadRecord(Protocol):
    """`read_track_record` without its dependencies."""

    def __call__(
        self, *, origin: Origin, window: Window, symbol: str | None
    ) -> Coroutine[None, None, TrackRecord]:
        """Return the record of all stocks, or of one."""
        ...


class ListSettled(Protocol):
    """`list_settled` without its dependencies."""

    def __call__(
        self, origin: Origin, symbol: str | None
    ) -> AsyncIterator[tuple[SettledPrediction, ...]]:
        """Yield the settled predictions a page at a time."""
        ...


@dataclass(frozen=True, slots=True)
class UseCases:
    """The services as the routes call them; a test may put others in their place."""

    predict: Callable[[str], Coroutine[None, None, StockReport]]
    rank: Rank
    search: Search
    search_everywhere: Callable[[str], Coroutine[None, None, SearchResult]]
    market: Callable[[], MarketStatus]
    instruments: Callable[[Iterable[str]], tuple[Instrument, ...]]
    sample_market: Callable[[], tuple[Instrument, ...]]
    is_ready: Callable[[], bool]
    health: Callable[[], Coroutine[None, None, Health]]
    image: Callable[[ImageKey], Coroutine[None, None, Image | None]]
    image_content: Callable[[Image, int, int], AsyncGenerator[bytes, None]]
    status: Callable[[], Coroutine[None, None, ServiceStatus]]
    track_record: ReadRecord
    record_state: Callable[[Origin, str | None], Coroutine[None, None, RecordState]]
    settled: ListSettled
    histories: Callable[[Sequence[str]], Coroutine[None, None, dict[str, PriceHistory]]]
    past: Callable[[str], Coroutine[None, None, PastPredictions | None]]
    picture: Callable[[Sequence[str]], Coroutine[None, None, str | None]]
    live_prices: Callable[[Sequence[str]], Coroutine[None, None, LivePrices]]
    refresh_prices: Callable[[Sequence[str]], Coroutine[None, None, None]]
    on_drain: Callable[[Callable[[], None]], None]
    digests: Callable[[], Coroutine[None, None, Sequence[DigestContent]]]
    digest: Callable[[date], Coroutine[None, None, ArchivedDigest]]
    subscriptions: Subscriptions
    admin: AdminCases


def bind_use_cases(dependencies: Dependencies) -> UseCases:
    """Return the real services with their dependencies filled in."""
    return UseCases(
        predict=partial(predict_stock, dependencies),
        rank=partial(rank_stocks, dependencies),
        search=partial(search_symbols, dependencies),
        search_everywhere=partial(search_everywhere, dependencies),
        market=partial(read_market_status, dependencies),
        instruments=partial(list_instruments, dependencies),
        sample_market=partial(list_sample_market, dependencies),
        is_ready=partial(is_ready, dependencies),
        health=partial(check_health, dependencies),
        image=partial(read_picture, dependencies),
        image_content=partial(read_content, dependencies),
        status=partial(read_service_status, dependencies),
        track_record=partial(read_track_record, dependencies, patience=PATIENCE),
        record_state=partial(read_record_state, dependencies),
        settled=partial(list_settled, dependencies),
        histories=partial(list_known_histories, dependencies),
        past=partial(list_past_predictions, dependencies),
        picture=partial(find_picture, dependencies),
        live_prices=partial(read_live_prices, dependencies),
        refresh_prices=partial(refresh_live_prices, dependencies),
        on_drain=dependencies.lifecycle.on_drain,
        digests=partial(list_digests, dependencies),
        digest=partial(read_digest, dependencies),
        subscriptions=bind_subscriptions(dependencies),
        admin=bind_admin_cases(dependencies),
    )
