"""What is stored of forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.domain.forecasts import FrozenFit, Origin, Prediction
    from oracle.domain.instruments import Source
    from oracle.domain.outcomes import StoredChoice
    from oracle.domain.rankings import Ranking


class FitRepository(Protocol):
    """Fitted coefficients, one frozen set per session, pool and model version."""

    async def find_fit(
        self, source: Source, as_of: date, pool_version: str, model_version: str
    ) -> FrozenFit | None:
        """Return the frozen fit, or None."""
        ...

    async def add_fit(self, fit: FrozenFit) -> FrozenFit:
        """Store the fit unless one is there; return the one that is stored: the first wins."""
        ...


class PredictionRepository(Protocol):
    """Predictions, immutable; unique per source, symbol, as_of, model version and origin."""

    async def list_predictions(
        self,
        source: Source,
        symbols: Sequence[str],
        as_of: date,
        model_version: str,
        origin: Origin,
    ) -> dict[str, Prediction]:
        """Return the stored predictions of that session by symbol."""
        ...

    async def find_latest_prediction(
        self, source: Source, symbol: str, origin: Origin, *, through: date
    ) -> Prediction | None:
        """Return the symbol's newest prediction by `as_of` up to `through`, or None."""
        ...

    async def add_predictions(self, predictions: Sequence[Prediction]) -> dict[str, Prediction]:
        """Store those not yet there and return, by symbol, what is stored: the first write wins."""
        ...


class RankingRepository(Protocol):
    """Rankings with their items, immutable; unique per fingerprint."""

    async def find_latest_ranking(
        self, source: Source, selection: str, model_version: str, *, through: date
    ) -> Ranking | None:
        """Return the selection's newest ranking by `as_of` up to `through`, then by time."""
        ...

    async def add_ranking(self, ranking: Ranking) -> Ranking:
        """Store the ranking (its predictions are stored already); the first write wins."""
        ...

    async def list_choices(
        self, source: Source, selection: str, model_version: str
    ) -> Sequence[StoredChoice]:
        """Return what the selection's last ranking of each session named, oldest first."""
        ...
