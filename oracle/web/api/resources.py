"""The objects of the JSON interface; the OpenAPI description is derived from these alone."""

from __future__ import annotations

# Pydantic reads these annotations while the program runs, so the types are imported for good.
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated

from pydantic import Field

from oracle.domain.instruments import Provider
from oracle.domain.prices import MarketState  # noqa: TC001
from oracle.web.origins import PresentedOrigin  # noqa: TC001

ORIGIN_DESCRIPTION = (
    "`live`: from live prices, stored before the target session closed; `sample` and `rehearsal`: "
    "so with prices that are not live; `replay`: computed afterwards."
)
Symbol = Annotated[str, Field(description="Stock symbol, share classes with a dash.")]
Price = Annotated[float, Field(description="Price in the stock's currency.")]
Session = Annotated[date, Field(description="Trading session of the exchange, as a date.")]
Instant = Annotated[datetime, Field(description="Instant in UTC, ISO 8601 with a Z.")]
Sample = Annotated[
    bool, Field(description="Whether every price is sample data and none of it live.")
]
Rehearsal = Annotated[
    bool,
    Field(description="Whether a server stands in for Yahoo, or the clock was moved: not live."),
]
PriceProvider = Annotated[Provider, Field(description="Who delivers the prices.")]


@dataclass(frozen=True, slots=True)
class CurrentPrice:
    """The last known price. `stale` says that it is older than it should be."""

    price: Price
    as_of: Instant
    market_state: Annotated[MarketState, Field(description="The exchange's state now.")]
    source: PriceProvider
    stale: Annotated[bool, Field(description="Whether the price is older than it should be.")]


@dataclass(frozen=True, slots=True)
class Quantile:
    """With probability `level` the close is at or below `price`."""

    level: Annotated[float, Field(gt=0, lt=1, description="Probability.")]
    price: Price


@dataclass(frozen=True, slots=True)
class StockPrediction:
    """What is predicted for the close of `target`, made from prices up to the close of `as_of`.

    An abstained prediction may have no numbers: `point` is null and `quantiles` empty.
    """

    as_of: Session
    target: Session
    starting_price: Annotated[float, Field(description="The close of `as_of`.")]
    point: Annotated[float | None, Field(description="Predicted close.")]
    change_percent: Annotated[
        float | None, Field(description="`point` against `starting_price`, in per cent.")
    ]
    quantiles: Annotated[
        tuple[Quantile, ...], Field(description="The distribution: 39 levels, or none.")
    ]
    model_version: Annotated[str, Field(description="The model that made it.")]
    abstained: Annotated[bool, Field(description="Whether the model declines to say.")]
    reasons: Annotated[tuple[str, ...], Field(description="In words: why it abstained, say.")]
    outdated: Annotated[
        bool, Field(description="Whether a newer session has closed since it was made.")
    ]
    origin: Annotated[PresentedOrigin, Field(description=ORIGIN_DESCRIPTION)]
    created_at: Instant
    fingerprint: Annotated[str, Field(description="SHA-256 of everything that went in.")]


@dataclass(frozen=True, slots=True)
class Stock:
    """One stock: its current price and its prediction, null where there is none.

    Then `notices` says what failed and what still works.
    """

    symbol: Symbol
    name: Annotated[str, Field(description="The company's or fund's name.")]
    exchange: Annotated[str, Field(description="Where it trades; may be empty.")]
    currency: Annotated[str, Field(description="ISO 4217 code of all its prices.")]
    current: Annotated[CurrentPrice | None, Field(description="The last known price.")]
    prediction: Annotated[StockPrediction | None, Field(description="The prediction.")]
    source: PriceProvider
    is_sample: Sample
    is_rehearsal: Rehearsal
    notices: Annotated[tuple[str, ...], Field(description="What failed and what still works.")]


