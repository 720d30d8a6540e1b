"""The page that says how predictions are made, and what they cannot do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.forecasts import LEVELS, MIN_SESSIONS
from oracle.domain.outcomes import RECORD_LEVELS
from oracle.domain.track_record import MIN_SETTLED_SESSIONS
from oracle.domain.wording import count_of
from oracle.forecasting import MODEL_VERSION, WINDOW_SESSIONS
from oracle.web import formatting
from oracle.web.contexts.marking import SOURCE_NAMES

if TYPE_CHECKING:
    from oracle.services.read_market_status import MarketStatus


@dataclass(frozen=True, slots=True)
class MethodPage:
    """The page `/method`; every figure on it is the code's own."""

    model_version: str
    window: str
    pool: str
    watchlist: str
    quantiles: str
    levels: str
    least_history: str
    least_settled: str
    as_of: str
    target: str
    is_sample: bool
    is_rehearsal: bool
    source: str


def build_method_page(status: MarketStatus, *, pool: int, watchlist: int) -> MethodPage:
    """Return the page for pools of that many stocks, as the market is now."""
    *narrower, widest = (formatting.level(each) for each in RECORD_LEVELS)
    return MethodPage(
        model_version=MODEL_VERSION,
        window=f"{WINDOW_SESSIONS:,}",
        pool=count_of(pool, "stock"),
        watchlist=count_of(watchlist, "stock"),
        quantiles=str(len(LEVELS)),
        levels=f"{', '.join(narrower)} and {widest}",
        least_history=count_of(MIN_SESSIONS, "session"),
        least_settled=count_of(MIN_SETTLED_SESSIONS, "session"),
        as_of=formatting.session(status.as_of),
        target=formatting.session(status.target),
        is_sample=status.is_sample,
        is_rehearsal=status.is_rehearsal,
        source=SOURCE_NAMES[status.source],
    )
