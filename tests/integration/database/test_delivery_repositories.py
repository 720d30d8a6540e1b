"""What the repository of deliveries promises, on each database alike."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from oracle.adapters.sql.digest_tables import deliveries
from oracle.domain.errors import StaleEpoch
from oracle.domain.runs import DeliveryState, RunState
from oracle.domain.subscribers import SubscriberState
from tests.integration.database.digest_examples import (
    NO_TIME,
    SAMPLE,
    address,
    claim,
    confirmed,
    fan_out,
    planned_run,
    sending_run,
    suppression,
)
from tests.integration.database.examples import AS_OF, NOW

if TYPE_CHECKING:
    from oracle.adapters.sql.store import SqlStore, SqlUnitOfWork
    from oracle.domain.runs import Run
    from oracle.domain.subscribers import Subscriber

HOUR = timedelta(hours=1)
OVER = timedelta(microseconds=-1)
"""The length of a lease that is over at once."""


async def change(unit: SqlUnitOfWork, who: Subscriber, **changes: Any) -> None:
    """Change a subscriber's row."""
    assert await unit.subscribers.update_subscriber(dataclasses.replace(who, **changes))


async def counted(store: SqlStore, run: Run) -> dict[DeliveryState, int]:
    """Return how many deliveries of the run stand where."""
    async with store.begin() as unit:
        return (await unit.deliveries.count_deliveries(run.id)).by_state


async def test_those_who_receive_the_digest_get_one_delivery_each(store: SqlStore) -> None:
    """Pages lead through all who have confirmed and are not paused; suppressed ones are marked."""
    async with store.begin() as unit:
        ada, bob, eve, kim = await confirmed(unit, "ada", "bob", "eve", "kim")
        await unit.subscribers.add_subscriber(
            address("zoe"), SubscriberState.PENDING, NOW, origin="site"
        )
        await change(unit, ada, symbols=("KO", "AAPL"))
        await change(unit, bob, is_paused=True)
        await unit.suppressions.add_suppression(suppression(eve.address))
        run = await planned_run(unit)
        add = unit.deliveries.add_page
        assert await add(run.id, epoch=1, after=0, limit=2) == eve.id
        assert await add(run.id, epoch=1, after=eve.id, limit=2) == kim.id
        assert await add(run.id, epoch=1, after=kim.id, limit=2) is None
        # A leader who goes on from the start, not knowing how far another came, adds nobody twice.
        assert await add(run.id, epoch=1, after=0, limit=9) == kim.id
        counts = await unit.deliveries.count_deliveries(run.id)
        assert counts.by_state == {DeliveryState.PENDING: 2, DeliveryState.SUPPRESSED: 1}
        assert counts.oldest_pending_at is not None
        assert await unit.runs.change_state(
            run.id, epoch=1, expected=RunState.PLANNED, state=RunState.SENDING
        )
    claims = await claim(store, run)
    assert [(each.subscriber_id, each.symbols) for each in claims] == [
        (ada.id, ("KO", "AAPL")),
        (kim.id, ()),
    ]


async def test_only_the_run_s_epoch_adds_deliveries_and_only_while_it_is_planned(
    store: SqlStore,
) -> None:
    """A leader whose epoch is over, or who comes after planning, is refused and adds nothing."""
    async with store.begin() as unit:
        await confirmed(unit, "ada")
        run = await planned_run(unit, epoch=4)
        for epoch in (3, 5):
            with pytest.raises(StaleEpoch):
                await unit.deliveries.add_page(run.id, epoch=epoch, after=0, limit=9)
        assert (await unit.deliveries.count_deliveries(run.id)).total == 0
        await fan_out(unit, run)
        with pytest.raises(StaleEpoch):
            await unit.deliveries.add_page(run.id, epoch=4, after=0, limit=9)


