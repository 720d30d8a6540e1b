"""The record as a CSV file (RFC 4180): one row per settled prediction."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from oracle.web import formatting
from oracle.web.origins import present_origin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    from oracle.domain.outcomes import SettledPrediction

CSV = "text/csv; charset=utf-8"
LEVELS = (0.5, 0.8, 0.95)
HEADINGS = (
    *("symbol", "as_of", "target", "currency", "current_price", "point"),
    *("lower_50", "upper_50", "lower_80", "upper_80", "lower_95", "upper_95"),
    *("actual", "inside_50", "inside_80", "inside_95"),
    *("error", "naive_error", "crps", "crps_ewma", "crps_rolling"),
    *("model_version", "origin", "source", "created_at", "settled_at", "revised_at", "revisions"),
    *("input_healed", "first_actual"),
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


async def write_csv(pages: AsyncIterator[Sequence[SettledPrediction]]) -> AsyncIterator[bytes]:
    """Yield the file in pieces, its headings first."""
    yield write_lines([HEADINGS])
    async for page in pages:
        yield write_lines(_cells(each) for each in page)


def disarm(text: str) -> str:
    """Return the text such that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def write_lines(rows: Iterable[Sequence[object]]) -> bytes:
    """Return the rows as lines of the file; None is an empty cell."""
    sink = io.StringIO(newline="")
    csv.writer(sink, lineterminator="\r\n").writerows(rows)
    return sink.getvalue().encode()


def _cells(settled: SettledPrediction) -> list[object]:
    prediction, outcome = settled.prediction, settled.outcome
    if outcome is None:
        raise ValueError(f"a pending prediction of {prediction.symbol} has no row")
    intervals = [prediction.interval(level) for level in LEVELS]
    ends = [end for each in intervals if each for end in (each.lower, each.upper)]
    # Numbers are written as they are: csv spells them with all their digits.
    return [
        disarm(prediction.symbol),
        prediction.as_of.isoformat(),
        prediction.target.isoformat(),
        disarm(prediction.currency),
        prediction.current_price,
        prediction.point,
        *ends,
        outcome.actual,
        *(_flag(each) for each in (outcome.inside_50, outcome.inside_80, outcome.inside_95)),
        outcome.error,
        outcome.naive_error,
        outcome.crps,
        "" if outcome.crps_gaussian is None else outcome.crps_gaussian,
        "" if outcome.crps_empirical is None else outcome.crps_empirical,
        disarm(prediction.model_version),
        present_origin(prediction.origin, prediction.source).value,
        prediction.source.value,
        formatting.machine_time(prediction.created_at),
        formatting.machine_time(outcome.settled_at),
        "" if outcome.revised_at is None else formatting.machine_time(outcome.revised_at),
        outcome.revisions,
        _flag(outcome.input_healed),
        "" if settled.first_actual is None else settled.first_actual,
    ]


def _flag(value: bool) -> str:  # noqa: FBT001 - a value to be written, not a switch
    return "true" if value else "false"
