"""What can go wrong with Yahoo, for its stand-in to play."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.standins import yahoo_shapes as shapes

if TYPE_CHECKING:
    from tests.standins.yahoo_market import Bars


class Kind(StrEnum):
    """What can go wrong."""

    RATE_LIMIT = "429"
    UNAUTHORIZED = "401"
    NOT_FOUND = "404"
    BARE_NOT_FOUND = "404-html"
    BAD_REQUEST = "400"
    SERVER_ERROR = "500"
    OUTAGE = "outage"
    JUNK = "junk"
    HANG = "hang"
    SLOW = "slow"
    DROP = "drop"
    EMPTY = "empty"
    NAN_NEWEST = "nan-newest"
    ALL_NAN = "all-nan"
    HUNDREDFOLD = "hundredfold"
    ZERO_VOLUME = "zero-volume"
    NO_PERIODS = "no-periods"
    NO_PRICE = "no-price"


PLAIN: dict[Kind, tuple[int, str | dict[str, Any]]] = {
    Kind.RATE_LIMIT: (429, shapes.TOO_MANY_REQUESTS),
    Kind.UNAUTHORIZED: (401, shapes.finance_error("Unauthorized", "Invalid Crumb")),
    Kind.NOT_FOUND: (404, shapes.delisted()),
    Kind.BARE_NOT_FOUND: (404, shapes.ERROR_PAGE),
    Kind.BAD_REQUEST: (
        400,
        shapes.chart_error("Bad Request", "Data doesn't exist for startDate = 1, endDate = 2"),
    ),
    Kind.SERVER_ERROR: (500, shapes.ERROR_PAGE),
    Kind.OUTAGE: (200, shapes.OUTAGE_PAGE),
    Kind.JUNK: (200, shapes.ERROR_PAGE),
}
"""The faults that are answers of their own."""


def spoil(bars: Bars, kind: Kind | None) -> Bars:
    """Return the bars with the fault in their newest rows."""
    newest = np.arange(len(bars.close)) >= len(bars.close) - 2
    if kind is Kind.ALL_NAN:
        newest[:] = True
    if kind in {Kind.NAN_NEWEST, Kind.ALL_NAN}:
        gone = np.where(newest, np.nan, 1.0)
        return replace(
            bars,
            open=bars.open * gone,
            high=bars.high * gone,
            low=bars.low * gone,
            close=bars.close * gone,
            adj_close=bars.adj_close * gone,
            volume=bars.volume * gone,
        )
    if kind is Kind.HUNDREDFOLD:
        factor = np.where(np.arange(len(bars.close)) == len(bars.close) - 1, 100.0, 1.0)
        return replace(
            bars,
            open=bars.open * factor,
            high=bars.high * factor,
            low=bars.low * factor,
            close=bars.close * factor,
            adj_close=bars.adj_close * factor,
        )
    if kind is Kind.ZERO_VOLUME:
        return replace(bars, volume=np.where(newest, 0.0, bars.volume))
    return bars
