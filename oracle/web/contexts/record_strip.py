"""The record in one strip, beside what is predicted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.forecasts import Origin
from oracle.domain.instruments import Source
from oracle.domain.wording import THIN_SPACE, count_of
from oracle.web import formatting
from oracle.web.contexts.marking import SOURCE_NAMES
from oracle.web.origins import present_origin
from oracle.web.record_question import RecordQuestion

if TYPE_CHECKING:
    from oracle.domain.track_record import Estimate, Scores, TrackRecord
    from oracle.services.read_market_status import MarketStatus

_HEADLINE_LEVEL = 0.8
_VERDICTS = 2
_ORIGINS = {
    Origin.LIVE: "Predictions stored before the session closed.",
    Origin.REPLAY: "Replayed afterwards from past prices, never counted as live.",
}


@dataclass(frozen=True, slots=True)
class RecordStrip:
    """What became of the newest model version's predictions, in one line and in figures.

    `origin` is what people are told of it, and `note` says more; `source` names prices that are
    not live.
    """

    origin: str
    note: str
    source: str
    headline: str
    settled: str
    held: str
    error: str
    verdicts: tuple[str, ...]
    address: str


def build_record_strip(record: TrackRecord | None, status: MarketStatus) -> RecordStrip | None:
    """Return the strip, or None where the record is not known.

    Where nothing is settled it says so, and when that will be by the market's status.
    """
    if record is None:
        return None
    if not record.versions:
        return _empty(record, status)
    version = record.versions[0]
    scores = version.scores
    held = _held(scores)
    sessions = count_of(scores.sessions, "session")
    return RecordStrip(
        origin=present_origin(record.origin, record.source).value,
        note=_ORIGINS[record.origin],
        source="" if record.source is Source.YAHOO else f"{SOURCE_NAMES[record.source]}.",
        headline=f"{formatting.level(_HEADLINE_LEVEL)} range held {held} of the last {sessions}",
        settled=f"{scores.n:,}",
        held=held,
        error=_error(scores.mae_ratio),
        verdicts=version.verdicts[:_VERDICTS],
        address=RecordQuestion(record.symbol).address("/track-record"),
    )


def _empty(record: TrackRecord, status: MarketStatus) -> RecordStrip:
    day = formatting.short_session(status.target)
    return RecordStrip(
        origin=present_origin(record.origin, record.source).value,
        note=(
            f"The first will be once the close of {day} is known."
            if status.target_closed
            else f"The first will be on {day}, after the close."
        ),
        source="",
        headline="No prediction has been settled yet",
        settled="0",
        held=formatting.NO_DATA,
        error=formatting.NO_DATA,
        verdicts=("No prediction has been settled yet, so there is nothing to say of them.",),
        address=RecordQuestion(record.symbol).address("/track-record"),
    )


def _held(scores: Scores) -> str:
    for each in scores.coverages:
        if each.level == _HEADLINE_LEVEL:
            return formatting.percent(100.0 * each.share.value, 0)
    return formatting.NO_DATA


def _error(ratio: Estimate | None) -> str:
    if ratio is None:
        return formatting.NO_DATA
    difference = formatting.percent(abs(100.0 * (ratio.value - 1.0)), 1)
    if not difference.strip(f"0.{THIN_SPACE}%"):
        return "the same"
    return f"{difference} {'smaller' if ratio.value < 1.0 else 'larger'}"
