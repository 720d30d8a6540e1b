"""Use case: everything that is stored about one address."""

from __future__ import annotations

# Pydantic reads these annotations when an export is written as JSON.
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING

from oracle.domain.addresses import parse_address
from oracle.domain.errors import UnknownSubscriber
from oracle.domain.runs import DeliveryState  # noqa: TC001
from oracle.domain.subscribers import SubscriberState, SuppressionReason  # noqa: TC001

if TYPE_CHECKING:
    from oracle.domain.runs import DeliveryRecord
    from oracle.domain.subscribers import Subscriber, Suppression
    from oracle.services.dependencies import Dependencies


@dataclass(frozen=True, slots=True)
class ExportedSubscription:
    """The subscription as it is stored."""

    number: int
    address: str
    state: SubscriberState
    paused: bool
    symbols: tuple[str, ...]
    origin: str
    created_at: datetime
    confirmed_at: datetime | None
    unsubscribed_at: datetime | None
    confirmation_sent_at: datetime | None
    confirmations_sent: int


@dataclass(frozen=True, slots=True)
class ExportedSuppression:
    """That the address is never written to, kept under its SHA-256 alone."""

    sha256: str
    reason: SuppressionReason
    detail: str
    suppressed_at: datetime


@dataclass(frozen=True, slots=True)
class ExportedDelivery:
    """One mail: of which session, how it stands, since when."""

    session: date
    state: DeliveryState
    attempt: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class SubscriberExport:
    """All that is stored about one address."""

    subscription: ExportedSubscription | None
    suppression: ExportedSuppression | None
    deliveries: tuple[ExportedDelivery, ...]


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
    return SubscriberExport(
        None if subscriber is None else _subscription(subscriber),
        None if suppression is None else _suppression(suppression),
        tuple(_delivery(each) for each in deliveries),
    )


def _subscription(subscriber: Subscriber) -> ExportedSubscription:
    return ExportedSubscription(
        number=subscriber.id,
        address=subscriber.address.text,
        state=subscriber.state,
        paused=subscriber.is_paused,
        symbols=subscriber.symbols,
        origin=subscriber.origin,
        created_at=subscriber.created_at,
        confirmed_at=subscriber.confirmed_at,
        unsubscribed_at=subscriber.unsubscribed_at,
        confirmation_sent_at=subscriber.confirmation_sent_at,
        confirmations_sent=subscriber.confirmations_sent,
    )


def _suppression(suppression: Suppression) -> ExportedSuppression:
    return ExportedSuppression(
        suppression.fingerprint, suppression.reason, suppression.detail, suppression.suppressed_at
    )


def _delivery(record: DeliveryRecord) -> ExportedDelivery:
    return ExportedDelivery(record.session, record.state, record.attempt, record.changed_at)
