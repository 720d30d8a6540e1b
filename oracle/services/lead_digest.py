"""Use case of the leader: plan the digest that is due, and see every open run to its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.digest.breakers import Tally, find_breach
from oracle.domain.errors import MailingRefused
from oracle.domain.runs import OPEN_STATES, DeliveryState, MailEventKind, RunState
from oracle.observability import metrics
from oracle.observability.logs import get_logger
from oracle.services.digest_agenda import read_agenda
from oracle.services.plan_digest import fan_out, note_missed, plan_digest
from oracle.services.probe_reports import probe_reports
from oracle.services.reconcile_deliveries import reconcile_deliveries

if TYPE_CHECKING:
    from oracle.domain.runs import DeliveryCounts, Run
    from oracle.services.dependencies import Dependencies
    from oracle.services.digest_agenda import CurrentAgenda

RESUMED_BY_HAND = "resumed by hand"
"""The reason of a run that a person let go on: they have seen the shares that had stopped it."""

_log = get_logger(__name__)


async def lead_digest(deps: Dependencies, epoch: int) -> None:
    """Do whatever the digest needs of its leader now; safe to repeat at any time.

    Raises StaleEpoch, DatabaseUnavailable, and MailNotSent when the provider cannot be asked.
    """
    agenda = await read_agenda(deps)
    for window in agenda.agenda.missed:
        await note_missed(deps, epoch, window)
    due, runs = agenda.agenda.due, list(agenda.runs)
    if due is not None:
        try:
            run = await plan_digest(deps, epoch, due, agenda)
        except MailingRefused as error:
            _log.warning("digest_not_planned", session=due.session.isoformat(), why=str(error))
        else:
            runs += [] if run is None else [run]
    for run in reversed(runs):
        if run.state in OPEN_STATES:
            await attend_run(deps, epoch, run, agenda)


async def attend_run(deps: Dependencies, epoch: int, run: Run, agenda: CurrentAgenda) -> None:
    """Do the next thing for an open run: fan out, reconcile, stop, resume, expire or finish."""
    if run.epoch != epoch:
        async with deps.store.begin() as unit:
            await unit.epochs.require_epoch(epoch)
            if not await unit.runs.adopt_run(run.id, epoch):
                return
            run = await unit.runs.get_run(run.id)
        _log.info("run_adopted", session=run.session.isoformat(), epoch=epoch)
    over = run.expires_at is not None and agenda.database_now >= run.expires_at
    if run.state is RunState.PLANNED and not over:
        await fan_out(deps, epoch, run)
        return
    await reconcile_deliveries(deps, epoch, run)
    async with deps.store.begin() as unit:
        counts = await unit.deliveries.count_deliveries(run.id)
    if over:
        await _end(deps, epoch, run, counts)
    elif run.state is RunState.STOPPED:
        await _resume_if_taken(deps, epoch, run, counts)
    elif run.state is RunState.SENDING:
        await _watch(deps, epoch, run, counts)
        if counts.unfinished and counts.unfinished == counts.of(DeliveryState.UNKNOWN):
            await probe_reports(deps, run)


async def _watch(deps: Dependencies, epoch: int, run: Run, counts: DeliveryCounts) -> None:
    """Finish the run when nothing is left to do, or stop it when its mails are unwelcome."""
    async with deps.store.begin() as unit:
        reports = await unit.mail_events.count_run_events(run.id)
    breach = find_breach(
        Tally(
            accepted=counts.of(DeliveryState.SENT),
            refused=counts.of(DeliveryState.FAILED),
            bounced=reports.get(MailEventKind.BOUNCED, 0),
            complained=reports.get(MailEventKind.COMPLAINED, 0),
        )
    )
    if breach is not None and run.reason != RESUMED_BY_HAND:
        await _change(deps, epoch, run, RunState.STOPPED, breach, needs_hand=True)
        return
    left = counts.of(DeliveryState.PENDING, DeliveryState.SENDING)
    unknown = counts.of(DeliveryState.UNKNOWN)
    # Where nothing is ever reported, what is unknown stays so.
    if left == 0 and (unknown == 0 or not _may_be_resolved(deps)):
        await _change(deps, epoch, run, RunState.FINISHED, describe_rest(counts))


def _may_be_resolved(deps: Dependencies) -> bool:
    return deps.mailer.reports_events or not deps.mailer.reaches_people


async def _resume_if_taken(
    deps: Dependencies, epoch: int, run: Run, counts: DeliveryCounts
) -> None:
    """Let a run that the provider stopped go on when it may be tried again."""
    if run.needs_hand:
        return
    async with deps.store.begin() as unit:
        # Whoever stopped the run has put off all sending; when that is over, it may be tried.
        wait = await unit.pace.reserve(deps.mailer.name, 0, interval=0.0)
    if wait > 0.0:
        return
    quota = await deps.mailer.get_quota()
    pending = counts.of(DeliveryState.PENDING)
    if quota.remaining is not None and quota.remaining < min(pending, 1):
        async with deps.store.begin() as unit:
            await unit.pace.slow_down(deps.mailer.name, deps.settings.mail_patience)
        return
    await _change(deps, epoch, run, RunState.SENDING, "")


async def _end(deps: Dependencies, epoch: int, run: Run, counts: DeliveryCounts) -> None:
    """End a run whose window is over: nothing more is begun; what is under way is waited for."""
    async with deps.store.begin() as unit:
        await unit.epochs.require_epoch(epoch)
        await unit.deliveries.expire(run.id, epoch=epoch)
        counts = await unit.deliveries.count_deliveries(run.id)
    if counts.of(DeliveryState.PENDING, DeliveryState.SENDING) == 0:
        await _change(deps, epoch, run, RunState.FINISHED, describe_rest(counts))


async def _change(
    deps: Dependencies,
    epoch: int,
    run: Run,
    state: RunState,
    why: str,
    *,
    needs_hand: bool = False,
) -> None:
    async with deps.store.begin() as unit:
        await unit.epochs.require_epoch(epoch)
        changed = await unit.runs.change_state(
            run.id,
            epoch=epoch,
            expected=run.state,
            state=state,
            reason=why,
            needs_hand=needs_hand,
        )
    if not changed:
        return
    metrics.digest_runs.labels(state).inc()
    session = run.session.isoformat()
    if state is RunState.STOPPED:
        _log.error("digest_stopped", session=session, why=why)
    elif state is not RunState.FINISHED:
        _log.info("digest_resumed", session=session)
    elif why:
        _log.warning("digest_finished", session=session, why=why)
    else:
        _log.info("digest_finished", session=session)


def describe_rest(counts: DeliveryCounts) -> str:
    """Return in words what was not delivered although it should have been; empty if nothing."""
    parts = [
        f"{counts.of(state)} {words}"
        for state, words in (
            (DeliveryState.UNKNOWN, "of unknown outcome"),
            (DeliveryState.EXPIRED, "not sent in time"),
        )
        if counts.of(state)
    ]
    return ", ".join(parts)