async def test_the_symbols_that_somebody_wants_are_listed(store: SqlStore) -> None:
    """Each once, of those alone whom the digest will reach, who are counted."""
    async with store.begin() as unit:
        assert await unit.deliveries.list_wanted_symbols() == ()
        assert await unit.deliveries.count_recipients() == 0
        ada, bob, eve, kim, joe = await confirmed(unit, "ada", "bob", "eve", "kim", "joe")
        await change(unit, ada, symbols=("KO", "AAPL"))
        await change(unit, bob, symbols=("AAPL", "BRK-B"))
        await change(unit, eve, symbols=("PAUSED",), is_paused=True)
        await change(unit, kim, symbols=("GONE",), state=SubscriberState.UNSUBSCRIBED)
        await change(unit, joe, symbols=("BOUNCED",))
        await unit.suppressions.add_suppression(suppression(joe.address))
        assert await unit.deliveries.list_wanted_symbols() == ("AAPL", "BRK-B", "KO")
        assert await unit.deliveries.count_recipients() == 2


async def test_a_claim_holds_all_that_sending_needs(store: SqlStore) -> None:
    """The address as written, the subscriber's generation, and which attempt of whom it is."""
    run = await sending_run(store, "ada", "bob")
    (first,) = await claim(store, run, limit=1)
    (second,) = await claim(store, run, limit=9, owner="two")
    assert await claim(store, run) == ()
    assert (first.address, first.generation, first.symbols) == ("Ada@Example.org", 1, ())
    assert (first.run_id, first.attempt, first.epoch, first.owner) == (run.id, 1, 1, "one")
    assert (second.address, second.owner) == ("Bob@Example.org", "two")
    assert await counted(store, run) == {DeliveryState.SENDING: 2}


@pytest.mark.parametrize("state", [RunState.STOPPED, RunState.FINISHED])
async def test_nothing_is_claimed_of_a_run_that_does_not_send(
    store: SqlStore, state: RunState
) -> None:
    """Once it was stopped, and for every epoch but the run's own, there is nothing to do."""
    run = await sending_run(store, "ada")
    assert await claim(store, run, epoch=2) == ()
    async with store.begin() as unit:
        assert await unit.runs.change_state(run.id, epoch=1, expected=RunState.SENDING, state=state)
    assert await claim(store, run) == ()
    assert await counted(store, run) == {DeliveryState.PENDING: 1}


@pytest.mark.parametrize("way", ["unsubscribed", "paused", "suppressed", "erased"])
async def test_who_left_since_the_fan_out_is_not_mailed(store: SqlStore, way: str) -> None:
    """The claim finds out, however they left; the others of the same batch go on."""
    run = await sending_run(store, "ada", "bob")
    async with store.begin() as unit:
        ada = await unit.subscribers.find_by_key("ada@example.org")
        assert ada is not None
        if way == "unsubscribed":
            await change(unit, ada, state=SubscriberState.UNSUBSCRIBED)
        elif way == "paused":
            await change(unit, ada, is_paused=True)
        elif way == "suppressed":
            await unit.suppressions.add_suppression(suppression(ada.address))
        else:
            await unit.subscribers.remove_subscriber(ada.id)
    claims = await claim(store, run)
    assert [each.address for each in claims] == ["Bob@Example.org"]
    assert await counted(store, run) == {DeliveryState.SUPPRESSED: 1, DeliveryState.SENDING: 1}


async def test_what_is_pending_for_somebody_can_be_suppressed_at_once(store: SqlStore) -> None:
    """In every run, but not what was sent already, and nobody else's."""
    run = await sending_run(store, "ada", "bob")
    await claim(store, run, limit=1)
    async with store.begin() as unit:
        ada = await unit.subscribers.find_by_key("ada@example.org")
        assert ada is not None
        other = await planned_run(unit, session=AS_OF + timedelta(days=1))
        await fan_out(unit, other)
        assert await unit.deliveries.suppress_pending(ada.id) == 1
        assert await unit.deliveries.suppress_pending(ada.id) == 0
    assert await counted(store, run) == {DeliveryState.SENDING: 1, DeliveryState.PENDING: 1}
    assert await counted(store, other) == {DeliveryState.SUPPRESSED: 1, DeliveryState.PENDING: 1}


