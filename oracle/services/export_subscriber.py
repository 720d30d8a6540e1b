"""Use case: everything that is stored about one address."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from oracle.domain.addresses import parse_address
from oracle.domain.errors import UnknownSubscriber

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.runs import DeliveryRecord
    from oracle.domain.subscribers import Subscriber, Suppression
    from oracle.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class SubscriberExport:
    """All that is stored about one address; a suppression is stored under its SHA-256 alone."""

    subscriber: Subscriber | None
    suppression: Suppression | None
    deliveries: Sequence[DeliveryRecord]


async def export_subscriber(deps: Dependencies, text: str) -> SubscriberExport:
    """Return what is stored about the address. Raises InvalidAddress, UnknownSubscriber."""
    address = parse_address(text)
    async with deps.store.begin() as unit:
        subscriber = await unit.subscribers.find_by_key(address.key)
        suppression = await unit.suppressions.find_suppression(address.fingerprint)
        deliveries = (
            () if subscriber is None else await unit.deliveries.list_of_subscriber(subscriber.id)
        )
    if subscriber is None and suppression is None:
        raise UnknownSubscriber("Nothing is stored about that address.")
    return SubscriberExport(subscriber, suppression, deliveries)
