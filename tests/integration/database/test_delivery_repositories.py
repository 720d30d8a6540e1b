"""What the repository of deliveries promises, on each database alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.runs import DeliveryState
from tests.integration.database.digest_examples import (
    NO_TIME,
    claim,
    sending_run,
)

if TYPE_CHECKING:
    from oracle.adapters.sql.store import SqlStore


async def test_a_delivery_is_claimed_and_sent_once(store: SqlStore) -> None:
    """Each confirmed subscriber's delivery is claimed by one sender and recorded as sent."""
    run = await sending_run(store, "ada", "bob")
    claims = await claim(store, run)
    assert [each.address for each in claims] == ["Ada@Example.org", "Bob@Example.org"]
    assert await claim(store, run, owner="two") == ()
    async with store.begin() as unit:
        assert await unit.deliveries.record_sent(claims[0], "message-1")
        assert not await unit.deliveries.record_sent(claims[0], "message-2")
        assert await unit.deliveries.record_unknown(claims[1], "silence")
        unknown = await unit.deliveries.list_unknown(run.id, older_than=NO_TIME, limit=9)
        assert list(unknown) == [claims[1]]
        counts = await unit.deliveries.count_deliveries(run.id)
    assert counts.by_state == {DeliveryState.SENT: 1, DeliveryState.UNKNOWN: 1}