async def test_outcomes_are_recorded_once_and_by_the_sender_alone(store: SqlStore) -> None:
    """Sent, failed and unknown are final for the claim; another sender's word counts nothing."""
    run = await sending_run(store, "ada", "bob", "eve")
    sent, failed, unknown = await claim(store, run)
    async with store.begin() as unit:
        record = unit.deliveries
        stranger = dataclasses.replace(sent, owner="two")
        earlier = dataclasses.replace(sent, attempt=0)
        assert not await record.record_sent([(stranger, "x")])
        assert not await record.record_sent([(earlier, "x")])
        assert await record.record_sent([(sent, "message-1")])
        assert await record.record_failed(failed, "no such mailbox")
        assert await record.record_unknown(unknown, "no answer")
        for claimed in (sent, failed):
            assert not await record.record_sent([(claimed, "again")])
            assert not await record.record_failed(claimed, "again")
            assert not await record.record_unknown(claimed, "again")
            assert not await record.release(claimed, retry_in=NO_TIME, reason="again")
    assert await counted(store, run) == {
        DeliveryState.SENT: 1,
        DeliveryState.FAILED: 1,
        DeliveryState.UNKNOWN: 1,
    }


async def test_of_a_batch_of_accepted_mails_each_has_its_own_identifier(store: SqlStore) -> None:
    """Those that are somebody else's by now are left as they are, and told apart."""
    run = await sending_run(store, "ada", "bob", "eve")
    ada, bob, eve = await claim(store, run)
    async with store.begin() as unit:
        assert await unit.deliveries.record_failed(bob, "no such mailbox")
        stranger = dataclasses.replace(eve, owner="two")
        batch = [(bob, "b"), (ada, "a"), (stranger, "e")]
        assert set(await unit.deliveries.record_sent(batch)) == {ada.delivery_id}
        assert set(await unit.deliveries.record_sent([(eve, "e")])) == {eve.delivery_id}
    async with store._engine.connect() as connection:  # noqa: SLF001 -- Nobody else reads it.
        columns = (deliveries.c.id, deliveries.c.message_id)
        rows = await connection.execute(select(*columns).order_by(deliveries.c.id))
        assert [tuple(row) for row in rows] == [
            (ada.delivery_id, "a"),
            (bob.delivery_id, None),
            (eve.delivery_id, "e"),
        ]


async def test_what_was_not_sent_is_due_again_after_its_pause(store: SqlStore) -> None:
    """Released for an hour it is not claimed; released for now it is, as the next attempt."""
    run = await sending_run(store, "ada", "bob")
    later, now = await claim(store, run)
    async with store.begin() as unit:
        assert await unit.deliveries.release(later, retry_in=HOUR, reason="slow down")
        assert await unit.deliveries.release(now, retry_in=NO_TIME, reason="no connection")
    claims = await claim(store, run, owner="two")
    assert claims == (dataclasses.replace(now, attempt=2, owner="two"),)
    async with store.begin() as unit:
        assert not await unit.deliveries.record_sent([(now, "the first attempt's")])


async def test_a_lease_that_ends_makes_the_outcome_unknown(store: SqlStore) -> None:
    """Nobody claims it again by itself, and the late sender may still say that it was sent."""
    run = await sending_run(store, "ada", "bob")
    (silent,) = await claim(store, run, limit=1, lease=OVER)
    (busy,) = await claim(store, run, limit=1)
    async with store.begin() as unit:
        assert await unit.deliveries.end_leases(run.id, epoch=2) == 0
        assert await unit.deliveries.end_leases(run.id, epoch=1) == 1
        assert await unit.deliveries.end_leases(run.id, epoch=1) == 0
    assert await claim(store, run) == ()
    async with store.begin() as unit:
        unknown = unit.deliveries.list_unknown
        assert await unknown(run.id, older_than=HOUR, limit=9) == ()
        assert await unknown(run.id, older_than=NO_TIME, limit=9) == (silent,)
        assert not await unit.deliveries.record_failed(silent, "late")
        assert await unit.deliveries.record_sent([(silent, "message-1")])
        assert await unit.deliveries.record_sent([(busy, "message-2")])
    assert await counted(store, run) == {DeliveryState.SENT: 2}


