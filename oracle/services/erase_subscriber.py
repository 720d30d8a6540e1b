"""Use case: forget a subscriber."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.addresses import parse_address
from oracle.domain.errors import UnknownSubscriber

if TYPE_CHECKING:
    from oracle.domain.subscribers import EmailAddress, Subscriber
    from oracle.ports import UnitOfWork
    from oracle.services.dependencies import Dependencies


async def require_subscriber(deps: Dependencies, text: str) -> Subscriber:
    """Return who would be forgotten. Raises InvalidAddress, UnknownSubscriber."""
    address = parse_address(text)
    async with deps.store.begin() as unit:
        return await _find(unit, address)


async def erase_subscriber(deps: Dependencies, text: str) -> bool:
    """Erase the subscriber; return whether the address stays suppressed, under its SHA-256 alone.

    What was sent stays as a number that leads to nobody. A suppression stays because forgetting
    it could let mail go to whoever complained. Raises InvalidAddress, UnknownSubscriber.
    """
    address = parse_address(text)
    async with deps.store.begin() as unit:
        subscriber = await _find(unit, address)
        await unit.deliveries.suppress_pending(subscriber.id)
        await unit.subscribers.remove_subscriber(subscriber.id)
        return await unit.suppressions.find_suppression(address.fingerprint) is not None


async def _find(unit: UnitOfWork, address: EmailAddress) -> Subscriber:
    subscriber = await unit.subscribers.find_by_key(address.key)
    if subscriber is None:
        raise UnknownSubscriber("No subscriber has that address.")
    return subscriber
