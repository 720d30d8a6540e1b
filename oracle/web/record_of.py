"""The record that a page shows beside its predictions."""

from __future__ import annotations

import asyncio

from oracle.domain.errors import DatabaseUnavailable
from oracle.domain.forecasts import Origin
from oracle.domain.track_record import TrackRecord, Window
from oracle.observability.logs import get_logger
from oracle.web.site import current_site

_log = get_logger(__name__)


async def find_record(symbol: str | None, patience: float | None = None) -> TrackRecord | None:
    """Return the live record of a year, else the replayed one, of all stocks (None) or of one.

    Where neither has anything settled it is the live one, which is empty. None where it takes long
    or cannot be read: a page must not wait or fail for it. The reading goes on, so that whoever
    asks next finds it done.
    """
    site = current_site()
    try:
        async with asyncio.timeout(site.patience if patience is None else patience):
            return await site.records.run(symbol, lambda: _read(symbol))
    except TimeoutError:
        return None
    except DatabaseUnavailable as error:
        _log.warning("record_unknown", symbol=symbol, why=str(error))
        return None


async def _read(symbol: str | None) -> TrackRecord:
    read = current_site().use_cases.track_record
    live = await read(origin=Origin.LIVE, window=Window.YEAR, symbol=symbol)
    if live.versions:
        return live
    replayed = await read(origin=Origin.REPLAY, window=Window.YEAR, symbol=symbol)
    return replayed if replayed.versions else live
