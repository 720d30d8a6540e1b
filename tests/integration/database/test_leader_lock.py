"""An election on each database: one leads, each leader in a higher epoch than all before."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.sql.engine import create_store
from oracle.adapters.sql.leader_lock import create_leader_lock
from oracle.adapters.sql.migrate import migrate
from oracle.adapters.sql.mysql import SILENCE_MARGIN
from oracle.adapters.sql.store import SqlUnitOfWork
from oracle.domain.errors import DatabaseUnavailable, StaleEpoch
from tests.servers.mariadb import MariaDbServer, run_mariadb
from tests.servers.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.adapters.sql.store import SqlStore
    from oracle.ports import LeaderLock

    Stores = tuple[SqlStore, SqlStore]
    Locks = tuple[LeaderLock, LeaderLock]

LEASE = 2.0
DEADLINE = 1.5
SLACK = 2.0


def lock_on(url: str, store: SqlStore, holder: str, *, lease: float = LEASE) -> LeaderLock:
    """Return an instance's lock."""
    return create_leader_lock(
        url, store, holder=holder, lease=timedelta(seconds=lease), deadline=DEADLINE
    )


@pytest.fixture
def locks(url: str, stores: Stores) -> Locks:
    """Return the locks of two instances on one database, whose leases outlast any test."""
    return lock_on(url, stores[0], "first", lease=300), lock_on(url, stores[1], "second", lease=300)


@pytest.fixture(scope="module")
def mortal_server() -> Iterator[MariaDbServer]:
    """Yield a server that these tests may stop and set read-only."""
    yield from run_mariadb()


async def seconds_until_elected(lock: LeaderLock) -> float:
    """Return how long it took until the lock was won, tried ten times a second."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    async with asyncio.timeout(30):
        while True:
            try:
                if await lock.acquire() is not None:
                    return loop.time() - started
            except DatabaseUnavailable:
                pass
            # As the scheduler does, only more often: an election is asked for, not waited for.
            await asyncio.sleep(0.1)


async def test_one_of_two_leads_and_hands_over_at_once(locks: Locks, stores: Stores) -> None:
    """While the first leads the second does not; once the first has released, the second does."""
    first, second = locks
    assert await first.acquire() == 1
    assert await first.heartbeat()
    assert await second.acquire() is None
    assert not await second.heartbeat()
    await first.release()
    assert not await first.heartbeat()
    assert await second.acquire() == 2
    async with stores[0].begin() as unit:
        await unit.epochs.require_epoch(2)
        with pytest.raises(StaleEpoch):
            await unit.epochs.require_epoch(1)
        found = await unit.epochs.find_leadership()
    assert found is not None
    assert (found.epoch, found.holder) == (2, "second")
    await second.release()


async def test_of_two_who_stand_at_once_one_is_elected(locks: Locks) -> None:
    """Again and again, and every epoch is higher than the one before."""
    epochs: list[int] = []
    for _ in range(6):
        told = await asyncio.gather(*(lock.acquire() for lock in locks))
        (epoch,) = [each for each in told if each is not None]
        epochs.append(epoch)
        for lock in locks:
            await lock.release()
    assert epochs == sorted(set(epochs))


async def test_a_heartbeat_is_seen_by_all(locks: Locks, stores: Stores) -> None:
    """The row tells when the leader was last heard of, by the database's clock."""
    await locks[0].acquire()
    async with stores[1].begin() as unit:
        elected = await unit.epochs.find_leadership()
    assert await locks[0].heartbeat()
    async with stores[1].begin() as unit:
        seen = await unit.epochs.find_leadership()
    assert elected is not None
    assert seen is not None
    assert seen.seen_at > elected.seen_at == seen.elected_at
    await locks[0].release()


async def test_releasing_what_is_not_held_does_nothing(locks: Locks) -> None:
    """Before any election, twice in a row, and while another leads."""
    first, second = locks
    await second.release()
    await first.acquire()
    await second.release()
    assert await first.heartbeat()
    await first.release()
    await first.release()


