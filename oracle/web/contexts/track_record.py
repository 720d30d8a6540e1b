"""The page of the record: live and replayed predictions, apart."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.forecasts import Origin
from oracle.domain.track_record import MIN_SETTLED_SESSIONS
from oracle.web import formatting, record_charts
from oracle.web.contexts.marking import SOURCE_NAMES
from oracle.web.contexts.record_tabs import list_origins, list_windows
from oracle.web.origins import MEANINGS, TITLES, PresentedOrigin, present_origin
from oracle.web.record_question import PAGE, RecordQuestion, page_address

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from oracle.domain.track_record import (
        BestBuyScores,
        Estimate,
        Scores,
        StockScores,
        TrackRecord,
        VersionRecord,
    )
    from oracle.web.contexts.record_tabs import Tab
    from oracle.web.record_charts import Course, ReliabilityDiagram

_API = "/api/v1/track-record"
_NONE_SETTLED = {
    PresentedOrigin.LIVE: "No live prediction is settled yet.",
    PresentedOrigin.SAMPLE: "No prediction on sample data is settled yet.",
    PresentedOrigin.REHEARSAL: "No prediction of this rehearsal is settled yet.",
}


@dataclass(frozen=True, slots=True)
class FigureRow:
    """One measured figure: what it is, what would be right, its value and its interval."""

    name: str
    target: str
    value: str
    interval: str


@dataclass(frozen=True, slots=True)
class StockRow:
    """The figures of one stock."""

    symbol: str
    n: str
    coverage: str
    error: str
    crps: str
    address: str


@dataclass(frozen=True, slots=True)
class VersionView:
    """The record of one model version in words, pictures and figures.

    `coverage` is over `stretch` sessions at a time; pictures that need more sessions are None.
    """

    model_version: str
    summary: str
    verdicts: tuple[str, ...]
    reliability: ReliabilityDiagram
    coverage: Course | None
    stretch: int
    best_buy_course: Course | None
    figures: tuple[FigureRow, ...]
    best_buys: tuple[FigureRow, ...]
    best_buy_note: str
    notes: tuple[str, ...]
    stocks: tuple[StockRow, ...]


@dataclass(frozen=True, slots=True)
class RecordView:
    """The record of one origin; without versions nothing was settled yet.

    `origin` is the stored one, which addresses name; `badge` is what people are told.
    """

    origin: str
    badge: str
    title: str
    meaning: str
    versions: tuple[VersionView, ...]
    pending: str
    empty: str
    json_address: str
    csv_address: str


@dataclass(frozen=True, slots=True)
class TrackRecordPage:
    """The page `/track-record`, of all stocks or of one, with both origins or one."""

    symbol: str | None
    windows: tuple[Tab, ...]
    origins: tuple[Tab, ...]
    records: tuple[RecordView, ...]
    source: str
    all_address: str
    stale: str


def build_track_record_page(
    records: Sequence[TrackRecord], origin: Origin | None, now: datetime
) -> TrackRecordPage:
    """Return the page, at that moment, of records that answer the same question.

    `origin` is the one asked for, None for both.
    """
    shown = records[0]
    return TrackRecordPage(
        symbol=shown.symbol,
        windows=list_windows(shown, origin),
        origins=list_origins(shown, origin),
        records=tuple(_view(each) for each in records),
        source=SOURCE_NAMES[shown.source],
        all_address=page_address(None, origin, shown.window),
        stale=_say_stale(records, now),
    )


def _say_stale(records: Sequence[TrackRecord], now: datetime) -> str:
    since = [each.stale_since for each in records if each.stale_since is not None]
    if not since:
        return ""
    return (
        "The database does not answer at the moment. These figures are "
        f"{formatting.age(now - min(since))}."
    )


def _view(record: TrackRecord) -> RecordView:
    asked = RecordQuestion(record.symbol, record.origin, record.window)
    file = RecordQuestion(record.symbol, record.origin)
    count = record.pending
    presented = present_origin(record.origin, record.source)
    return RecordView(
        origin=record.origin.value,
        badge=presented.value,
        title=TITLES[presented],
        meaning=MEANINGS[record.origin],
        versions=tuple(_version(each, record) for each in record.versions),
        pending=(
            ""
            if not count
            else f"{count} prediction{'' if count == 1 else 's'} of closed sessions "
            f"still wait{'s' if count == 1 else ''} for the close."
        ),
        empty="" if record.versions else _say_empty(record),
        json_address=asked.address(_API),
        csv_address=file.address(f"{_API}.csv"),
    )


def _say_empty(record: TrackRecord) -> str:
    if record.origin is Origin.LIVE:
        return (
            f"{_NONE_SETTLED[present_origin(record.origin, record.source)]} The first ones are "
            "once the session they were made for has closed."
        )
    return "Nothing has been replayed. The command `oracle replay --sessions 250` does it."


def _version(version: VersionRecord, record: TrackRecord) -> VersionView:
    scores = version.scores
    plural = "" if scores.sessions == 1 else "s"
    return VersionView(
        model_version=version.model_version,
        summary=(
            f"{scores.n:,} predictions of {scores.sessions} session{plural}, "
            f"{formatting.session(scores.first)} to {formatting.session(scores.last)}"
        ),
        verdicts=version.verdicts,
        reliability=record_charts.draw_reliability(scores.coverages),
        coverage=record_charts.draw_coverage(scores.rolling_80),
        stretch=MIN_SETTLED_SESSIONS,
        best_buy_course=(
            None
            if version.best_buys is None
            else record_charts.draw_best_buys(version.best_buys.course)
        ),
        figures=_figures(scores),
        best_buys=() if version.best_buys is None else _best_buys(version.best_buys),
        best_buy_note="" if version.best_buys is None else _explain_best_buys(version.best_buys),
        notes=_notes(scores),
        stocks=() if record.symbol else tuple(_stock(each, record) for each in version.stocks),
    )


def _figures(scores: Scores) -> tuple[FigureRow, ...]:
    rows = [
        FigureRow(
            f"Closes in the {formatting.level(each.level)} range",
            formatting.level(each.level),
            formatting.percent(100.0 * each.share.value, 1),
            _interval(each.share, 100.0, 1),
        )
        for each in scores.coverages
    ]
    ratios = (
        ("Error against “tomorrow = today”", scores.mae_ratio),
        ("CRPS against an EWMA Gaussian", scores.crps_gaussian_ratio),
        ("CRPS against the last 250 returns", scores.crps_empirical_ratio),
    )
    rows += [
        FigureRow(name, "below 1", formatting.decimal(each.value, 4), _interval(each, 1.0, 4))
        for name, each in ratios
        if each is not None
    ]
    if scores.direction is not None:
        rows.append(
            FigureRow(
                "Direction right",
                f"above {formatting.percent(100.0 * scores.direction.always_up.value, 1)} "
                "(always up)",
                formatting.percent(100.0 * scores.direction.right.value, 1),
                _interval(scores.direction.right, 100.0, 1),
            )
        )
    return tuple(rows)


def _best_buys(scores: BestBuyScores) -> tuple[FigureRow, ...]:
    means = (
        ("Best buy, a session, after costs", scores.best_return),
        ("All of them, a session", scores.all_return),
        ("Difference", scores.edge),
    )
    rows = [
        FigureRow(
            name, "", formatting.change(100.0 * each.value, 3).text, _interval(each, 100.0, 3)
        )
        for name, each in means
    ]
    values = (("100 in the best buys", scores.best_value), ("100 in all of them", scores.all_value))
    rows += [FigureRow(f"{name} became", "", formatting.decimal(each), "") for name, each in values]
    return tuple(rows)


def _explain_best_buys(scores: BestBuyScores) -> str:
    cost = formatting.percent(100.0 * scores.cost)
    return (
        f"A best buy was named in {scores.picked} of {scores.sessions} sessions. Each is held for "
        f"that session; another stock was bought {scores.switches} times, at {cost} for each "
        "round trip. Purchases are counted at the close the ranking starts from, which nobody "
        "gets quite."
    )


def _notes(scores: Scores) -> tuple[str, ...]:
    notes = []
    if scores.revised:
        notes.append(f"Outcomes corrected because a price was: {scores.revised}.")
    if scores.input_healed:
        notes.append(f"Predictions made from a close that was corrected: {scores.input_healed}.")
    return tuple(notes)


def _stock(scores: StockScores, record: TrackRecord) -> StockRow:
    return StockRow(
        symbol=scores.symbol,
        n=f"{scores.n:,}",
        coverage=formatting.percent(100.0 * scores.coverage_80, 1),
        error=formatting.decimal(scores.mae_ratio, 3),
        crps=formatting.decimal(scores.crps_gaussian_ratio, 3),
        address=RecordQuestion(scores.symbol, window=record.window).address(PAGE),
    )


def _interval(estimate: Estimate, factor: float, places: int) -> str:
    if estimate.lower is None or estimate.upper is None:
        return "too few sessions"
    ends = (estimate.lower, estimate.upper)
    return " to ".join(formatting.decimal(factor * end, places) for end in ends)
