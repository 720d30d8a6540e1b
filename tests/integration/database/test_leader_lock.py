"""An election on each database: one leads, each leader in a higher epoch than all before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.sql.leader_lock import create_leader_lock
from oracle.domain.errors import StaleEpoch

if TYPE_CHECKING:
    from oracle.adapters.sql.store import SqlStore
    from oracle.ports import LeaderLock


@pytest.fixture
def locks(url: str, stores: tuple[SqlStore, SqlStore]) -> tuple[LeaderLock, LeaderLock]:
    """Return the locks of two instances on one database."""
    lease = timedelta(seconds=2)
    first, second = (
        create_leader_lock(url, store, holder=name, lease=lease, deadline=2)
        for name, store in zip("ab", stores, strict=True)
    )
    return first, second


async def test_one_of_two_leads_and_hands_over_at_once(
    locks: tuple[LeaderLock, LeaderLock], stores: tuple[SqlStore, SqlStore]
) -> None:
    """While the first one leads the second does not; once it has released, the second does."""
    first, second = locks
    assert await first.acquire() == 1
    assert await first.heartbeat()
    assert await second.acquire() is None
    await first.release()
    assert not await first.heartbeat()
    assert await second.acquire() == 2
    async with stores[0].begin() as unit:
        await unit.epochs.require_epoch(2)
        with pytest.raises(StaleEpoch):
            await unit.epochs.require_epoch(1)
    await second.release()
