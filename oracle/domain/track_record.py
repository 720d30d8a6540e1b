"""The record: how predictions did, with how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from oracle.domain.forecasts import Origin
    from oracle.domain.instruments import Source

MIN_SETTLED_SESSIONS = 30
"""Fewer settled sessions than this allow no statement on how good the predictions are."""


class Window(StrEnum):
    """How far back the record reaches: so many settled sessions, or all."""

    SHORT = "60"
    YEAR = "250"
    ALL = "all"

    @property
    def sessions(self) -> int | None:
        """The number of sessions, None for all."""
        return None if self is Window.ALL else int(self.value)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured figure with its 95 % confidence interval; no ends where there is too little."""

    value: float
    lower: float | None = None
    upper: float | None = None

    def excludes(self, value: float) -> bool:
        """Return whether the interval lies wholly on one side of that value."""
        if self.lower is None or self.upper is None:
            return False
        return not self.lower <= value <= self.upper


@dataclass(frozen=True, slots=True)
class Coverage:
    """The share of closes that fell into the interval of that level."""

    level: float
    share: Estimate


@dataclass(frozen=True, slots=True)
class RollingCoverage:
    """The share of closes in the 80 % range over so many sessions, of which `session` is the last.

    `share` is between 0 and 1.
    """

    session: date
    share: float


@dataclass(frozen=True, slots=True)
class Direction:
    """Among closes that moved: the share predicted rightly, that of "always up", the difference."""

    n: int
    right: Estimate
    always_up: Estimate
    edge: Estimate


@dataclass(frozen=True, slots=True)
class Scores:
    """How the settled predictions of one model version did (n of them, on so many sessions).

    `mae_ratio` is the error over that of "tomorrow = today"; `crps_gaussian_ratio` and
    `crps_empirical_ratio` are the CRPS over that of the EWMA(0.94) Gaussian and of the rolling
    250-day empirical distribution. Below 1 is better than the baseline; None is not measured.
    `rolling_80` is the 80 % range's coverage over MIN_SETTLED_SESSIONS at a time, in their order.
    """

    n: int
    sessions: int
    first: date
    last: date
    coverages: tuple[Coverage, ...]
    mae_ratio: Estimate | None
    crps_gaussian_ratio: Estimate | None
    crps_empirical_ratio: Estimate | None
    direction: Direction | None
    revised: int
    input_healed: int
    rolling_80: tuple[RollingCoverage, ...] = ()


@dataclass(frozen=True, slots=True)
class BestBuyValue:
    """What 100 had become by the end of the session: in the best buys, and in all of them."""

    session: date
    best: float
    everything: float


@dataclass(frozen=True, slots=True)
class BestBuyScores:
    """The best buy of each session, held for that session, against holding all that were ranked.

    Returns are simple, per session; `best_return` is after `cost`, paid for each of the `switches`
    (a round trip whenever another stock is bought). A session without a clear buy earns nothing.
    `edge` is the mean difference. The values are what 100 became; `course` says it by session.
    """

    sessions: int
    picked: int
    switches: int
    cost: float
    best_return: Estimate
    all_return: Estimate
    edge: Estimate
    best_value: float
    all_value: float
    course: tuple[BestBuyValue, ...] = ()


@dataclass(frozen=True, slots=True)
class StockScores:
    """The same for one stock, without intervals."""

    symbol: str
    n: int
    coverage_80: float
    mae_ratio: float | None
    crps_gaussian_ratio: float | None


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """The record of one model version: its scores, its best buys, and what they say in words."""

    model_version: str
    scores: Scores
    best_buys: BestBuyScores | None
    stocks: tuple[StockScores, ...]
    verdicts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """The record of one origin: live predictions and replayed ones are never in the same.

    `symbol` None means all stocks. `versions` come newest first; there are none before anything
    was settled: then `verdicts` says so. `pending` counts predictions whose session has closed and
    whose close has not arrived. `stale_since` is when the database last confirmed these figures,
    if it does not answer now.
    """

    source: Source
    origin: Origin
    window: Window
    symbol: str | None
    last_settled: date | None
    pending: int
    versions: tuple[VersionRecord, ...]
    verdicts: tuple[str, ...]
    stale_since: datetime | None = None
