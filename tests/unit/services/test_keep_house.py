"""The leader's housekeeping: counts in the metrics, and nothing older than it may be."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client import REGISTRY

from oracle.domain.errors import StaleEpoch
from oracle.domain.subscribers import EmailAddress, SubscriberState
from oracle.services import keep_house as module
from oracle.services.keep_house import UNCONFIRMED_DAYS, keep_house

if TYPE_CHECKING:
    from tests.unit.services.scripted_market import ScriptedMarket


async def sign_up(market: ScriptedMarket, count: int, *, days_ago: float) -> None:
    """Let so many people have asked for the digest that long ago, and not confirmed."""
    async with market.deps.store.begin() as unit:
        moment = await unit.epochs.now() - timedelta(days=days_ago)
        for number in range(count):
            name = f"person{number}.{days_ago:g}@example.org"
            await unit.subscribers.add_subscriber(
                EmailAddress(name, name), SubscriberState.PENDING, moment, origin="site"
            )


def removed() -> float:
    """Return how many unconfirmed subscribers the metrics say were removed."""
    labels = {"what": "unconfirmed"}
    return REGISTRY.get_sample_value("oracle_rows_removed_total", labels) or 0.0


async def pending(market: ScriptedMarket) -> int:
    """Return how many there are who have not confirmed."""
    async with market.deps.store.begin() as unit:
        return (await unit.subscribers.count_subscribers())[SubscriberState.PENDING]


async def test_who_never_confirmed_is_removed_after_thirty_days(
    market: ScriptedMarket, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In bounded steps, so that a large rest takes more than one turn; younger ones stay."""
    monkeypatch.setattr(module, "PAGE", 2)
    monkeypatch.setattr(module, "PAGES", 2)
    epoch = await market.deps.leader_lock.acquire()
    assert epoch is not None
    await sign_up(market, 7, days_ago=UNCONFIRMED_DAYS + 0.1)
    await sign_up(market, 1, days_ago=UNCONFIRMED_DAYS - 0.1)
    before, left = removed(), []
    for _ in range(3):
        await keep_house(market.deps, epoch)
        left.append(await pending(market))
    assert left == [4, 1, 1]
    assert removed() - before == 7
    assert REGISTRY.get_sample_value("oracle_subscribers", {"state": "pending"}) == 1


async def test_a_leader_of_the_past_removes_nothing(market: ScriptedMarket) -> None:
    """With an epoch that is over it raises, and everybody is still there."""
    await sign_up(market, 1, days_ago=UNCONFIRMED_DAYS + 1)
    epoch = await market.deps.leader_lock.acquire()
    assert epoch is not None
    with pytest.raises(StaleEpoch):
        await keep_house(market.deps, epoch - 1)
    assert await pending(market) == 1
