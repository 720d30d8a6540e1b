"""What became of predictions once their target session had closed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import date, datetime

    from oracle.domain.forecasts import Prediction

RECORD_LEVELS: tuple[float, ...] = (0.5, 0.8, 0.95)
"""The intervals whose coverage is recorded."""


class Move(StrEnum):
    """Which way a close went, or was predicted to go, from the close before it."""

    UP = "up"
    DOWN = "down"
    NONE = "unchanged"


def move_between(earlier: float, later: float) -> Move:
    """Return which way the price went."""
    if later == earlier:
        return Move.NONE
    return Move.UP if later > earlier else Move.DOWN


@dataclass(frozen=True, slots=True)
class Outcome:
    """The settled outcome of one prediction, in the prediction's own prices.

    `actual` is the close of the target session as if no split and no dividend had come after
    `as_of`. `error` is |point - actual| and `naive_error` |current price - actual|; these and the
    CRPS are divided by the current price, so that stocks pool. `crps_gaussian` (EWMA 0.94) and
    `crps_empirical` (last 250 returns) are those of the baselines, None where too few sessions were
    known. `score` is the prediction's own, kept beside so that the record is read without the
    distributions. `input_healed` says that the close it was made from was corrected afterwards.
    `settled_at` is when the first outcome was stored, `revised_at` when the newest was.
    """

    actual: float
    error: float
    naive_error: float
    crps: float
    crps_gaussian: float | None
    crps_empirical: float | None
    inside_50: bool
    inside_80: bool
    inside_95: bool
    predicted_move: Move
    actual_move: Move
    score: float | None
    input_healed: bool
    settled_at: datetime
    revised_at: datetime | None = None
    revisions: int = 0


@dataclass(frozen=True, slots=True)
class SettledPrediction:
    """A prediction with its outcome, or without one while it is pending.

    `first_actual` is what the outcome said at first, where it was read for being shown and was
    corrected since; else None.
    """

    prediction: Prediction
    outcome: Outcome | None
    first_actual: float | None = None


@dataclass(frozen=True, slots=True)
class OutcomeRevision:
    """What an outcome said before it was corrected for the `number`-th time."""

    number: int
    actual: float
    input_healed: bool
    replaced_at: datetime


@dataclass(frozen=True, slots=True)
class ScoredPrediction:
    """A settled prediction without its distribution: all that the record's figures need."""

    symbol: str
    as_of: date
    target: date
    model_version: str
    current_price: float
    outcome: Outcome

    @property
    def actual_return(self) -> float:
        """The simple return from the close of `as_of` to that of `target`."""
        return self.outcome.actual / self.current_price - 1.0


@dataclass(frozen=True, slots=True)
class StoredChoice:
    """What a stored ranking named as best buy, and the symbols that it ranked."""

    as_of: date
    best: str | None
    symbols: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RecordState:
    """Which state the stored record is in; it changes with every outcome that is added or revised.

    `pending` counts the predictions with numbers that have no outcome yet, whose target session
    is at or before the one asked for.
    """

    settled: int
    revisions: int
    pending: int
    last_settled: date | None
