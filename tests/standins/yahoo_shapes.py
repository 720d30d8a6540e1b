"""The bodies that Yahoo's endpoints answer with, in their shapes, made from made-up values."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.adapters.calendar import XnysCalendar
    from oracle.domain.prices import FloatArray
    from tests.standins.yahoo_market import Bars, Listing

NEW_YORK = ZoneInfo("America/New_York")
RANGES = ("1d", "5d", "1mo", "3mo", "6mo", "1y", "2y", "5y", "10y", "ytd", "max")
DAYS = {"1mo": 31, "3mo": 92, "6mo": 183, "1y": 366, "2y": 731, "5y": 1827, "10y": 3653}

CRUMB = "k3Yw.PqR7tZ"
TOO_MANY_REQUESTS = "Edge: Too Many Requests"
ERROR_PAGE = "<!DOCTYPE html><html lang='en'><body><h1>500 Internal Error</h1></body></html>"
OUTAGE_PAGE = "<html><body><p>Will be right back...</p><p>Thank you for waiting.</p></body></html>"


def chart_error(code: str, description: str) -> dict[str, Any]:
    """Return a chart answer that explains why there are no prices."""
    return {"chart": {"result": None, "error": {"code": code, "description": description}}}


def finance_error(code: str, description: str) -> dict[str, Any]:
    """Return an answer of the whole service that refuses the request."""
    return {"finance": {"result": None, "error": {"code": code, "description": description}}}


def delisted() -> dict[str, Any]:
    """Return the answer about a symbol that is not traded."""
    return chart_error("Not Found", "No data found, symbol may be delisted")


def search_answer(listings: Sequence[Listing]) -> dict[str, Any]:
    """Return a search's answer with these hits, a private company and an option among them."""
    hits: list[dict[str, Any]] = [
        {
            "exchange": listing.exchange,
            "shortname": listing.name[:30],
            "quoteType": listing.kind,
            "symbol": listing.symbol,
            "index": "quotes",
            "score": 30000.0 - place,
            "typeDisp": listing.kind.title(),
            "longname": listing.name,
            "exchDisp": listing.place,
            "isYahooFinance": True,
        }
        for place, listing in enumerate(listings)
    ]
    if hits:
        hits.append({"index": "abc123", "name": "A Private Company", "isYahooFinance": False})
        option = {"symbol": "OPT991231C00100000", "quoteType": "OPTION", "exchange": "OPR"}
        hits.append({**option, "shortname": "A call", "index": "quotes", "isYahooFinance": True})
    return {"explains": [], "count": len(hits), "quotes": hits, "news": [], "nav": [], "lists": []}


def chart_answer(
    listing: Listing, bars: Bars, wanted: range, now: datetime, calendar: XnysCalendar
) -> dict[str, Any]:
    """Return a chart's answer with the `wanted` rows of the bars."""
    rows = np.array(wanted, dtype=np.int64)
    times = [bars.opens_at[row] for row in wanted]
    answer: dict[str, Any] = {
        "meta": chart_meta(listing, bars, now, calendar),
        "timestamp": times,
        "indicators": {
            "quote": [
                {
                    "open": _prices(bars.open[rows]),
                    "high": _prices(bars.high[rows]),
                    "low": _prices(bars.low[rows]),
                    "close": _prices(bars.close[rows]),
                    "volume": [
                        None if np.isnan(value) else int(value) for value in bars.volume[rows]
                    ],
                }
            ],
            "adjclose": [{"adjclose": _prices(bars.adj_close[rows])}],
        },
    }
    dividends = {str(at): {"amount": paid, "date": at} for at, paid in bars.dividends.items()}
    splits = {
        str(at): {
            "date": at,
            "numerator": ratio,
            "denominator": 1,
            "splitRatio": f"{ratio:g}:1",
        }
        for at, ratio in bars.splits.items()
    }
    events = {
        name: {at: event for at, event in found.items() if int(at) in times}
        for name, found in (("dividends", dividends), ("splits", splits))
    }
    if any(events.values()):
        answer["events"] = {name: found for name, found in events.items() if found}
    return {"chart": {"result": [answer], "error": None}}


def empty_chart(
    listing: Listing, bars: Bars, now: datetime, calendar: XnysCalendar
) -> dict[str, Any]:
    """Return a successful answer without a single row."""
    answer = {
        "meta": chart_meta(listing, bars, now, calendar),
        "indicators": {"quote": [{}], "adjclose": [{}]},
    }
    return {"chart": {"result": [answer], "error": None}}


def chart_meta(
    listing: Listing, bars: Bars, now: datetime, calendar: XnysCalendar
) -> dict[str, Any]:
    """Return the metadata block: who it is, the latest price, the current trading periods."""
    last = bars.sessions[-1].item()
    priced_at = min(now, calendar.session_close(last))
    offset = priced_at.astimezone(NEW_YORK).utcoffset() or timedelta()
    return {
        "currency": listing.currency,
        "symbol": listing.symbol,
        "exchangeName": listing.exchange,
        "fullExchangeName": listing.place,
        "instrumentType": listing.kind,
        "firstTradeDate": bars.opens_at[0],
        "regularMarketTime": int(priced_at.timestamp()),
        "hasPrePostMarketData": True,
        "gmtoffset": int(offset.total_seconds()),
        "timezone": priced_at.astimezone(NEW_YORK).tzname(),
        "exchangeTimezoneName": "America/New_York",
        "regularMarketPrice": round(float(bars.close[-1]), 3),
        "regularMarketVolume": int(np.nan_to_num(bars.volume[-1])),
        "longName": listing.name,
        "shortName": listing.name[:30],
        "chartPreviousClose": round(float(bars.close[0]), 3),
        "priceHint": 2,
        "currentTradingPeriod": _trading_periods(now, last, calendar),
        "dataGranularity": "1d",
        "range": "",
        "validRanges": [name for name in RANGES if not (listing.young and name.endswith("y"))],
    }


def rows_of_range(bars: Bars, name: str) -> range:
    """Return the rows that a range such as 5y, 5d or max asks for."""
    count = len(bars.opens_at)
    if name in DAYS:
        first = bars.sessions[-1] - np.timedelta64(DAYS[name], "D")
        return range(int(np.searchsorted(bars.sessions, first)), count)
    newest = {"1d": 1, "5d": 5}.get(name, count)
    return range(max(0, count - newest), count)


def _trading_periods(now: datetime, last: date, calendar: XnysCalendar) -> dict[str, Any]:
    today = now.astimezone(NEW_YORK).date()
    session = today if calendar.is_session(today) else last
    opening, closing = calendar.session_open(session), calendar.session_close(session)
    midnight = datetime.combine(session, time(), NEW_YORK)
    early = (midnight + timedelta(hours=4)).astimezone(UTC)
    periods = {
        "pre": (early, opening),
        "regular": (opening, closing),
        "post": (closing, closing + timedelta(hours=4)),
    }
    return {
        name: {
            "timezone": opening.astimezone(NEW_YORK).tzname(),
            "start": int(start.timestamp()),
            "end": int(end.timestamp()),
            "gmtoffset": int((opening.astimezone(NEW_YORK).utcoffset() or early - early).seconds),
        }
        for name, (start, end) in periods.items()
    }


def _prices(values: FloatArray) -> list[float | None]:
    """Return prices as Yahoo writes them: cents in single precision, null where there is none."""
    cents = np.round(values, 2).astype(np.float32)
    return [None if np.isnan(price) else float(price) for price in cents]
