"""Decides which delivered prices may be stored, and says so where some may not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.errors import FeedRejected
from oracle.domain.splicing import splice_history
from oracle.domain.validation import check_quote, complete_rows, validate_history
from oracle.observability import metrics
from oracle.observability.logs import get_logger

if TYPE_CHECKING:
    from datetime import date

    from oracle.domain.prices import PriceHistory, Quote
    from oracle.ports import FetchedHistory, TradingCalendar

_log = get_logger(__name__)


def accept_bars(
    fetched: FetchedHistory,
    *,
    stored: PriceHistory | None,
    calendar: TradingCalendar,
    last_session: date,
) -> PriceHistory:
    """Return what may be stored: complete and believable bars, joined to older stored ones.

    Raises FeedRejected when the answer as a whole cannot be true.
    """
    complete = complete_rows(fetched.history, calendar=calendar, last_session=last_session)
    checked = validate_history(complete, stored=stored, splits=fetched.splits)
    for row in checked.withheld:
        metrics.feed_rows_withheld.inc()
        _log.warning(
            "bar_withheld", symbol=complete.symbol, session=str(row.session), why=row.reason
        )
    return splice_history(stored, checked.history)


def believe_quote(quote: Quote | None, accepted: PriceHistory) -> Quote | None:
    """Return the quote unless it cannot be true beside the accepted bars."""
    if quote is None:
        return None
    try:
        check_quote(quote, last_close(accepted))
    except FeedRejected as error:
        # The bars stand by themselves; only this one price is not shown to anybody.
        _log.warning("quote_withheld", symbol=quote.symbol, why=str(error))
        return None
    return quote


def last_close(history: PriceHistory) -> float | None:
    """Return the newest close, or None for an empty history."""
    return float(history.close[-1]) if len(history) else None