async def test_a_leader_s_own_units_do_not_delay_its_heartbeats(
    mariadb_migrated_url: str, mariadb_stores: Stores
) -> None:
    """While a long unit of the leader's holds the row, the heartbeat is answered all the same."""
    lock = lock_on(mariadb_migrated_url, mariadb_stores[0], "first", lease=300)
    epoch = await lock.acquire()
    assert epoch is not None
    async with mariadb_stores[0].begin() as unit:
        await unit.epochs.require_epoch(epoch)
        async with asyncio.timeout(1):
            assert await lock.heartbeat()
    await lock.release()


async def test_a_leader_who_falls_silent_is_replaced_when_its_lease_ends(
    url: str, stores: Stores
) -> None:
    """Not before; and the one who was silent finds out at its next heartbeat."""
    silent = lock_on(url, stores[0], "silent", lease=LEASE)
    other = lock_on(url, stores[1], "other", lease=300)
    await silent.acquire()
    waited = await seconds_until_elected(other)
    assert LEASE - 0.5 < waited < LEASE + SLACK
    # A server has hung up on it, a file says no.
    try:
        told = await silent.heartbeat()
    except DatabaseUnavailable:
        told = False
    assert not told
    assert await other.heartbeat()
    for lock in (silent, other):
        await lock.release()


async def test_a_killed_connection_costs_the_lead_and_a_new_one_is_elected(
    mariadb_server: MariaDbServer, mariadb_migrated_url: str, mariadb_stores: Stores
) -> None:
    """The leader is told at its next heartbeat, and the election is open at once."""
    first, second = (
        lock_on(mariadb_migrated_url, store, name, lease=300)
        for store, name in zip(mariadb_stores, ("first", "second"), strict=True)
    )
    assert await first.acquire() == 1
    await asyncio.to_thread(mariadb_server.end_connections_to, mariadb_migrated_url)
    with pytest.raises(DatabaseUnavailable):
        await first.heartbeat()
    assert not await first.heartbeat()
    assert await seconds_until_elected(second) < SLACK
    assert await first.acquire() is None
    await second.release()
    assert await first.acquire() == 3
    await first.release()


async def test_a_leader_behind_a_dead_link_knows_in_time_and_is_replaced(
    mariadb_server: MariaDbServer, mariadb_migrated_url: str, mariadb_stores: Stores
) -> None:
    """Its heartbeat fails within the deadline; the server gives the lock away after the lease."""
    name = mariadb_migrated_url.rpartition("/")[2]
    loop = asyncio.get_running_loop()
    async with TcpProxy(mariadb_server.port) as proxy:
        url = mariadb_server.url(name, port=proxy.port)
        cut_off = lock_on(url, mariadb_stores[0], "cut off", lease=LEASE)
        other = lock_on(mariadb_migrated_url, mariadb_stores[1], "other", lease=300)
        assert await cut_off.acquire() == 1
        assert await cut_off.heartbeat()
        proxy.swallow()
        started = loop.time()
        election = asyncio.create_task(seconds_until_elected(other))
        with pytest.raises(DatabaseUnavailable):
            await cut_off.heartbeat()
        assert loop.time() - started < DEADLINE + SLACK
        with pytest.raises(DatabaseUnavailable):
            await cut_off.acquire()
        assert await election < LEASE + SLACK
        proxy.heal()
        assert await cut_off.acquire() is None
        await other.release()
        assert await cut_off.acquire() == 3
        await cut_off.release()


