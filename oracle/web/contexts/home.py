"""The home page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.web.contexts.ranking import RankingPage
    from oracle.web.contexts.record_strip import RecordStrip


@dataclass(frozen=True, slots=True)
class HomePage:
    """The home page: the session forecast, its day of the week, and the ranking, the record.

    `hero` is the key of the picture above, if there is one. `next_forecast` is set once that
    session is over, until the next can be forecast.
    """

    day: str
    target: str
    next_forecast: str | None
    ranking: RankingPage
    record: RecordStrip | None
    hero: str | None = None
