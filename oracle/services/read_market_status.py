"""What the market is doing, and which sessions forecasts are made from and for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.instruments import Source

if TYPE_CHECKING:
    from datetime import date, datetime

    from oracle.domain.prices import MarketState
    from oracle.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class MarketStatus:
    """The market at `now` (UTC): its state, the sessions `as_of` and `target`, the next opening."""

    now: datetime
    state: MarketState
    source: Source
    as_of: date
    target: date
    next_open: datetime
    target_close: datetime

    @property
    def is_sample(self) -> bool:
        """Whether every price is sample data."""
        return self.source is Source.SAMPLE


def read_market_status(deps: Dependencies) -> MarketStatus:
    """Return the market's status by the clock and the calendar; asks no feed."""
    now = deps.clock.now()
    as_of = deps.calendar.last_closed_session(now)
    target = deps.calendar.next_session(as_of)
    return MarketStatus(
        now=now,
        state=deps.calendar.market_state(now),
        source=deps.feed.source,
        as_of=as_of,
        target=target,
        next_open=deps.calendar.next_open(now),
        target_close=deps.calendar.session_close(target),
    )
