"""Use cases of the leader: freeze what a session's digest says, and add everybody's delivery."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.errors import MailingRefused
from oracle.domain.runs import DeliveryState, RunKind, RunState
from oracle.domain.wording import name_session
from oracle.observability import metrics
from oracle.observability.logs import get_logger
from oracle.services.awaited_closes import AwaitedCloses
from oracle.services.compose_digest import compose_digest
from oracle.services.send_deliveries import is_sample_mail, sending_interval

if TYPE_CHECKING:
    from oracle.digest.content import DigestContent
    from oracle.digest.schedule import DigestWindow
    from oracle.domain.runs import Run
    from oracle.services.dependencies import Dependencies
    from oracle.services.digest_agenda import CurrentAgenda

PAGE = 1000
"""Subscribers for whom deliveries are added in one transaction."""

_log = get_logger(__name__)


def refuse_sample_mail(deps: Dependencies) -> None:
    """Raise MailingRefused if the prices are sample data and the mailer reaches people."""
    if is_sample_mail(deps):
        raise MailingRefused(
            "The prices are sample data, which is never mailed to anyone.",
            hint="Set ORACLE_MAILER=folder, or ORACLE_MARKET=yahoo.",
        )


async def plan_digest(
    deps: Dependencies, epoch: int, window: DigestWindow, agenda: CurrentAgenda
) -> Run | None:
    """Gather the session's digest and store its run; return that, or None if closes are awaited.

    Raises StaleEpoch, DatabaseUnavailable and MailingRefused.
    """
    gathered = await gather_digest(deps, window, agenda)
    if isinstance(gathered, AwaitedCloses):
        return None
    return await store_digest(deps, epoch, window, agenda, gathered)


async def gather_digest(
    deps: Dependencies, window: DigestWindow, agenda: CurrentAgenda
) -> DigestContent | AwaitedCloses:
    """Return what the session's digest says, or the closes that are awaited first.

    While they are, they are looked for every few seconds only, however often this is called. No
    epoch is needed: nothing of the digest is stored. Raises DatabaseUnavailable and MailingRefused.
    """
    refuse_sample_mail(deps)
    recent = deps.close_watch.find_recent(window, agenda.now)
    if recent is not None:
        return recent
    content = await compose_digest(deps, window.session)
    awaited = AwaitedCloses(window, content.current, len(content.listed))
    if awaited.are_enough(agenda.now):
        return content
    if deps.close_watch.note(awaited):
        _log.info(
            "digest_waits",
            session=window.session.isoformat(),
            closes=awaited.available,
            wanted=awaited.wanted,
            until=window.waits_until.isoformat(),
        )
    return awaited


async def store_digest(
    deps: Dependencies,
    epoch: int,
    window: DigestWindow,
    agenda: CurrentAgenda,
    content: DigestContent,
) -> Run | None:
    """Store the session's run with this content frozen, and return it; None if it is too late.

    If the run is there already, whoever planned it, that one is returned. Raises StaleEpoch and
    DatabaseUnavailable.
    """
    source, expires_at = deps.feed.source, agenda.on_database_clock(window.ends_at)
    async with deps.store.begin() as unit:
        await unit.epochs.require_epoch(epoch)
        if await unit.epochs.now() >= expires_at:
            # Gathering took until the window was over; the next look finds the session missed.
            return None
        run = await unit.runs.add_run(
            source,
            RunKind.DIGEST,
            window.session,
            state=RunState.PLANNED,
            epoch=epoch,
            content=content.to_json(),
            expires_at=expires_at,
        )
    if run is not None:
        metrics.digest_runs.labels(RunState.PLANNED).inc()
        _log.info("digest_planned", session=window.session.isoformat(), closes=content.current)
        return run
    async with deps.store.begin() as unit:
        return await unit.runs.find_run(source, RunKind.DIGEST, window.session)


async def note_missed(deps: Dependencies, epoch: int, window: DigestWindow) -> None:
    """Store that the session's digest was never begun in its window, and say so aloud, once."""
    why = f"Nothing was sent on {name_session(window.session)} before its window ended."
    async with deps.store.begin() as unit:
        await unit.epochs.require_epoch(epoch)
        run = await unit.runs.add_run(
            deps.feed.source,
            RunKind.DIGEST,
            window.session,
            state=RunState.MISSED,
            epoch=epoch,
            reason=why,
        )
    if run is not None:
        metrics.digest_runs.labels(RunState.MISSED).inc()
        _log.error("digest_missed", session=window.session.isoformat(), why=why)


async def fan_out(deps: Dependencies, epoch: int, run: Run) -> None:
    """Add a delivery for each who receives the digest, in pages, then let the sending begin.

    Run again after an interruption it adds those that are missing. A run that is larger than what
    the provider takes today is stopped before its first mail. Raises StaleEpoch,
    DatabaseUnavailable, and MailNotSent when the provider cannot be asked.
    """
    quota = await deps.mailer.get_quota()
    if quota.rate is not None and quota.rate < deps.settings.mail_rate:
        _log.warning("mail_rate_too_high", set=deps.settings.mail_rate, allowed=quota.rate)
    after: int | None = 0
    while after is not None:
        async with deps.store.begin() as unit:
            await unit.epochs.require_epoch(epoch)
            after = await unit.deliveries.add_page(run.id, epoch=epoch, after=after, limit=PAGE)

    async with deps.store.begin() as unit:
        counts = await unit.deliveries.count_deliveries(run.id)
    pending = counts.of(DeliveryState.PENDING)
    too_many = quota.remaining is not None and pending > quota.remaining
    why = f"{pending} mails are more than the {quota.remaining} that the provider takes today."
    async with deps.store.begin() as unit:
        await unit.epochs.require_epoch(epoch)
        await unit.runs.change_state(
            run.id,
            epoch=epoch,
            expected=RunState.PLANNED,
            state=RunState.STOPPED if too_many else RunState.SENDING,
            reason=why if too_many else "",
            needs_hand=too_many,
        )
    if too_many:
        metrics.digest_runs.labels(RunState.STOPPED).inc()
        _log.error("digest_stopped", session=run.session.isoformat(), why=why)
        return
    metrics.digest_runs.labels(RunState.SENDING).inc()
    _log.info(
        "digest_fanned_out",
        session=run.session.isoformat(),
        deliveries=counts.total,
        pending=pending,
        seconds=round(pending * sending_interval(deps.settings.mail_rate), 1),
    )
