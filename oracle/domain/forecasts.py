"""Forecasts and the predictions that are stored of them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from math import log
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from oracle.domain.instruments import Source

LEVELS: tuple[float, ...] = tuple(round(step * 0.025, 3) for step in range(1, 40))
"""The 39 probability levels at which every distribution is stored: 0.025, 0.05 ... 0.975."""

MIN_SESSIONS = 60
"""Fewer sessions of history than this give "cannot say" instead of a number."""


class Origin(StrEnum):
    """`live` was stored before its target session closed; `replay` was computed afterwards."""

    LIVE = "live"
    REPLAY = "replay"


@dataclass(frozen=True, slots=True)
class Interval:
    """A central prediction interval: with probability `level` the close lies in it."""

    level: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Prediction:
    """What was said, before the fact, about one stock's close of the `target` session.

    It was made from prices up to the close of `as_of`, which was `current_price` (in `currency`).
    `quantiles` holds one price per level of LEVELS; an abstained prediction may have no numbers:
    then `point` is None, `quantiles` is empty and `reasons` says why. `fingerprint` is a SHA-256
    of everything that went in. Immutable once stored.
    """

    symbol: str
    source: Source
    as_of: date
    target: date
    current_price: float
    currency: str
    point: float | None
    quantiles: tuple[float, ...]
    model_version: str
    fingerprint: str
    origin: Origin
    created_at: datetime
    abstained: bool = False
    reasons: tuple[str, ...] = ()

    @property
    def change_percent(self) -> float | None:
        """The predicted change from `current_price`, in per cent."""
        if self.point is None:
            return None
        return 100.0 * (self.point / self.current_price - 1.0)

    @property
    def expected_log_return(self) -> float | None:
        """The logarithm of the predicted value over the price it starts from."""
        return None if self.point is None else log(self.point / self.current_price)

    @property
    def score(self) -> float | None:
        """Expected log return over half the width of the 80 % log interval."""
        interval = self.interval(0.8)
        if interval is None or self.expected_log_return is None:
            return None
        half_width = 0.5 * log(interval.upper / interval.lower)
        return self.expected_log_return / half_width if half_width > 0.0 else None

    def interval(self, level: float) -> Interval | None:
        """Return the central interval of that level (0.5, 0.8, 0.95), or None without numbers.

        Raises ValueError when the level's ends are not among LEVELS.
        """
        if not self.quantiles:
            return None
        lower = LEVELS.index(round((1.0 - level) / 2.0, 3))
        upper = LEVELS.index(round((1.0 + level) / 2.0, 3))
        return Interval(level, self.quantiles[lower], self.quantiles[upper])


@dataclass(frozen=True, slots=True)
class FrozenFit:
    """The coefficients fitted on the pool for one session, as stored and shared by all instances.

    `payload` is the fit in the forecasting core's own JSON form (`oracle.forecasting.fit`).
    """

    source: Source
    as_of: date
    pool_version: str
    model_version: str
    payload: str
    fingerprint: str
    created_at: datetime