async def test_an_unknown_outcome_is_found_out_once(store: SqlStore) -> None:
    """Of that attempt alone: it was sent, or it is pending again and becomes the next attempt."""
    run = await sending_run(store, "ada", "bob")
    accepted, lost = await claim(store, run)
    async with store.begin() as unit:
        resolve = unit.deliveries.resolve_unknown
        assert not await resolve(accepted.delivery_id, 1, message_id="x")
        for each in (accepted, lost):
            assert await unit.deliveries.record_unknown(each, "no answer")
        assert not await resolve(accepted.delivery_id, 2, message_id="x")
        assert await resolve(accepted.delivery_id, 1, message_id="message-1")
        assert not await resolve(accepted.delivery_id, 1, message_id=None)
        assert await resolve(lost.delivery_id, 1, message_id=None)
    assert await claim(store, run) == (dataclasses.replace(lost, attempt=2),)


async def test_an_unknown_delivery_of_somebody_erased_is_still_listed(store: SqlStore) -> None:
    """Without an address; made pending again it is suppressed by the next claim."""
    run = await sending_run(store, "ada")
    (claimed,) = await claim(store, run)
    async with store.begin() as unit:
        await unit.deliveries.record_unknown(claimed, "no answer")
        await unit.subscribers.remove_subscriber(claimed.subscriber_id)
        (listed,) = await unit.deliveries.list_unknown(run.id, older_than=NO_TIME, limit=9)
        assert listed == dataclasses.replace(claimed, address="", generation=0)
        await unit.deliveries.resolve_unknown(listed.delivery_id, 1, message_id=None)
    assert await claim(store, run) == ()
    assert await counted(store, run) == {DeliveryState.SUPPRESSED: 1}


async def test_what_is_pending_when_the_window_closes_expires(store: SqlStore) -> None:
    """What is being sent does not, and a stale epoch closes nothing."""
    run = await sending_run(store, "ada", "bob", "eve")
    await claim(store, run, limit=1)
    async with store.begin() as unit:
        assert await unit.deliveries.expire(run.id, epoch=2) == 0
        told = [await unit.deliveries.expire(run.id, epoch=1, limit=1) for _ in range(3)]
    assert told == [1, 1, 0]
    assert await counted(store, run) == {DeliveryState.SENDING: 1, DeliveryState.EXPIRED: 2}
    assert await claim(store, run) == ()


async def test_a_stale_leader_changes_no_row_of_an_adopted_run(store: SqlStore) -> None:
    """Once another has adopted the run, all that the old epoch tries leaves every row as it was."""
    run = await sending_run(store, "ada", "bob")
    await claim(store, run, limit=1, lease=OVER)
    async with store.begin() as unit:
        assert await unit.runs.adopt_run(run.id, 2)
        before = await unit.runs.get_run(run.id)
    async with store.begin() as unit:
        told = [
            await unit.runs.change_state(
                run.id, epoch=1, expected=RunState.SENDING, state=RunState.FINISHED
            ),
            await unit.runs.adopt_run(run.id, 1),
            await unit.deliveries.end_leases(run.id, epoch=1),
            await unit.deliveries.expire(run.id, epoch=1),
        ]
        assert not any(told)
    assert await claim(store, run) == ()
    async with store.begin() as unit:
        assert await unit.runs.get_run(run.id) == before
        assert await unit.runs.list_runs(SAMPLE, run.kind, limit=9) == (before,)
    assert await counted(store, run) == {DeliveryState.SENDING: 1, DeliveryState.PENDING: 1}
