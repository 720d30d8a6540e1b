"""Use case: what was predicted of one stock lately, and what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.forecasts import Origin

if TYPE_CHECKING:
    from oracle.domain.outcomes import SettledPrediction
    from oracle.services.dependencies import Dependencies

SHOWN_SESSIONS = 250


@dataclass(frozen=True, slots=True)
class PastPredictions:
    """Settled predictions of one origin and one model version, oldest first; never empty."""

    origin: Origin
    model_version: str
    rows: tuple[SettledPrediction, ...]


async def list_past_predictions(
    deps: Dependencies, symbol: str, *, limit: int = SHOWN_SESSIONS
) -> PastPredictions | None:
    """Return the last settled live predictions, else replayed ones, else None.

    Those of the version that was settled last alone. Raises DatabaseUnavailable.
    """
    for origin in Origin:
        async with deps.store.begin() as unit:
            latest = await unit.outcomes.list_latest_settled(
                deps.feed.source, origin, symbol, limit=limit
            )
        if latest:
            version = latest[0].prediction.model_version
            rows = [each for each in latest if each.prediction.model_version == version]
            return PastPredictions(origin, version, tuple(reversed(rows)))
    return None
