"""Use case of the leader: hear what became of mails, and never write to an address in vain again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.runs import MailEvent, MailEventKind
from oracle.domain.subscribers import Suppression, SuppressionReason
from oracle.observability import metrics
from oracle.observability.logs import get_logger

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.ports import UnitOfWork
    from oracle.services.dependencies import Dependencies

_log = get_logger(__name__)


async def read_mail_events(deps: Dependencies, epoch: int) -> None:
    """Store what the provider reports, each report once, in whatever order and however often.

    A bounce for good and a complaint suppress the address; any report resolves an attempt of which
    nobody knew. Reports are acknowledged when they are stored. Raises StaleEpoch,
    DatabaseUnavailable, and MailNotSent when the queue is out of reach.
    """
    queue = deps.mail_events
    while queue is not None and not deps.lifecycle.draining:
        received = await queue.receive()
        if not received.receipts:
            return
        async with deps.store.begin() as unit:
            await unit.epochs.require_epoch(epoch)
            new = await _store(unit, received.events)
        for event in new:
            metrics.mail_events.labels(event.kind).inc()
        await queue.acknowledge(received.receipts)


async def _store(unit: UnitOfWork, events: Sequence[MailEvent]) -> list[MailEvent]:
    now = await unit.epochs.now()
    new = [event for event in events if await unit.mail_events.add_event(event, now)]
    for event in new:
        reason = _suppression_reason(event)
        for fingerprint in () if reason is None else event.fingerprints:
            await unit.suppressions.add_suppression(
                Suppression(fingerprint, reason, event.detail, now)
            )
        if event.delivery_id is not None and event.attempt is not None:
            # Whatever is reported of a mail, it had been accepted.
            await unit.deliveries.resolve_unknown(
                event.delivery_id, event.attempt, message_id=event.message_id
            )
    return new


def _suppression_reason(event: MailEvent) -> SuppressionReason | None:
    if event.kind is MailEventKind.COMPLAINED:
        return SuppressionReason.COMPLAINT
    if event.kind is MailEventKind.BOUNCED and event.is_permanent:
        return SuppressionReason.BOUNCE
    return None
