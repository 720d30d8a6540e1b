"""The page that says what works now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oracle.services.read_service_status import Condition
from oracle.web import formatting
from oracle.web.contexts.marking import SOURCE_NAMES

if TYPE_CHECKING:
    from datetime import datetime

    from oracle.services.read_service_status import ServiceStatus

_SIGNS: Final = {
    Condition.WORKING: ("✓", "Works"),
    Condition.LATE: ("!", "Behind"),
    Condition.FAILING: ("✕", "Fails"),
    Condition.UNKNOWN: ("?", "Not known"),
}
_HEADLINES: Final = {
    Condition.WORKING: "Everything works",
    Condition.LATE: "It works, but not everything is up to date",
    Condition.FAILING: "Something does not work",
    Condition.UNKNOWN: "What works is not known",
}
_SILENT = "The database, which knows this, does not answer."


@dataclass(frozen=True, slots=True)
class Moment:
    """An instant on the exchange's clock, in UTC, and for machines."""

    text: str
    utc: str
    machine: str


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One part of the service: its state as a sign and a word, and what that means."""

    name: str
    condition: Condition
    sign: str
    word: str
    sentence: str
    since: str = ""
    moment: Moment | None = None


@dataclass(frozen=True, slots=True)
class StatusPage:
    """The page `/status`: the whole in one line, then part by part."""

    headline: str
    condition: Condition
    sign: str
    lines: tuple[StatusLine, ...]
    checked: Moment
    source: str


def build_status_page(status: ServiceStatus) -> StatusPage:
    """Return the service's state in words."""
    return StatusPage(
        headline=_HEADLINES[status.overall],
        condition=status.overall,
        sign=_SIGNS[status.overall][0],
        lines=(
            _feed(status),
            _database(status),
            _closes(status),
            _fit(status),
            _run(status),
            _next(status),
        ),
        checked=_moment(status.market.now),
        source=SOURCE_NAMES[status.market.source],
    )


def _feed(status: ServiceStatus) -> StatusLine:
    fetched = None if status.stored is None else status.stored.last_fetch
    sentences = {
        Condition.WORKING: "The source of prices answers.",
        Condition.FAILING: "The source of prices refused or kept failing and is left alone for a "
        "while. Pages show the last good prices with their age.",
        Condition.UNKNOWN: "No price of the watchlist has been fetched from this source yet.",
    }
    sentence = _SILENT if status.stored is None and not status.feed_paused else ""
    return _line(
        "Price feed", status.feed, sentence or sentences[status.feed], "Last good fetch", fetched
    )


def _database(status: ServiceStatus) -> StatusLine:
    works = status.database is Condition.WORKING
    return _line(
        "Database",
        status.database,
        "It answers."
        if works
        else "It does not answer. Search works, and pages that were made before may still show.",
    )


def _closes(status: ServiceStatus) -> StatusLine:
    newest = None if status.stored is None else status.stored.newest_close
    expected = formatting.session(status.market.as_of)
    sentences = {
        Condition.WORKING: f"The newest close of the watchlist is that of {expected}, the last "
        "session that has settled.",
        Condition.LATE: f"The close of {expected} is not there yet; "
        + (f"the newest is that of {formatting.session(newest)}." if newest else "none is stored."),
        Condition.UNKNOWN: _SILENT,
    }
    return _line("Newest close", status.closes, sentences[status.closes])


def _fit(status: ServiceStatus) -> StatusLine:
    fit = None if status.stored is None else status.stored.fit
    session = formatting.session(status.market.as_of)
    sentences = {
        Condition.WORKING: f"The model was fitted on prices up to {session} and frozen.",
        Condition.LATE: f"The model has not been fitted on prices up to {session} yet.",
        Condition.UNKNOWN: _SILENT,
    }
    made = None if fit is None else fit.created_at
    return _line("Model fit", status.fit, sentences[status.fit], "Frozen", made)


def _run(status: ServiceStatus) -> StatusLine:
    ranking = None if status.stored is None else status.stored.ranking
    if status.stored is None:
        sentence = _SILENT
    elif ranking is None:
        sentence = "The watchlist has not been ranked yet."
    else:
        sentence = (
            f"The watchlist was last ranked from the close of {formatting.session(ranking.as_of)} "
            f"for that of {formatting.session(ranking.target)}."
        )
    made = None if ranking is None else ranking.created_at
    return _line("Last run", status.run, sentence, "Stored", made)


def _next(status: ServiceStatus) -> StatusLine:
    """Return when the next forecast comes; the calendar alone says that, so it always works."""
    market = status.market
    return _line(
        "Next forecast",
        Condition.WORKING,
        f"The session of {formatting.session(market.target)} is forecast now; the next one is "
        "once that has closed and its prices have settled.",
        "From",
        market.next_forecast,
    )


def _line(
    name: str, condition: Condition, sentence: str, since: str = "", moment: datetime | None = None
) -> StatusLine:
    sign, word = _SIGNS[condition]
    if moment is None:
        return StatusLine(name, condition, sign, word, sentence)
    return StatusLine(name, condition, sign, word, sentence, since, _moment(moment))


def _moment(moment: datetime) -> Moment:
    return Moment(
        formatting.exchange_time(moment),
        formatting.utc_time(moment),
        formatting.machine_time(moment),
    )
