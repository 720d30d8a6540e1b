"""Subscribers on the scripted market: what tests of them arrange and look at."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, cast

from oracle.domain.addresses import parse_address
from oracle.domain.instruments import Source
from oracle.domain.runs import DeliveryState, MailEvent, MailEventKind, RunKind, RunState
from oracle.domain.subscribers import SubscriberState

if TYPE_CHECKING:
    from oracle.domain.runs import Claim
    from oracle.domain.subscribers import Subscriber, Suppression
    from oracle.services.dependencies import Dependencies
    from oracle.services.subscriber_links import Purpose
    from tests.unit.services.scripted_market import RememberingMailer

NAME = "name@example.org"
NOON = datetime(2023, 6, 14, 12, 0, tzinfo=UTC)


def mailer_of(deps: Dependencies) -> RememberingMailer:
    """Return the mailer that remembers."""
    return cast("RememberingMailer", deps.mailer)


async def stored(deps: Dependencies, address: str = NAME) -> Subscriber:
    """Return the subscriber of that address."""
    async with deps.store.begin() as unit:
        subscriber = await unit.subscribers.find_by_key(parse_address(address).key)
    assert subscriber is not None
    return subscriber


async def suppression_of(deps: Dependencies, address: str = NAME) -> Suppression | None:
    """Return the suppression of that address."""
    async with deps.store.begin() as unit:
        return await unit.suppressions.find_suppression(parse_address(address).fingerprint)


async def add(
    deps: Dependencies,
    address: str = NAME,
    state: SubscriberState = SubscriberState.CONFIRMED,
) -> Subscriber:
    """Store a subscriber in that state and return it."""
    async with deps.store.begin() as unit:
        added = await unit.subscribers.add_subscriber(
            parse_address(address), state, NOON, origin="site"
        )
        if state is SubscriberState.UNSUBSCRIBED:
            gone = replace(added, unsubscribed_at=NOON)
            assert await unit.subscribers.update_subscriber(gone)
    return await stored(deps, address)


async def change(deps: Dependencies, **values: object) -> None:
    """Change the stored subscriber as another process would."""
    async with deps.store.begin() as unit:
        subscriber = await unit.subscribers.find_by_key(NAME)
        assert subscriber is not None
        changed = replace(subscriber, **values)  # type: ignore[arg-type]
        assert await unit.subscribers.update_subscriber(changed)


async def let_pause_pass(deps: Dependencies) -> None:
    """Let six minutes pass since the last mail that answered a sign-up."""
    subscriber = await stored(deps)
    assert subscriber.confirmation_sent_at is not None
    earlier = subscriber.confirmation_sent_at - timedelta(minutes=6)
    await change(deps, confirmation_sent_at=earlier)


def token(deps: Dependencies, purpose: Purpose, subscriber: Subscriber) -> str:
    """Return the subscriber's token for that purpose."""
    return deps.tokens.sign(purpose.value, subscriber.id, subscriber.generation)


async def plan_delivery(deps: Dependencies, session: date = date(2023, 6, 14)) -> int:
    """Plan a digest for all subscribers who receive one and return the run's number."""
    async with deps.store.begin() as unit:
        run = await unit.runs.add_run(
            Source.YAHOO, RunKind.DIGEST, session, state=RunState.PLANNED, epoch=1, content="{}"
        )
        assert run is not None
        await unit.deliveries.add_page(run.id, epoch=1, after=0, limit=100)
        assert await unit.runs.change_state(
            run.id, epoch=1, expected=RunState.PLANNED, state=RunState.SENDING
        )
    return run.id


async def claim(deps: Dependencies, run_id: int) -> list[Claim]:
    """Claim all deliveries that are due."""
    async with deps.store.begin() as unit:
        lease = timedelta(minutes=1)
        return list(
            await unit.deliveries.claim(run_id, epoch=1, owner="one", limit=100, lease=lease)
        )


async def states(deps: Dependencies, run_id: int) -> dict[DeliveryState, int]:
    """Return how many deliveries stand where."""
    async with deps.store.begin() as unit:
        return (await unit.deliveries.count_deliveries(run_id)).by_state


def event(
    kind: MailEventKind,
    *,
    number: int = 1,
    claimed: Claim | None = None,
    address: str = NAME,
    is_permanent: bool = False,
) -> MailEvent:
    """Return a report about the mail to that address."""
    return MailEvent(
        id=f"event-{kind.value}-{number}",
        kind=kind,
        message_id="message-1",
        delivery_id=None if claimed is None else claimed.delivery_id,
        attempt=None if claimed is None else claimed.attempt,
        fingerprints=(parse_address(address).fingerprint,),
        is_permanent=is_permanent,
        detail="smtp; 550 no such user",
        happened_at=NOON,
    )
