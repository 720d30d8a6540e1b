"""Senders on two instances share the deliveries of a run without ever sharing one."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import TYPE_CHECKING

from oracle.domain.runs import DeliveryState
from oracle.domain.subscribers import SubscriberState
from tests.integration.database.digest_examples import NO_TIME, claim, sending_run, suppression

if TYPE_CHECKING:
    from oracle.adapters.sql.store import SqlStore
    from oracle.domain.runs import Claim, Run
    from tests.integration.database.races import Stores

PEOPLE = 300


async def send_all(store: SqlStore, run: Run, owner: str) -> list[Claim]:
    """Claim and record until nothing is left."""
    made: list[Claim] = []
    while claims := await claim(store, run, owner=owner, limit=7):
        for claimed in claims:
            async with store.begin() as unit:
                assert await unit.deliveries.record_sent(
                    [(claimed, f"{owner}-{claimed.delivery_id}")]
                )
        made.extend(claims)
    return made


async def test_senders_in_parallel_never_claim_the_same_delivery(stores: Stores) -> None:
    """Six senders on two instances send each of 300 once, and nobody is left out."""
    run = await sending_run(stores[0], *(f"p{number}" for number in range(PEOPLE)))
    made = await asyncio.gather(
        *(send_all(stores[turn % 2], run, f"sender-{turn}") for turn in range(6))
    )
    everybody = [claimed for claims in made for claimed in claims]
    assert len({claimed.delivery_id for claimed in everybody}) == len(everybody) == PEOPLE
    assert {claimed.attempt for claimed in everybody} == {1}
    async with stores[0].begin() as unit:
        counts = await unit.deliveries.count_deliveries(run.id)
    assert counts.by_state == {DeliveryState.SENT: PEOPLE}


async def test_a_sender_does_not_wait_for_what_another_is_claiming(
    mariadb_stores: Stores,
) -> None:
    """On a server it takes the next rows, none of the other's, while the other's unit is open."""
    run = await sending_run(mariadb_stores[0], *(f"p{number}" for number in range(20)))
    async with mariadb_stores[0].begin() as unit:
        first = await unit.deliveries.claim(run.id, epoch=1, owner="one", limit=8, lease=NO_TIME)
        async with asyncio.timeout(5):
            second = await claim(mariadb_stores[1], run, owner="two", limit=20)
    assert len(first) == 8
    assert len(second) == 12
    assert not {each.delivery_id for each in first} & {each.delivery_id for each in second}


async def test_senders_are_counted_while_they_have_mails_under_way(stores: Stores) -> None:
    """Two who have claimed count as two; whoever has recorded everything counts no more."""
    run = await sending_run(stores[0], "ada", "bob", "eve")
    (first,) = await claim(stores[0], run, owner="one", limit=1)
    await claim(stores[1], run, owner="two", limit=2)
    async with stores[0].begin() as unit:
        assert await unit.deliveries.count_senders(run.id) == 2
        assert await unit.deliveries.record_sent([(first, "accepted")])
        assert await unit.deliveries.count_senders(run.id) == 1
        assert await unit.deliveries.count_senders(run.id + 1) == 0


async def test_leaving_while_others_send_disturbs_nobody(stores: Stores) -> None:
    """As people leave every unit is served, no mail is made twice, none to who was out in time."""
    run = await sending_run(stores[0], *(f"p{number}" for number in range(120)))
    left: set[int] = set()

    async def leave(store: SqlStore, number: int) -> None:
        async with store.begin() as unit:
            who = await unit.subscribers.find_by_key(f"p{number}@example.org")
            assert who is not None
            gone = dataclasses.replace(who, state=SubscriberState.UNSUBSCRIBED)
            assert await unit.subscribers.update_subscriber(gone)
            await unit.suppressions.add_suppression(suppression(who.address))
            if await unit.deliveries.suppress_pending(who.id):
                left.add(who.id)

    first, second, *_ = await asyncio.gather(
        send_all(stores[0], run, "one"),
        send_all(stores[1], run, "two"),
        *(leave(stores[number % 2], number) for number in range(60, 120, 2)),
    )
    claimed = [each.subscriber_id for each in [*(first or ()), *(second or ())]]
    assert len(claimed) == len(set(claimed))
    assert not left & set(claimed)
    async with stores[0].begin() as unit:
        counts = await unit.deliveries.count_deliveries(run.id)
    assert counts.of(DeliveryState.SENT) == len(claimed)
    assert counts.of(DeliveryState.SENT, DeliveryState.SUPPRESSED) == 120


async def test_leases_end_while_others_record(stores: Stores) -> None:
    """Reaping and recording the same deliveries at once locks nobody out, and each counts once."""
    run = await sending_run(stores[0], *(f"p{number}" for number in range(80)))
    claims = await claim(stores[0], run, limit=80, lease=NO_TIME)

    async def record(claimed: Claim) -> bool:
        async with stores[0].begin() as unit:
            return bool(await unit.deliveries.record_sent([(claimed, "message")]))

    async def reap() -> int:
        async with stores[1].begin() as unit:
            return await unit.deliveries.end_leases(run.id, epoch=1)

    told = await asyncio.gather(*(record(each) for each in claims), *(reap() for _ in range(8)))
    assert all(told[:80])
    async with stores[0].begin() as unit:
        counts = await unit.deliveries.count_deliveries(run.id)
    assert counts.by_state == {DeliveryState.SENT: 80}
