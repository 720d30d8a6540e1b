"""Everything a use case may need, in one frozen value that the composition root builds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle.services.admin_access import PasswordChecks
from oracle.services.awaited_closes import CloseWatch
from oracle.services.background import SingleFlight
from oracle.services.find_instrument import LookupBudget
from oracle.services.find_picture import PictureNames
from oracle.services.get_fit import FitCache
from oracle.services.lifecycle import Lifecycle
from oracle.services.make_predictions import PredictionCache
from oracle.services.rank_stocks import RankingCache
from oracle.services.read_track_record import TrackRecordCache
from oracle.services.search_symbols import SearchCache
from oracle.services.settle_predictions import SettlementPauses

if TYPE_CHECKING:
    from oracle.ports import (
        Clock,
        ImageInspector,
        ImageStore,
        LeaderLock,
        Mailer,
        MailEventQueue,
        MailRenderer,
        PriceFeed,
        Store,
        SymbolDirectory,
        TokenSigner,
        TradingCalendar,
    )
    from oracle.services.market_data import MarketData
    from oracle.settings import Settings


CONFIRMATION_SECONDS = 4.0
"""How long an ending process waits for mails that answer sign-ups."""


def _confirmations() -> SingleFlight[int, bool]:
    return SingleFlight("confirmation")


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The ports, the settings, and the process's view of the market.

    `instance` names this process among all that ever used the database. `has_shared_key` says
    whether all of them sign links with one key, so that what one mails works with the others.
    """

    settings: Settings
    clock: Clock
    calendar: TradingCalendar
    directory: SymbolDirectory
    feed: PriceFeed
    store: Store
    market: MarketData
    pool: tuple[str, ...]
    images: ImageStore
    image_inspector: ImageInspector
    leader_lock: LeaderLock
    instance: str
    mailer: Mailer
    mail_renderer: MailRenderer
    mail_events: MailEventQueue | None
    tokens: TokenSigner
    has_shared_key: bool
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
    password_checks: PasswordChecks = field(default_factory=PasswordChecks)
    pictures: PictureNames = field(default_factory=PictureNames)
    lookup_budget: LookupBudget = field(default_factory=LookupBudget)
    fits: FitCache = field(default_factory=FitCache)
    predictions: PredictionCache = field(default_factory=PredictionCache)
    rankings: RankingCache = field(default_factory=RankingCache)
    searches: SearchCache = field(default_factory=SearchCache)
    track_records: TrackRecordCache = field(default_factory=TrackRecordCache)
    close_watch: CloseWatch = field(default_factory=CloseWatch)
    settlement_pauses: SettlementPauses = field(default_factory=SettlementPauses)
    confirmations: SingleFlight[int, bool] = field(default_factory=_confirmations)

    async def aclose(self) -> None:
        """Stop background work, then release the feed and the database."""
        await self.confirmations.finish_within(CONFIRMATION_SECONDS)
        await self.searches.flights.aclose()
        await self.rankings.flights.aclose()
        await self.predictions.flights.aclose()
        await self.fits.flights.aclose()
        await self.track_records.flights.aclose()
        await self.images.aclose()
        await self.mailer.aclose()
        if self.mail_events is not None:
            await self.mail_events.aclose()
        await self.market.aclose()
        await self.feed.aclose()
        await self.store.aclose()
