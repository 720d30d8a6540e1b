"""What is old is removed, and nothing else, on each database."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from typing import TYPE_CHECKING

from oracle.domain.runs import RunState
from oracle.domain.subscribers import SubscriberState
from tests.integration.database.digest_examples import address, fan_out, planned_run, sending_run
from tests.integration.database.examples import AS_OF, NOW
from tests.integration.database.test_subscriber_repositories import report

if TYPE_CHECKING:
    from oracle.adapters.sql.store import SqlStore

LATER = NOW + timedelta(seconds=1)


async def test_those_who_never_confirmed_are_removed_by_when_they_were_asked_last(
    store: SqlStore,
) -> None:
    """Confirmed and unsubscribed people stay, as does who was asked again since."""
    async with store.begin() as unit:
        for name, state in (
            *((each, SubscriberState.PENDING) for each in ("ada", "bob", "eve")),
            ("ian", SubscriberState.CONFIRMED),
            ("joe", SubscriberState.UNSUBSCRIBED),
        ):
            await unit.subscribers.add_subscriber(address(name), state, NOW, origin="site")
        asked = await unit.subscribers.find_by_key("eve@example.org")
        assert asked is not None
        again = dataclasses.replace(asked, confirmation_sent_at=LATER)
        assert await unit.subscribers.update_subscriber(again)
    async with store.begin() as unit:
        assert await unit.housekeeping.remove_unconfirmed(NOW, limit=10) == 0
        assert await unit.housekeeping.remove_unconfirmed(LATER, limit=1) == 1
        assert await unit.housekeeping.remove_unconfirmed(LATER, limit=10) == 1
        left = await unit.subscribers.list_subscribers(after=0, limit=10)
    assert sorted(each.address.key[:3] for each in left) == ["eve", "ian", "joe"]


async def test_reports_are_removed_by_when_they_were_stored(store: SqlStore) -> None:
    """The older of two goes, in steps of the size that is asked for."""
    async with store.begin() as unit:
        for number, stored_at in (("a", NOW), ("b", NOW), ("c", LATER)):
            await unit.mail_events.add_events([report(number)], stored_at)
    async with store.begin() as unit:
        removed = [await unit.housekeeping.remove_reports(LATER, limit=1) for _ in range(3)]
        left = await unit.mail_events.list_attempt_events(7, 2)
    assert removed == [1, 1, 0]
    assert [each.id for each in left] == ["c"]


async def test_deliveries_go_once_their_run_has_ended_long_ago(store: SqlStore) -> None:
    """A run that still sends keeps its deliveries whatever the time; the ended run's row stays."""
    ended = await sending_run(store, "ada", "bob", "eve")
    async with store.begin() as unit:
        going_on = await planned_run(unit, session=AS_OF - timedelta(days=1))
        await fan_out(unit, going_on)
        assert await unit.runs.change_state(
            ended.id, epoch=1, expected=RunState.SENDING, state=RunState.FINISHED
        )
        now = await unit.epochs.now()
    soon = now + timedelta(minutes=1)
    async with store.begin() as unit:
        before = now - timedelta(minutes=1)
        assert await unit.housekeeping.remove_deliveries(before, limit=10) == 0
        assert await unit.housekeeping.remove_deliveries(soon, limit=2) == 2
        assert await unit.housekeeping.remove_deliveries(soon, limit=2) == 1
        assert (await unit.runs.get_run(ended.id)).state is RunState.FINISHED
        assert (await unit.deliveries.count_deliveries(ended.id)).by_state == {}
        assert sum((await unit.deliveries.count_deliveries(going_on.id)).by_state.values()) == 3
