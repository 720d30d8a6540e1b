"""Everything a use case may need, in one frozen value that the composition root builds."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle.services.lifecycle import Lifecycle

if TYPE_CHECKING:
    from oracle.ports import Clock, PriceFeed, Store, SymbolDirectory, TradingCalendar
    from oracle.services.market_data import MarketData
    from oracle.settings import Settings


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The ports, the settings, and the process's view of the market."""

    settings: Settings
    clock: Clock
    calendar: TradingCalendar
    directory: SymbolDirectory
    feed: PriceFeed
    store: Store
    market: MarketData
    pool: tuple[str, ...]
    lifecycle: Lifecycle = field(default_factory=Lifecycle)
