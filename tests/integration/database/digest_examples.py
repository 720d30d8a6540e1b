"""Subscribers, runs and reports to store."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from oracle.domain.instruments import Source
from oracle.domain.runs import RunKind, RunState
from oracle.domain.subscribers import EmailAddress, SubscriberState, Suppression, SuppressionReason
from tests.integration.database.examples import AS_OF, NOW

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.adapters.sql.store import SqlStore, SqlUnitOfWork
    from oracle.domain.runs import Claim, Run
    from oracle.domain.subscribers import Subscriber

LEASE = timedelta(seconds=60)
NO_TIME = timedelta(0)
SAMPLE = Source.SAMPLE


def address(name: str = "ada") -> EmailAddress:
    """Return the address of that name, written otherwise than it is told apart."""
    return EmailAddress(f"{name.capitalize()}@Example.org", f"{name}@example.org")


async def confirmed(unit: SqlUnitOfWork, *names: str) -> list[Subscriber]:
    """Store confirmed subscribers of these names."""
    return [
        await unit.subscribers.add_subscriber(
            address(name), SubscriberState.CONFIRMED, NOW, origin="import"
        )
        for name in names
    ]


async def planned_run(unit: SqlUnitOfWork, *, epoch: int = 1, session: date = AS_OF) -> Run:
    """Store a digest's run that is being planned."""
    run = await unit.runs.add_run(
        SAMPLE, RunKind.DIGEST, session, state=RunState.PLANNED, epoch=epoch, content="{}"
    )
    assert run is not None
    return run


async def fan_out(unit: SqlUnitOfWork, run: Run, *, limit: int = 1000) -> None:
    """Add the deliveries of the run page by page, and let it send."""
    after: int | None = 0
    while after is not None:
        after = await unit.deliveries.add_page(run.id, epoch=run.epoch, after=after, limit=limit)
    assert await unit.runs.change_state(
        run.id, epoch=run.epoch, expected=RunState.PLANNED, state=RunState.SENDING
    )


async def sending_run(store: SqlStore, *names: str) -> Run:
    """Store these subscribers and a run that sends to them."""
    async with store.begin() as unit:
        await confirmed(unit, *names)
        run = await planned_run(unit)
        await fan_out(unit, run)
    return run


async def claim(
    store: SqlStore,
    run: Run,
    *,
    owner: str = "one",
    limit: int = 10,
    lease: timedelta = LEASE,
    epoch: int | None = None,
) -> Sequence[Claim]:
    """Claim deliveries of the run in a unit of its own."""
    async with store.begin() as unit:
        return await unit.deliveries.claim(
            run.id, epoch=epoch or run.epoch, owner=owner, limit=limit, lease=lease
        )


def suppression(who: EmailAddress, detail: str = "no such mailbox") -> Suppression:
    """Return what a bounce of that address leaves."""
    return Suppression(who.fingerprint, SuppressionReason.BOUNCE, detail, NOW)
