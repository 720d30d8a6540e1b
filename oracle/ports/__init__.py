"""What the services ask of the outside world, as protocols that adapters fulfil."""

from oracle.ports.forecasts import FitRepository, PredictionRepository, RankingRepository
from oracle.ports.housekeeping import Housekeeping
from oracle.ports.images import ImageInspector, ImageStore
from oracle.ports.mail import (
    Mailer,
    MailEventQueue,
    MailRenderer,
    ReceivedEvents,
    SendingQuota,
    TokenSigner,
)
from oracle.ports.market import Clock, FetchedHistory, PriceFeed, SymbolDirectory, TradingCalendar
from oracle.ports.outcomes import OutcomeRepository, SettledPage
from oracle.ports.prices import (
    BarRepository,
    QuoteRepository,
    SplitRepository,
    StoredHistory,
    SymbolLookup,
    SymbolLookupRepository,
)
from oracle.ports.runs import (
    DeliveryRepository,
    EpochRepository,
    LeaderLock,
    RunRepository,
    SendingPace,
)
from oracle.ports.store import Store, UnitOfWork
from oracle.ports.subscribers import (
    MailEventRepository,
    SubscriberRepository,
    SuppressionRepository,
)

__all__ = [
    "BarRepository",
    "Clock",
    "DeliveryRepository",
    "EpochRepository",
    "FetchedHistory",
    "FitRepository",
    "Housekeeping",
    "ImageInspector",
    "ImageStore",
    "LeaderLock",
    "MailEventQueue",
    "MailEventRepository",
    "MailRenderer",
    "Mailer",
    "OutcomeRepository",
    "PredictionRepository",
    "PriceFeed",
    "QuoteRepository",
    "RankingRepository",
    "ReceivedEvents",
    "RunRepository",
    "SendingPace",
    "SendingQuota",
    "SettledPage",
    "SplitRepository",
    "Store",
    "StoredHistory",
    "SubscriberRepository",
    "SuppressionRepository",
    "SymbolDirectory",
    "SymbolLookup",
    "SymbolLookupRepository",
    "TokenSigner",
    "TradingCalendar",
    "UnitOfWork",
]
