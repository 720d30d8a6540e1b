"""The objects of the JSON interface that hold the digests that were."""

from __future__ import annotations

# Pydantic reads these annotations while the program runs, so the types are imported for good.
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from oracle.digest.content import Mark  # noqa: TC001
from oracle.web.api.resources import (  # noqa: TC001
    BestStock,
    PriceProvider,
    Rehearsal,
    Sample,
    Session,
    Symbol,
)


@dataclass(frozen=True, slots=True)
class DigestOutcome:
    """What came of one prediction, once its session was settled."""

    close: Annotated[float, Field(description="The close of `target`, in the digest's prices.")]
    change_percent: Annotated[
        float | None, Field(description="The change from `current_price`, in per cent.")
    ]
    inside_80: Annotated[bool, Field(description="Whether the close fell into the 80 % range.")]


@dataclass(frozen=True, slots=True)
class DigestStock:
    """One stock as the digest said it; what a marked one lacks is null."""

    symbol: Symbol
    name: Annotated[str, Field(description="The company's or fund's name.")]
    current_price: Annotated[float | None, Field(description="The close of `price_of`.")]
    price_of: Annotated[Session | None, Field(description="The session that price is of.")]
    predicted_price: Annotated[float | None, Field(description="Predicted close of `target`.")]
    change_percent: Annotated[float | None, Field(description="The difference, in per cent.")]
    lower_80: Annotated[float | None, Field(description="Lower end of the 80 % interval.")]
    upper_80: Annotated[float | None, Field(description="Upper end of the 80 % interval.")]
    mark: Annotated[Mark, Field(description="Why there is no predicted price, if there is none.")]
    outcome: Annotated[
        DigestOutcome | None, Field(description="What came; null while it is not settled.")
    ]


@dataclass(frozen=True, slots=True)
class Digest:
    """What one session's digest said, unchanged, and what came of it."""

    as_of: Session
    target: Session
    best: Annotated[BestStock | None, Field(description="The best buy; null where none was.")]
    stocks: Annotated[tuple[DigestStock, ...], Field(description="Best first.")]
    model_version: Annotated[str, Field(description="The model that predicted.")]
    source: PriceProvider
    is_sample: Sample
    is_rehearsal: Rehearsal


@dataclass(frozen=True, slots=True)
class DigestSummary:
    """One digest of the archive."""

    as_of: Session
    target: Session
    best: Annotated[str | None, Field(description="Symbol of the best buy; null where none was.")]


@dataclass(frozen=True, slots=True)
class DigestArchive:
    """The newest digests, up to 250."""

    digests: Annotated[tuple[DigestSummary, ...], Field(description="Newest first.")]
    source: PriceProvider
    is_sample: Sample
    is_rehearsal: Rehearsal