async def test_releasing_over_a_dead_link_waits_for_nothing(
    mariadb_server: MariaDbServer, mariadb_migrated_url: str, mariadb_stores: Stores
) -> None:
    """The connection is dropped after half a second, so that a process can end in time."""
    name = mariadb_migrated_url.rpartition("/")[2]
    loop = asyncio.get_running_loop()
    async with TcpProxy(mariadb_server.port) as proxy:
        lock = lock_on(mariadb_server.url(name, port=proxy.port), mariadb_stores[0], "first")
        await lock.acquire()
        proxy.swallow()
        started = loop.time()
        await lock.release()
        assert loop.time() - started < 1.5


async def test_a_frozen_leader_in_the_middle_of_writing_does_not_bar_the_next(
    mariadb_server: MariaDbServer, mariadb_migrated_url: str
) -> None:
    """The server undoes a unit that fell silent: its rows are free, nothing of it is written."""
    name = mariadb_migrated_url.rpartition("/")[2]
    async with TcpProxy(mariadb_server.port) as proxy:
        far = mariadb_server.url(name, port=proxy.port)
        # The store's own deadline would end the unit as well; a frozen process does not keep it.
        frozen = create_store(far, deadline=1, pool_size=1)
        near = create_store(mariadb_migrated_url, deadline=20, pool_size=1)
        lock = lock_on(far, frozen, "frozen", lease=LEASE)
        assert await lock.acquire() == 1
        connection = await frozen._engine.connect()  # noqa: SLF001 -- Has no deadline.
        await SqlUnitOfWork(connection).epochs.require_epoch(1)
        proxy.swallow()
        other = lock_on(mariadb_migrated_url, near, "other", lease=300)
        waited = await seconds_until_elected(other)
        assert waited < max(LEASE, 1 + SILENCE_MARGIN) + DEADLINE + SLACK
        async with near.begin() as fresh:
            await fresh.epochs.require_epoch(2)
        await connection.invalidate()
        await connection.close()
        for each in (lock, other):
            await each.release()
        for store in (frozen, near):
            await store.aclose()


async def test_a_server_that_takes_no_writes_elects_nobody(mortal_server: MariaDbServer) -> None:
    """After a failover the old primary refuses whoever asks, even an administrator."""
    database = mortal_server.create_database()
    url = mortal_server.url(database)
    await migrate(url)
    store = create_store(url, deadline=10, pool_size=1)
    leader, other = lock_on(url, store, "leader", lease=300), lock_on(url, store, "other")
    assert await leader.acquire() == 1
    mortal_server.execute("SET GLOBAL read_only = ON")
    try:
        assert not await leader.heartbeat()
        with pytest.raises(DatabaseUnavailable, match="takes no writes"):
            await other.acquire()
    finally:
        mortal_server.execute("SET GLOBAL read_only = OFF")
    assert await seconds_until_elected(other) < SLACK
    await other.release()
    await store.aclose()


async def test_a_server_that_is_gone_elects_again_when_it_is_back(
    mortal_server: MariaDbServer,
) -> None:
    """The leader is told within the deadline, and the next epoch is higher."""
    url = mortal_server.url(mortal_server.create_database())
    await migrate(url)
    store = create_store(url, deadline=10, pool_size=1)
    lock = lock_on(url, store, "first", lease=300)
    assert await lock.acquire() == 1
    mortal_server.kill()
    with pytest.raises(DatabaseUnavailable):
        await lock.heartbeat()
    with pytest.raises(DatabaseUnavailable):
        await lock.acquire()
    await asyncio.to_thread(mortal_server.start)
    assert await lock.acquire() == 2
    await lock.release()
    await store.aclose()


async def test_databases_on_one_server_elect_leaders_of_their_own(
    mortal_server: MariaDbServer,
) -> None:
    """The server's locks are everybody's, so their names tell the databases apart."""
    locks = []
    for _ in range(2):
        url = mortal_server.url(mortal_server.create_database())
        await migrate(url)
        locks.append(lock_on(url, create_store(url, deadline=10, pool_size=1), "one", lease=300))
    assert [await lock.acquire() for lock in locks] == [1, 1]
    for lock in locks:
        await lock.release()
