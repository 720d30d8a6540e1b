"""Use case: never write to an address again, or take that back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.addresses import parse_address
from oracle.domain.errors import DatabaseUnavailable
from oracle.domain.subscribers import Suppression, SuppressionReason
from oracle.domain.subscriptions import unsubscribe
from oracle.services.change_subscriber import apply_change

if TYPE_CHECKING:
    from oracle.ports import UnitOfWork
    from oracle.services.dependencies import Dependencies


async def suppress_address(deps: Dependencies, text: str, *, detail: str = "") -> bool:
    """Suppress the address by hand; say if it was not suppressed before. Raises InvalidAddress."""
    address = parse_address(text)
    async with deps.store.begin() as unit:
        now = await unit.epochs.now()
        return await record_suppression(
            unit, Suppression(address.fingerprint, SuppressionReason.MANUAL, detail, now)
        )


async def lift_suppression(deps: Dependencies, text: str) -> bool:
    """Let the address be written to again; say if it was suppressed. Raises InvalidAddress."""
    address = parse_address(text)
    async with deps.store.begin() as unit:
        return await unit.suppressions.remove_suppression(address.fingerprint)


async def record_suppression(unit: UnitOfWork, suppression: Suppression) -> bool:
    """Store the suppression in this transaction, and stop what is still to be sent.

    A complaint takes the place of another reason and unsubscribes as well, so that the order in
    which bounces and complaints come makes no difference.
    """
    is_complaint = suppression.reason is SuppressionReason.COMPLAINT
    is_new = await unit.suppressions.add_suppression(suppression)
    if not is_new and is_complaint:
        await unit.suppressions.remove_suppression(suppression.fingerprint)
        await unit.suppressions.add_suppression(suppression)
    subscriber = await unit.subscribers.find_by_fingerprint(suppression.fingerprint)
    if subscriber is None:
        return is_new
    await unit.deliveries.suppress_pending(subscriber.id)
    if is_complaint and await apply_change(unit, subscriber, unsubscribe) is None:
        # Rolls the whole unit back; the report is dealt with again when it comes again.
        raise DatabaseUnavailable("The subscription is being changed by others at the same time.")
    return is_new