@dataclass(frozen=True, slots=True)
class BestStock:
    """The best buy and the reason in words."""

    symbol: Symbol
    reason: Annotated[str, Field(description="Why it is the best of these.")]
    covers_costs: Annotated[
        bool,
        Field(
            description="Whether more is expected of it than buying and selling it costs (0.10 %); "
            "where it is false, call it best before costs."
        ),
    ]


@dataclass(frozen=True, slots=True)
class RankedStock:
    """One place of the ranking; rank 1 is the best."""

    rank: Annotated[int, Field(ge=1, description="Place in the ranking.")]
    symbol: Symbol
    name: Annotated[str, Field(description="The company's or fund's name.")]
    current_price: Annotated[float, Field(description="The close of `as_of`.")]
    predicted_price: Annotated[float | None, Field(description="Predicted close of `target`.")]
    change_percent: Annotated[float | None, Field(description="The difference, in per cent.")]
    lower_80: Annotated[float | None, Field(description="Lower end of the 80 % interval.")]
    upper_80: Annotated[float | None, Field(description="Upper end of the 80 % interval.")]
    score: Annotated[
        float, Field(description="Expected log return over half the 80 % log interval's width.")
    ]


@dataclass(frozen=True, slots=True)
class UnavailableStock:
    """A stock that could not be ranked."""

    symbol: Symbol
    reason: Annotated[str, Field(description="Why it could not be ranked.")]


@dataclass(frozen=True, slots=True)
class Recommendation:
    """Stocks in order of expected return for their risk.

    `best` is null when none is expected to rise or none could be forecast.
    """

    as_of: Session
    target: Session
    best: Annotated[BestStock | None, Field(description="The best buy.")]
    stocks: Annotated[tuple[RankedStock, ...], Field(description="Best first.")]
    unavailable: Annotated[tuple[UnavailableStock, ...], Field(description="Not ranked.")]
    outdated: Annotated[
        bool, Field(description="Whether a newer session has closed since it was made.")
    ]
    target_closed: Annotated[
        bool, Field(description="Whether the target session is over: then nothing is to be bought.")
    ]
    model_version: Annotated[str, Field(description="The model that made it.")]
    created_at: Instant
    source: PriceProvider
    is_sample: Sample
    is_rehearsal: Rehearsal


@dataclass(frozen=True, slots=True)
class SearchMatch:
    """One instrument found."""

    symbol: Symbol
    name: Annotated[str, Field(description="The company's or fund's name.")]
    exchange: Annotated[str, Field(description="Where it trades; may be empty.")]
    currency: Annotated[str, Field(description="ISO 4217 code of its prices.")]
    score: Annotated[float, Field(ge=0, le=100, description="How well it matches.")]
    exact: Annotated[bool, Field(description="Whether name or symbol match exactly.")]


@dataclass(frozen=True, slots=True)
class SearchResults:
    """Instruments whose name or symbol matches, best first."""

    query: Annotated[str, Field(description="The text searched for, white space folded.")]
    exact: Annotated[
        str | None, Field(description="The symbol that was surely meant, if there is one.")
    ]
    matches: Annotated[tuple[SearchMatch, ...], Field(description="Best first.")]
    source: PriceProvider
    is_sample: Sample
    is_rehearsal: Rehearsal


@dataclass(frozen=True, slots=True)
class ProblemDetails:
    """What went wrong (RFC 9457), with a hint and the request's id."""

    type: Annotated[str, Field(description="Address of the kind of problem's description.")]
    title: Annotated[str, Field(description="The kind of problem, in words.")]
    status: Annotated[int, Field(ge=400, le=599, description="The HTTP status.")]
    detail: Annotated[str, Field(description="What happened this time.")]
    instance: Annotated[str, Field(description="The path that was asked for.")]
    hint: Annotated[str, Field(description="What to do next; may be empty.")]
    request_id: Annotated[str, Field(description="The id that the log lines carry.")]
    suggestions: Annotated[
        tuple[str, ...], Field(description="Symbols that may have been meant.")
    ] = ()
