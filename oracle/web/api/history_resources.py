"""The objects of the JSON interface that tell of one stock's past."""

from __future__ import annotations

# Pydantic reads these annotations while the program runs, so the types are imported for good.
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from oracle.web.api.resources import (
    ORIGIN_DESCRIPTION,
    Price,
    PriceProvider,
    Rehearsal,
    Sample,
    Session,
    StockPrediction,
    Symbol,
)
from oracle.web.origins import PresentedOrigin  # noqa: TC001


@dataclass(frozen=True, slots=True)
class DailyClose:
    """The close of one session."""

    session: Session
    close: Price


@dataclass(frozen=True, slots=True)
class PastPrediction:
    """What was predicted for the close of `target`, on the scale of the closes beside it."""

    target: Session
    predicted: Annotated[float, Field(description="Predicted close.")]
    lower_80: Annotated[float, Field(description="Lower end of the 80 % interval.")]
    upper_80: Annotated[float, Field(description="Upper end of the 80 % interval.")]
    inside_80: Annotated[bool, Field(description="Whether the close fell into it.")]
    revisions: Annotated[int, Field(ge=0, description="How often the close was corrected since.")]
    first_close: Annotated[
        float | None, Field(description="The close as first settled, if it was corrected.")
    ]


@dataclass(frozen=True, slots=True)
class SettledPredictions:
    """The last settled predictions of one origin and one model version."""

    origin: Annotated[PresentedOrigin, Field(description=ORIGIN_DESCRIPTION)]
    model_version: Annotated[str, Field(description="The model that made them.")]
    predictions: Annotated[tuple[PastPrediction, ...], Field(description="Oldest first.")]


@dataclass(frozen=True, slots=True)
class StockHistory:
    """Closes of one stock with what was predicted of them; null where there is none."""

    symbol: Symbol
    currency: Annotated[str, Field(description="ISO 4217 code of all its prices.")]
    closes: Annotated[
        tuple[DailyClose, ...], Field(description="Adjusted for splits, oldest first.")
    ]
    prediction: Annotated[StockPrediction | None, Field(description="For the next session.")]
    settled: Annotated[SettledPredictions | None, Field(description="What came of earlier ones.")]
    source: PriceProvider
    is_sample: Sample
    is_rehearsal: Rehearsal
