"""One stock's daily bars as a CSV file (RFC 4180)."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from oracle.web.api.present_history import YEARS_OF_SESSIONS
from oracle.web.api.record_csv import disarm, write_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from oracle.domain.prices import PriceHistory
    from oracle.services.predict_stock import StockReport

COLUMNS = ("open", "high", "low", "close", "adj_close", "volume")
HEADINGS = ("symbol", "session", *COLUMNS, "currency", "source")


def write_history(report: StockReport) -> bytes:
    """Return the file: five years of bars, oldest first; without any the headings alone."""
    history = report.history
    source = report.status.source.value
    rows = iter(()) if history is None else _rows(history.latest(YEARS_OF_SESSIONS), source)
    return write_lines([HEADINGS, *rows])


def _rows(history: PriceHistory, source: str) -> Iterator[list[object]]:
    sessions: list[date] = history.sessions.astype("datetime64[D]").tolist()
    columns: list[list[float]] = [getattr(history, name).tolist() for name in COLUMNS]
    for session, *values in zip(sessions, *columns, strict=True):
        yield [
            disarm(history.symbol),
            session.isoformat(),
            *(value if isfinite(value) else None for value in values),
            disarm(history.currency),
            source,
        ]
