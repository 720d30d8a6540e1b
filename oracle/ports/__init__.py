"""What the services ask of the outside world, as protocols that adapters fulfil."""

from oracle.ports.forecasts import FitRepository, PredictionRepository, RankingRepository
from oracle.ports.images import ImageStore
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
from oracle.ports.store import Store, UnitOfWork

__all__ = [
    "BarRepository",
    "Clock",
    "FetchedHistory",
    "FitRepository",
    "ImageStore",
    "OutcomeRepository",
    "PredictionRepository",
    "PriceFeed",
    "QuoteRepository",
    "RankingRepository",
    "SettledPage",
    "SplitRepository",
    "Store",
    "StoredHistory",
    "SymbolDirectory",
    "SymbolLookup",
    "SymbolLookupRepository",
    "TradingCalendar",
    "UnitOfWork",
]
