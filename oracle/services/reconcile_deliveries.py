"""Use case of the leader: find out what became of mails of which nobody knows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from oracle.digest.content import DigestContent
from oracle.observability.logs import get_logger
from oracle.services.compose_mail import MailComposer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.runs import Claim, Run
    from oracle.services.dependencies import Dependencies

BATCH = 200

ALIVE_SHARE = 0.1
"""How much later than an attempt, in shares of the patience, something else must have been reported
for silence about the attempt to mean that it was never accepted."""

_log = get_logger(__name__)


async def reconcile_deliveries(deps: Dependencies, epoch: int, run: Run) -> None:
    """Make unknown what was claimed and never answered, and resolve what can be resolved.

    An attempt is sent again only if that cannot make two mails of one: the mailer takes the same
    mail once, or the provider has had time to report on the attempt and has since reported on
    others. Else it stays unknown. Raises StaleEpoch and DatabaseUnavailable.
    """
    async with deps.store.begin() as unit:
        await unit.epochs.require_epoch(epoch)
        ended = await unit.deliveries.end_leases(run.id, epoch=epoch)
        unknown = await unit.deliveries.list_unknown(run.id, older_than=timedelta(0), limit=BATCH)
    if ended:
        _log.warning("senders_fell_silent", session=run.session.isoformat(), deliveries=ended)
    if not unknown:
        return
    if deps.mailer.reports_events:
        await _resolve_by_reports(deps, epoch, run, unknown)
    else:
        await _resolve_by_looking(deps, epoch, run, unknown)


async def _resolve_by_looking(
    deps: Dependencies, epoch: int, run: Run, unknown: Sequence[Claim]
) -> None:
    composer = MailComposer(deps, DigestContent.from_json(run.content))
    for claim in unknown:
        accepted = await deps.mailer.find_accepted(composer.compose(claim))
        # What reaches nobody, a folder, takes the same mail once, however often it is given.
        if accepted is not None or not deps.mailer.reaches_people:
            await _resolve(deps, epoch, claim, accepted)


async def _resolve_by_reports(
    deps: Dependencies, epoch: int, run: Run, unknown: Sequence[Claim]
) -> None:
    for claim in unknown:
        async with deps.store.begin() as unit:
            events = await unit.mail_events.list_attempt_events(claim.delivery_id, claim.attempt)
        if events:
            await _resolve(deps, epoch, claim, events[0].message_id)
    for claim in await _list_never_accepted(deps, run):
        await _resolve(deps, epoch, claim, None)


async def _list_never_accepted(deps: Dependencies, run: Run) -> Sequence[Claim]:
    """Return the attempts of which the provider would have reported by now, and has not."""
    patience = timedelta(seconds=deps.settings.mail_patience)
    async with deps.store.begin() as unit:
        # What counts is when the reported thing happened: a report that was merely read after the
        # attempt may be older than the attempt, whose own is still on its way.
        happened_at = await unit.mail_events.newest_event_at()
        if happened_at is None:
            return ()
        since_report = await unit.epochs.now() - happened_at
        silent = await unit.deliveries.list_unknown(
            run.id,
            older_than=max(patience, since_report + ALIVE_SHARE * patience),
            limit=BATCH,
        )
        return [
            claim
            for claim in silent
            if not await unit.mail_events.list_attempt_events(claim.delivery_id, claim.attempt)
        ]


async def _resolve(deps: Dependencies, epoch: int, claim: Claim, message_id: str | None) -> None:
    async with deps.store.begin() as unit:
        await unit.epochs.require_epoch(epoch)
        resolved = await unit.deliveries.resolve_unknown(
            claim.delivery_id, claim.attempt, message_id=message_id
        )
    if resolved:
        _log.info(
            "unknown_resolved",
            delivery=claim.delivery_id,
            attempt=claim.attempt,
            found=message_id is not None,
        )
