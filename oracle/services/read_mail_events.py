"""Use case: hear from the mail provider what became of mails, and act on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle.domain.runs import MailEventKind
from oracle.domain.subscribers import Suppression, SuppressionReason
from oracle.observability import metrics
from oracle.observability.logs import get_logger
from oracle.services.suppress_address import record_suppression

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from oracle.domain.runs import MailEvent
    from oracle.ports import UnitOfWork
    from oracle.services.dependencies import Dependencies

MOST_AT_A_TIME = 1000
"""Reports that one run reads, so that other jobs have their turn."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EventsReport:
    """What one run has read: new reports by kind, those known already, attempts found out about."""

    new: Counter[MailEventKind] = field(default_factory=Counter)
    known: int = 0
    resolved: int = 0
    suppressed: int = 0


@dataclass(frozen=True, slots=True)
class _Effect:
    is_new: bool
    resolved: bool = False
    suppressed: int = 0


async def read_mail_events(
    deps: Dependencies, *, epoch: int | None = None, most: int = MOST_AT_A_TIME
) -> EventsReport:
    """Read what the provider has reported, until nothing is waiting or `most` were read.

    Each report is stored together with its effects, once, however often and in whatever order it
    comes, and acknowledged only afterwards. With an epoch each of these transactions holds it:
    raises StaleEpoch. Raises MailNotSent when the provider does not answer, DatabaseUnavailable.
    """
    queue = deps.mail_events
    new: Counter[MailEventKind] = Counter()
    known = resolved = suppressed = 0
    while queue is not None and new.total() + known < most:
        received = await queue.receive()
        if not received.receipts:
            break
        metrics.mail_events_refused.inc(received.refused)
        effects = await handle_mail_events(deps, received.events, epoch=epoch)
        for event, effect in zip(received.events, effects, strict=True):
            if effect.is_new:
                new[event.kind] += 1
            else:
                known += 1
            resolved += effect.resolved
            suppressed += effect.suppressed
        # Those that nobody can read have a receipt alone, and go as well: they never get better.
        await queue.acknowledge(received.receipts)
    return EventsReport(new, known, resolved, suppressed)


async def handle_mail_event(deps: Dependencies, event: MailEvent) -> _Effect:
    """Store the report and what follows from it in one transaction, unless it is known."""
    (effect,) = await handle_mail_events(deps, [event])
    return effect


async def handle_mail_events(
    deps: Dependencies, events: Sequence[MailEvent], *, epoch: int | None = None
) -> Sequence[_Effect]:
    """Store the reports that are new and what follows from each, all in one transaction."""
    async with deps.store.begin() as unit:
        if epoch is not None:
            await unit.epochs.require_epoch(epoch)
        now = await unit.epochs.now()
        # Nearly every report is of a mail that is known to be sent: only of others is more asked.
        reported = [event.delivery_id for event in events if event.delivery_id is not None]
        unknown = await unit.deliveries.list_unknown_among(reported)
        new = set(await unit.mail_events.add_events(events, now))
        effects = []
        for event in events:
            is_first = event.id in new
            new.discard(event.id)
            effects.append(
                await _follow(unit, event, now, unknown) if is_first else _Effect(is_new=False)
            )
    for event, effect in zip(events, effects, strict=True):
        if effect.is_new:
            metrics.mail_events.labels(event.kind.value).inc()
        if effect.suppressed:
            _log.info("addresses_suppressed", kind=event.kind.value, count=effect.suppressed)
    return effects


async def _follow(
    unit: UnitOfWork, event: MailEvent, now: datetime, unknown: Collection[int]
) -> _Effect:
    """Do what follows from a report that is new."""
    resolved = False
    if event.delivery_id is not None and event.attempt is not None and event.delivery_id in unknown:
        # Whatever is reported of an attempt, even that it bounced, says that it was accepted.
        resolved = await unit.deliveries.resolve_unknown(
            event.delivery_id, event.attempt, message_id=event.message_id
        )
    suppressed = 0
    for suppression in _suppressions(event, now):
        suppressed += await record_suppression(unit, suppression)
    return _Effect(is_new=True, resolved=resolved, suppressed=suppressed)


def _suppressions(event: MailEvent, now: datetime) -> Iterator[Suppression]:
    if event.kind is MailEventKind.COMPLAINED:
        reason = SuppressionReason.COMPLAINT
    elif event.kind is MailEventKind.BOUNCED and event.is_permanent:
        reason = SuppressionReason.BOUNCE
    else:
        return
    for fingerprint in event.fingerprints:
        yield Suppression(fingerprint, reason, event.detail, now)
