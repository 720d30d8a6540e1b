"""What is stored of the outcomes of predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.domain.forecasts import Origin
    from oracle.domain.instruments import Source
    from oracle.domain.outcomes import (
        OutcomeRevision,
        RecordState,
        ScoredPrediction,
        SettledPrediction,
    )


@dataclass(frozen=True, slots=True)
class SettledPage:
    """Some settled predictions in the order they were stored; `after` is where the next begins."""

    rows: tuple[SettledPrediction, ...]
    after: int | None


class OutcomeRepository(Protocol):
    """What became of predictions: one outcome each, and what it said before it was corrected."""

    async def list_sessions_to_settle(
        self, source: Source, *, through: date, recheck_since: date | None
    ) -> Sequence[date]:
        """Return the target sessions up to `through` that have work, oldest first.

        Those with a pending prediction, and all from `recheck_since` on (None: all there are).
        """
        ...

    async def list_of_session(self, source: Source, target: date) -> Sequence[SettledPrediction]:
        """Return the session's predictions that have numbers, settled and pending, by symbol."""
        ...

    async def add_outcomes(self, settled: Sequence[SettledPrediction]) -> int:
        """Store those outcomes that are not there yet: the first write wins; return how many."""
        ...

    async def revise_outcome(self, revised: SettledPrediction, *, expected: int) -> bool:
        """Replace the outcome that was revised `expected` times so far, and keep what it said.

        Returns whether it was: somebody else may have been first.
        """
        ...

    async def list_revisions(self, settled: SettledPrediction) -> Sequence[OutcomeRevision]:
        """Return what the outcome said before, oldest first."""
        ...

    async def find_state(
        self, source: Source, origin: Origin, symbol: str | None, *, through: date
    ) -> RecordState:
        """Return which state the record of all stocks, or of one, is in."""
        ...

    async def list_scored(
        self, source: Source, origin: Origin, symbol: str | None
    ) -> Sequence[ScoredPrediction]:
        """Return all settled predictions, without distributions, by target session and symbol."""
        ...

    async def list_settled(
        self, source: Source, origin: Origin, symbol: str | None, *, after: int, limit: int
    ) -> SettledPage:
        """Return up to `limit` settled predictions that come after that place; 0 is the start."""
        ...

    async def list_latest_settled(
        self, source: Source, origin: Origin, symbol: str, *, limit: int
    ) -> Sequence[SettledPrediction]:
        """Return the stock's last `limit` settled predictions by target session, newest first."""
        ...
