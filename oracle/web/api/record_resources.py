"""The objects of the JSON interface that tell how good the predictions were."""

from __future__ import annotations

# Pydantic reads these annotations while the program runs, so the types are imported for good.
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from oracle.domain.track_record import Window  # noqa: TC001
from oracle.web.api.resources import (
    ORIGIN_DESCRIPTION,
    Instant,
    PriceProvider,
    Rehearsal,
    Sample,
    Session,
    Symbol,
)
from oracle.web.origins import PresentedOrigin  # noqa: TC001

Count = Annotated[int, Field(ge=0)]
End = Annotated[float | None, Field(description="End of the 95 % confidence interval.")]


@dataclass(frozen=True, slots=True)
class Estimate:
    """A measured figure with its 95 % confidence interval, null where there is too little."""

    value: Annotated[float, Field(description="The figure.")]
    lower: End
    upper: End


@dataclass(frozen=True, slots=True)
class Coverage:
    """The share of closes that fell into the range of that level: right if it equals the level."""

    level: Annotated[float, Field(gt=0, lt=1, description="Probability of the range.")]
    share: Annotated[Estimate, Field(description="Share of closes in the range.")]


@dataclass(frozen=True, slots=True)
class Direction:
    """Which way closes went, against always saying up; closes that did not move are left out."""

    n: Annotated[Count, Field(description="Closes that moved.")]
    right: Annotated[Estimate, Field(description="Share predicted rightly.")]
    always_up: Annotated[Estimate, Field(description="Share that went up.")]
    edge: Annotated[Estimate, Field(description="The difference.")]


@dataclass(frozen=True, slots=True)
class BestBuyRecord:
    """Each session's best buy, held for that session, against holding all that were ranked.

    Bought at the close that the ranking starts from, which nobody can do quite; a session without
    a clear buy earns nothing.
    """

    sessions: Annotated[Count, Field(description="Sessions with a settled ranking.")]
    picked: Annotated[Count, Field(description="Sessions with a best buy.")]
    switches: Annotated[Count, Field(description="How often another stock was bought.")]
    cost: Annotated[float, Field(description="Cost of each switch, as a share.")]
    best_return: Annotated[Estimate, Field(description="Mean return a session, after costs.")]
    all_return: Annotated[Estimate, Field(description="The same of holding all.")]
    edge: Annotated[Estimate, Field(description="The difference.")]
    best_value: Annotated[float, Field(description="What 100 in the best buys became.")]
    all_value: Annotated[float, Field(description="What 100 in all of them became.")]


@dataclass(frozen=True, slots=True)
class StockRecord:
    """The figures of one stock."""

    symbol: Symbol
    n: Annotated[Count, Field(description="Settled predictions.")]
    coverage_80: Annotated[float, Field(description="Share of closes in the 80 % range.")]
    mae_ratio: Annotated[float | None, Field(description="As of the whole record.")]
    crps_gaussian_ratio: Annotated[float | None, Field(description="As of the whole record.")]


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """The record of one model version. Ratios below 1 are better than the baseline."""

    model_version: Annotated[str, Field(description="The model.")]
    n: Annotated[Count, Field(description="Settled predictions.")]
    sessions: Annotated[Count, Field(description="Sessions they are of.")]
    first: Session
    last: Session
    coverages: Annotated[tuple[Coverage, ...], Field(description="At 50, 80 and 95 %.")]
    mae_ratio: Annotated[
        Estimate | None, Field(description="Absolute error over that of “tomorrow = today”.")
    ]
    crps_gaussian_ratio: Annotated[
        Estimate | None, Field(description="CRPS over that of an EWMA(0.94) Gaussian.")
    ]
    crps_empirical_ratio: Annotated[
        Estimate | None, Field(description="CRPS over that of the last 250 returns.")
    ]
    direction: Annotated[Direction | None, Field(description="Which way closes went.")]
    best_buys: Annotated[
        BestBuyRecord | None, Field(description="Of the watchlist; null for a single stock.")
    ]
    revised: Annotated[Count, Field(description="Outcomes corrected since they were stored.")]
    input_healed: Annotated[
        Count, Field(description="Predictions made from a close that was corrected later.")
    ]
    stocks: Annotated[tuple[StockRecord, ...], Field(description="By symbol.")]
    verdicts: Annotated[tuple[str, ...], Field(description="What the figures say, in words.")]


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """How good the predictions of one origin were; live and replayed ones are never mixed."""

    symbol: Annotated[str | None, Field(description="The stock, null for all of them.")]
    origin: Annotated[PresentedOrigin, Field(description=ORIGIN_DESCRIPTION)]
    window: Annotated[Window, Field(description="The newest so many settled sessions.")]
    last_settled: Annotated[
        Session | None, Field(description="Newest session of which a prediction is settled.")
    ]
    pending: Annotated[Count, Field(description="Predictions whose close has not arrived.")]
    verdicts: Annotated[tuple[str, ...], Field(description="Those of the newest model version.")]
    versions: Annotated[tuple[VersionRecord, ...], Field(description="Newest first.")]
    stale_since: Annotated[
        Instant | None,
        Field(description="When these figures were last confirmed, if the database is silent."),
    ]
    source: PriceProvider
    is_sample: Sample
    is_rehearsal: Rehearsal


@dataclass(frozen=True, slots=True)
class Pending:
    """A prediction whose session has closed and which cannot be settled yet."""

    symbol: Symbol
    target: Session
    origin: PresentedOrigin
    reason: Annotated[str, Field(description="Why not.")]


@dataclass(frozen=True, slots=True)
class Settlement:
    """What one run of `oracle settle` did."""

    sessions: Count
    settled: Count
    revised: Count
    unchanged: Count
    pending: tuple[Pending, ...]


@dataclass(frozen=True, slots=True)
class Skipped:
    """A session or stock that could not be replayed."""

    what: str
    reason: str


@dataclass(frozen=True, slots=True)
class Replay:
    """What one run of `oracle replay` did, and the record of all replayed predictions."""

    sessions: Count
    made: Count
    found: Count
    skipped: tuple[Skipped, ...]
    settlement: Settlement
    record: TrackRecord
