"""The history of one stock: what its chart needs, and the same as a table."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from oracle.domain.forecasts import Origin
from oracle.web import formatting
from oracle.web.origins import PresentedOrigin
from oracle.web.record_question import RecordQuestion

if TYPE_CHECKING:
    from oracle.web.api.history_resources import DailyClose, PastPrediction, StockHistory
    from oracle.web.formatting import Change

ROWS = 30
"""So many of the last sessions stand in the table."""


@dataclass(frozen=True, slots=True)
class Span:
    """A range of the chart to choose: its short name, its name in full, how many sessions."""

    short: str
    name: str
    sessions: int
    is_first: bool = False


SPANS = (
    Span("1M", "one month", 21),
    Span("6M", "six months", 126, is_first=True),
    Span("1Y", "one year", 252),
    Span("5Y", "five years", 1260),
)


@dataclass(frozen=True, slots=True)
class HistoryRow:
    """One session: its close, what was predicted for it, and whether that range held."""

    session: str
    close: str
    change: Change
    predicted: str
    lower: str
    upper: str
    verdict: str


@dataclass(frozen=True, slots=True)
class HistoryView:
    """The chart's source and choices, the key to its marks, and its last sessions as a table.

    `origin` says where the predictions come from, `predictions_address` where they are as a file;
    both are empty without any.
    """

    address: str
    csv_address: str
    predictions_address: str
    spans: tuple[Span, ...]
    origin: str
    rows: tuple[HistoryRow, ...]


def build_history_view(history: StockHistory) -> HistoryView:
    """Return the view of what the JSON interface says of the stock."""
    settled = history.settled
    past = {} if settled is None else {each.target: each for each in settled.predictions}
    closes = history.closes[-ROWS - 1 :]
    rows = [
        _row(each, before, past.get(each.session), history.currency)
        for before, each in pairwise(closes)
    ]
    address = f"/api/v1/stocks/{history.symbol}/history"
    return HistoryView(
        address=address,
        csv_address=f"{address}.csv",
        predictions_address=_find_file(history) if past else "",
        spans=SPANS,
        origin=_name_origin(settled.origin) if settled is not None and past else "",
        rows=tuple(reversed(rows)),
    )


def _find_file(history: StockHistory) -> str:
    """Return where the stock's settled predictions are, of the origin that the chart shows."""
    is_replay = history.settled is not None and history.settled.origin is PresentedOrigin.REPLAY
    asked = RecordQuestion(history.symbol, Origin.REPLAY if is_replay else Origin.LIVE)
    return asked.address("/api/v1/track-record.csv")


def _name_origin(origin: PresentedOrigin) -> str:
    return "replayed afterwards" if origin is PresentedOrigin.REPLAY else "stored before the fact"


def _row(
    each: DailyClose, before: DailyClose, past: PastPrediction | None, currency: str
) -> HistoryRow:
    return HistoryRow(
        session=formatting.session(each.session),
        close=formatting.money(each.close, currency),
        change=formatting.change(100.0 * (each.close / before.close - 1.0)),
        predicted="" if past is None else formatting.money(past.predicted, currency),
        lower="" if past is None else formatting.money(past.lower_80, currency),
        upper="" if past is None else formatting.money(past.upper_80, currency),
        verdict="" if past is None else ("inside" if past.inside_80 else "outside"),
    )
