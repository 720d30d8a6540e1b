"""What the market is doing, and which sessions forecasts are made from and for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.instruments import Source
from oracle.domain.prices import MarketState

if TYPE_CHECKING:
    from datetime import date, datetime

    from oracle.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class MarketStatus:
    """The market at `now` (UTC): its state, the sessions `as_of` and `target`, the next opening.

    `as_of` is the newest session whose close has settled, which takes a live feed some minutes.
    Until then `target_closed` is set: the session that was forecast is over, and the forecast of
    the next one begins at `next_forecast`. While `database_away` is set nothing is stored or sent.
    """

    now: datetime
    state: MarketState
    source: Source
    as_of: date
    target: date
    next_open: datetime
    target_close: datetime
    next_forecast: datetime
    database_away: bool = False

    @property
    def target_closed(self) -> bool:
        """Whether the target session is over already."""
        return self.now >= self.target_close

    @property
    def target_is_running(self) -> bool:
        """Whether the target session is trading now."""
        return self.state is MarketState.OPEN and not self.target_closed

    @property
    def is_rehearsal(self) -> bool:
        """Whether prices come from a server in Yahoo's place, or the clock was moved."""
        return self.source is Source.REHEARSAL

    @property
    def is_sample(self) -> bool:
        """Whether every price is sample data."""
        return self.source is Source.SAMPLE


def read_market_status(deps: Dependencies) -> MarketStatus:
    """Return the market's status by the clock and the calendar; asks no feed."""
    now = deps.clock.now()
    as_of = deps.market.usable_session()
    target = deps.calendar.next_session(as_of)
    target_close = deps.calendar.session_close(target)
    return MarketStatus(
        now=now,
        state=deps.calendar.market_state(now),
        source=deps.feed.source,
        as_of=as_of,
        target=target,
        next_open=deps.calendar.next_open(now),
        target_close=target_close,
        next_forecast=target_close + deps.market.settle_delay,
        database_away=deps.store.is_away,
    )
