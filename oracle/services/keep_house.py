"""Use case of the leader: count the subscribers, and remove what nobody needs any more."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from oracle.observability import metrics
from oracle.observability.logs import get_logger
from oracle.services.list_subscribers import count_subscribers

if TYPE_CHECKING:
    from datetime import datetime

    from oracle.ports import Housekeeping
    from oracle.services.dependencies import Dependencies

UNCONFIRMED_DAYS: Final = 30
"""How long an address is kept that was asked to confirm and never did; its link is long over."""

REPORT_DAYS: Final = 90
"""How long the provider's reports are kept: the last of a run's come within days."""

DELIVERY_DAYS: Final = 400
"""How long it is kept who was sent an ended digest: a year, and a month to compare it with."""

PAGE: Final = 1000
"""Rows that one transaction removes at most, as it must keep its deadline."""

PAGES: Final = 10
"""Transactions of each kind in one go. What is left then is for the next time."""

_log = get_logger(__name__)


async def keep_house(deps: Dependencies, epoch: int) -> None:
    """Set the metrics of subscribers and remove old rows, in steps that disturb nobody.

    Safe to repeat, and to be interrupted, at any time. Raises StaleEpoch and DatabaseUnavailable.
    """
    await count_subscribers(deps)
    for what in ("unconfirmed", "reports", "deliveries"):
        removed = 0
        for _ in range(PAGES):
            async with deps.store.begin() as unit:
                await unit.epochs.require_epoch(epoch)
                page = await _remove(what, unit.housekeeping, await unit.epochs.now())
            removed += page
            if page < PAGE:
                break
        if removed:
            metrics.rows_removed.labels(what).inc(removed)
            _log.info("old_rows_removed", what=what, count=removed)


async def _remove(what: str, rows: Housekeeping, now: datetime) -> int:
    if what == "unconfirmed":
        return await rows.remove_unconfirmed(now - timedelta(days=UNCONFIRMED_DAYS), limit=PAGE)
    if what == "reports":
        return await rows.remove_reports(now - timedelta(days=REPORT_DAYS), limit=PAGE)
    return await rows.remove_deliveries(now - timedelta(days=DELIVERY_DAYS), limit=PAGE)
