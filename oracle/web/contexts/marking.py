"""How prices that are not live are marked, on every surface and in the same words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from oracle.domain.instruments import Source
from oracle.web import formatting

if TYPE_CHECKING:
    from oracle.services.read_market_status import MarketStatus

SOURCE_NAMES: Final = {
    Source.YAHOO: "Yahoo Finance",
    Source.SAMPLE: "Sample data, not live",
    Source.REHEARSAL: "Rehearsal, not live",
}
"""What stands beside figures, in parts of pages as well, which come without the ribbon."""

ORIGIN_NAMES: Final = {Source.SAMPLE: "sample data", Source.REHEARSAL: "rehearsal"}
"""What stands in the place of a prediction's origin where nothing was predicted live."""


@dataclass(frozen=True, slots=True)
class Marking:
    """The mark of a page: before its title, in its ribbon (`headline`, `text`), in its parts.

    `details` are shown on request; there may be none.
    """

    prefix: str
    headline: str
    text: str
    details: str
    note: str


def mark_market(status: MarketStatus) -> Marking | None:
    """Return the mark that pages of this market carry, or None where prices are live."""
    note = SOURCE_NAMES[status.source]
    if status.is_sample:
        return Marking(
            prefix="Sample data: ",
            headline="Sample data, not live.",
            text=f"Market clock: {formatting.exchange_time(status.now)}.",
            details=(
                "Daily closes of 20 US stocks up to December 2022, adjusted for dividends: "
                "earlier ones lie below what was paid on the day."
            ),
            note=note,
        )
    if status.is_rehearsal:
        return Marking(
            prefix="Rehearsal: ",
            headline="Rehearsal: not live.",
            text="Prices come from a stand-in for Yahoo, or the market clock was moved.",
            details="",
            note=note,
        )
    return None


def mark_outage(status: MarketStatus) -> Marking | None:
    """Return the mark of pages that are made without the database, or None where it answers."""
    if not status.database_away:
        return None
    return Marking(
        prefix="",
        headline="The database does not answer.",
        text="You see what was known before; nothing new is stored or sent until it is back.",
        details="",
        note="Outage",
    )
