"""The table of the JSON interface's operations; routes and description are checked against it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from oracle.domain.forecasts import Origin
from oracle.domain.instruments import MAX_QUERY_LENGTH
from oracle.domain.rankings import MAX_SELECTION, MIN_SELECTION
from oracle.domain.track_record import Window
from oracle.web.api.digest_resources import Digest, DigestArchive
from oracle.web.api.history_resources import StockHistory
from oracle.web.api.record_resources import TrackRecord
from oracle.web.api.resources import Recommendation, SearchResults, Stock
from oracle.web.api.subscriber_resources import SignUp, SignUpAnswer


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter of an operation, with its JSON schema."""

    name: str
    location: str
    required: bool
    description: str
    schema: dict[str, Any]
    example: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation: `method` on `path`, answered by `response` or by one of `problems`.

    `response` None is a CSV file. `body` is what a POST sends, and `example_body` one of it;
    `success` its status.
    """

    path: str
    name: str
    summary: str
    description: str
    parameters: tuple[Parameter, ...]
    response: type[Any] | None
    problems: tuple[int, ...]
    example: str
    method: str = "GET"
    body: type[Any] | None = None
    example_body: str = ""
    success: int = 200


_SYMBOL = r"[A-Za-z0-9][A-Za-z0-9.\-]{0,9}"
SYMBOL_PATTERN: Final = f"^{_SYMBOL}$"
SELECTION_PATTERN: Final = f"^{_SYMBOL}(,{_SYMBOL}){{{MIN_SELECTION - 1},{MAX_SELECTION - 1}}}$"
QUERY_PATTERN: Final = "^[ -~\u00c0-\u024f]*[!-~\u00c0-\u024f][ -~\u00c0-\u024f]*$"
"""Printable text in Latin letters, one of which is no space; other scripts are taken as well."""

_STOCK_SYMBOL: Final = Parameter(
    name="symbol",
    location="path",
    required=True,
    description="Stock symbol; letters of either case, share classes as BRK-B or BRK.B",
    schema={"type": "string", "pattern": SYMBOL_PATTERN},
    example="AAPL",
)
_RECORD_SYMBOL: Final = Parameter(
    name="symbol",
    location="query",
    required=False,
    description="One stock; without it all of them",
    schema={"type": "string", "pattern": SYMBOL_PATTERN},
    example="AAPL",
)
_RECORD_ORIGIN: Final = Parameter(
    name="origin",
    location="query",
    required=False,
    description="`live` (without it) or `replay`: computed afterwards from past prices",
    schema={"type": "string", "enum": [each.value for each in Origin]},
    example="replay",
)
_RECORD_WINDOW: Final = Parameter(
    name="window",
    location="query",
    required=False,
    description="The newest 60 or 250 (without it) settled sessions, or all",
    schema={"type": "string", "enum": [each.value for each in Window]},
    example="60",
)

OPERATIONS: Final = (
    Operation(
        path="/api/v1/stocks/{symbol}",
        name="getStock",
        summary="One stock: current price and predicted close",
        description=(
            "Answers with the last known price and the prediction for the next session, also while "
            "the price feed is out of order: what is not known is null, and `notices` says why."
        ),
        parameters=(_STOCK_SYMBOL,),
        response=Stock,
        problems=(400, 404, 422, 429, 503),
        example="/api/v1/stocks/AAPL",
    ),
    Operation(
        path="/api/v1/stocks/{symbol}/history",
        name="getStockHistory",
        summary="One stock: five years of closes, and what was predicted",
        description=(
            "Daily closes, the prediction for the next session, and the last settled predictions: "
            "live ones if there are any, else replayed ones, which `origin` says; never both. "
            "Their prices are put on the scale of these closes, after splits since."
        ),
        parameters=(_STOCK_SYMBOL,),
        response=StockHistory,
        problems=(400, 404, 422, 429, 503),
        example="/api/v1/stocks/AAPL/history",
    ),
    Operation(
        path="/api/v1/stocks/{symbol}/history.csv",
        name="downloadStockHistory",
        summary="One stock's daily bars, as a file",
        description=(
            "One row per session, oldest first; a cell is empty where the feed gave nothing. "
            "`source` says `sample` where prices are sample data."
        ),
        parameters=(_STOCK_SYMBOL,),
        response=None,
        problems=(400, 404, 422, 429, 503),
        example="/api/v1/stocks/AAPL/history.csv",
    ),
    Operation(
        path="/api/v1/recommendation",
        name="getRecommendation",
        summary="Several stocks, best first, and the best buy",
        description=(
            "Without `symbols` the ten stocks of the watchlist are ranked. The order is that of "
            "the expected log return over half the width of the 80 % log interval."
        ),
        parameters=(
            Parameter(
                name="symbols",
                location="query",
                required=False,
                description=f"{MIN_SELECTION} to {MAX_SELECTION} different symbols and commas",
                schema={"type": "string", "pattern": SELECTION_PATTERN},
                example="AAPL,MSFT,JPM",
            ),
        ),
        response=Recommendation,
        problems=(400, 422, 429, 503),
        example="/api/v1/recommendation?symbols=AAPL,MSFT,JPM",
    ),
    Operation(
        path="/api/v1/search",
        name="searchSymbols",
        summary="Search by name or symbol, typing errors forgiven",
        description="Searches the local directory and asks no feed.",
        parameters=(
            Parameter(
                name="q",
                location="query",
                required=True,
                description="A company's name or its symbol",
                schema={
                    "type": "string",
                    "minLength": 1,
                    "maxLength": MAX_QUERY_LENGTH,
                    "pattern": QUERY_PATTERN,
                },
                example="appel",
            ),
        ),
        response=SearchResults,
        problems=(400, 422, 429),
        example="/api/v1/search?q=appel",
    ),
    Operation(
        path="/api/v1/track-record",
        name="getTrackRecord",
        summary="How good the predictions were",
        description=(
            "Settled predictions of one origin, by model version: coverage of the ranges, errors "
            "relative to simple baselines, direction, best buys; with 95 % confidence intervals "
            "and verdicts in words. Figures have no interval before 30 sessions are settled."
        ),
        parameters=(_RECORD_SYMBOL, _RECORD_ORIGIN, _RECORD_WINDOW),
        response=TrackRecord,
        problems=(400, 404, 429, 503),
        example="/api/v1/track-record?origin=replay&window=60",
    ),
    Operation(
        path="/api/v1/track-record.csv",
        name="downloadTrackRecord",
        summary="Every settled prediction, as a file",
        description=(
            "One row per settled prediction, oldest first. `actual` is in the prediction's own "
            "prices: splits and dividends after `as_of` are taken back. `source` says `sample` "
            "where prices are sample data."
        ),
        parameters=(_RECORD_SYMBOL, _RECORD_ORIGIN),
        response=None,
        problems=(400, 404, 429, 503),
        example="/api/v1/track-record.csv?symbol=AAPL",
    ),
    Operation(
        path="/api/v1/subscribers",
        name="subscribe",
        summary="Ask for the evening digest",
        description=(
            "A mail with a link to confirm is sent to the address, unless it was sent too many of "
            "late. The answer is the same for every address: it does not tell whether one is "
            "subscribed."
        ),
        parameters=(),
        response=SignUpAnswer,
        problems=(400, 413, 415, 422, 429, 503),
        example="/api/v1/subscribers",
        method="POST",
        body=SignUp,
        example_body='{"email": "name@example.org"}',
        success=202,
    ),
    Operation(
        path="/api/v1/digests",
        name="listDigests",
        summary="The digests that were",
        description="The newest 250, each with what it named best buy.",
        parameters=(),
        response=DigestArchive,
        problems=(429, 503),
        example="/api/v1/digests",
    ),
    Operation(
        path="/api/v1/digests/{session}",
        name="getDigest",
        summary="One digest, and what came of it",
        description=(
            "What the digest of that session said of the watchlist, as it was frozen that evening, "
            "beside what has been settled since."
        ),
        parameters=(
            Parameter(
                name="session",
                location="path",
                required=True,
                description="The session from whose close was predicted",
                schema={"type": "string", "format": "date"},
                example="2022-12-28",
            ),
        ),
        response=Digest,
        problems=(404, 429, 503),
        example="/api/v1/digests/2022-12-28",
    ),
)

QUERY_NAMES: Final = {
    operation.path: frozenset(
        parameter.name for parameter in operation.parameters if parameter.location == "query"
    )
    for operation in OPERATIONS
}
"""By path, which parameters may stand in the query."""
