"""The database fails in every way it can, and the store says so in time and comes back."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.sql.engine import create_store
from oracle.adapters.sql.migrate import migrate
from oracle.domain.errors import DatabaseUnavailable
from oracle.domain.instruments import Source
from tests.integration.database.attempts import (
    occupy,
    seconds_until_unavailable,
    seconds_until_written,
    write,
)
from tests.integration.database.examples import quote
from tests.servers.mariadb import MariaDbServer, run_mariadb
from tests.servers.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import Iterator


DEADLINE = 2.0
SLACK = 1.0


@pytest.fixture(scope="module")
def mortal_server() -> Iterator[MariaDbServer]:
    """Yield a server that these tests may kill."""
    yield from run_mariadb()


async def test_a_killed_server_is_told_at_once_and_its_return_noticed(
    mortal_server: MariaDbServer,
) -> None:
    """Units fail as unavailable while the server is gone; the first one after is served."""
    url = mortal_server.url(mortal_server.create_database())
    await migrate(url)
    store = create_store(url, deadline=DEADLINE, pool_size=4)
    await occupy(store, 4)

    mortal_server.kill()
    assert await seconds_until_unavailable(store) < DEADLINE + SLACK
    with pytest.raises(DatabaseUnavailable):
        await store.ping()

    await asyncio.to_thread(mortal_server.start)
    assert await seconds_until_written(store) < SLACK
    await store.ping()
    await store.aclose()


async def test_a_restarted_server_is_not_noticed_at_all(mortal_server: MariaDbServer) -> None:
    """Connections that died in the pool are replaced before they are handed out."""
    url = mortal_server.url(mortal_server.create_database())
    await migrate(url)
    store = create_store(url, deadline=DEADLINE, pool_size=4)
    await occupy(store, 4)

    mortal_server.stop()
    await asyncio.to_thread(mortal_server.start)

    await asyncio.gather(*(write(store) for _ in range(4)))
    await store.aclose()


async def test_a_server_killed_in_the_middle_of_a_unit_undoes_it(
    mortal_server: MariaDbServer,
) -> None:
    """The unit ends as unavailable, and nothing of it is there when the server is back."""
    url = mortal_server.url(mortal_server.create_database())
    await migrate(url)
    store = create_store(url, deadline=DEADLINE, pool_size=4)

    async def interrupted() -> None:
        async with store.begin() as unit:
            await unit.quotes.upsert_quote(quote())
            mortal_server.kill()

    with pytest.raises(DatabaseUnavailable) as raised:
        await interrupted()
    assert raised.value.__cause__ is not None

    await asyncio.to_thread(mortal_server.start)
    async with store.begin() as unit:
        assert await unit.quotes.list_quotes(Source.SAMPLE, ["AAPL"]) == {}
    await store.aclose()


async def test_a_black_hole_ends_at_the_deadline_and_the_pool_heals(
    mariadb_server: MariaDbServer, mariadb_migrated_url: str
) -> None:
    """In a unit, and from a full pool, nothing hangs; afterwards the first unit is served."""
    name = mariadb_migrated_url.rpartition("/")[2]
    async with TcpProxy(mariadb_server.port) as proxy:
        url = mariadb_server.url(name, port=proxy.port)
        store = create_store(url, deadline=DEADLINE, pool_size=4)
        await occupy(store, 4)
        loop = asyncio.get_running_loop()

        async def cut_off() -> None:
            async with store.begin() as unit:
                await unit.quotes.upsert_quote(quote())
                proxy.swallow()
                await unit.quotes.list_quotes(Source.SAMPLE, ["AAPL"])

        started = loop.time()
        with pytest.raises(DatabaseUnavailable, match="within 2 seconds"):
            await cut_off()
        assert DEADLINE - 0.1 <= loop.time() - started < DEADLINE + SLACK

        waits = await asyncio.gather(*(seconds_until_unavailable(store) for _ in range(4)))
        assert max(waits) < DEADLINE + SLACK

        proxy.heal()
        assert await seconds_until_written(store) < SLACK
        await asyncio.gather(*(write(store) for _ in range(4)))
        await store.aclose()


async def test_idle_connections_that_went_dead_cost_one_ping(
    mariadb_server: MariaDbServer, mariadb_migrated_url: str
) -> None:
    """After a failover that told nobody, units are served within their deadline."""
    name = mariadb_migrated_url.rpartition("/")[2]
    async with TcpProxy(mariadb_server.port) as proxy:
        url = mariadb_server.url(name, port=proxy.port)
        store = create_store(url, deadline=DEADLINE, pool_size=4)
        await occupy(store, 4)

        proxy.mute_open_connections()
        await asyncio.gather(*(write(store) for _ in range(4)))
        assert proxy.accepted == 8
        await store.aclose()


async def test_a_unit_that_waits_for_something_else_is_not_held_by_a_black_hole(
    mariadb_server: MariaDbServer, mariadb_migrated_url: str
) -> None:
    """Past the deadline the connection is thrown away: nobody waits for it to roll back."""
    name = mariadb_migrated_url.rpartition("/")[2]
    async with TcpProxy(mariadb_server.port) as proxy:
        store = create_store(
            mariadb_server.url(name, port=proxy.port), deadline=DEADLINE, pool_size=1
        )

        async def dawdle_in_the_dark() -> None:
            async with store.begin() as unit:
                await unit.quotes.upsert_quote(quote())
                proxy.swallow()
                await asyncio.Event().wait()

        async with asyncio.timeout(DEADLINE + SLACK):
            with pytest.raises(DatabaseUnavailable):
                await dawdle_in_the_dark()
        proxy.heal()
        assert await seconds_until_written(store) < SLACK
        await store.aclose()


async def test_a_rollback_without_an_answer_ends_at_the_deadline(
    mariadb_server: MariaDbServer, mariadb_migrated_url: str
) -> None:
    """The caller fails, the rollback hangs: the unit ends in time, and the pool heals."""
    name = mariadb_migrated_url.rpartition("/")[2]
    async with TcpProxy(mariadb_server.port) as proxy:
        store = create_store(
            mariadb_server.url(name, port=proxy.port), deadline=DEADLINE, pool_size=1
        )

        async def fail_in_the_dark() -> None:
            async with store.begin() as unit:
                await unit.quotes.upsert_quote(quote())
                proxy.swallow()
                raise LookupError("the caller's own error")

        async with asyncio.timeout(DEADLINE + SLACK):
            with pytest.raises(DatabaseUnavailable):
                await fail_in_the_dark()
        proxy.heal()
        assert await seconds_until_written(store) < SLACK
        await store.aclose()


async def test_a_killed_connection_is_replaced(
    mariadb_server: MariaDbServer, mariadb_migrated_url: str
) -> None:
    """The unit whose connection the server ended is unavailable, the next one is served."""
    store = create_store(mariadb_migrated_url, deadline=DEADLINE, pool_size=1)

    async def killed() -> None:
        async with store.begin() as unit:
            await unit.quotes.upsert_quote(quote())
            await asyncio.to_thread(mariadb_server.end_connections_to, mariadb_migrated_url)
            await unit.quotes.list_quotes(Source.SAMPLE, ["AAPL"])

    with pytest.raises(DatabaseUnavailable):
        await killed()
    await write(store)
    await store.aclose()


async def test_a_server_that_turned_read_only_is_left_for_the_new_primary(
    mortal_server: MariaDbServer,
) -> None:
    """Its refusal replaces every pooled connection, so that the name is resolved again."""
    mortal_server.execute("CREATE USER IF NOT EXISTS oracle@'127.0.0.1' IDENTIFIED BY 'seer'")
    database = mortal_server.create_database()
    mortal_server.execute(f"GRANT ALL ON {database}.* TO oracle@'127.0.0.1'")
    await migrate(mortal_server.url(database))
    async with TcpProxy(mortal_server.port) as name:
        url = f"mysql+aiomysql://oracle:seer@127.0.0.1:{name.port}/{database}"
        store = create_store(url, deadline=DEADLINE, pool_size=4)
        await occupy(store, 4)
        assert name.accepted == 4

        mortal_server.execute("SET GLOBAL read_only = ON")
        try:
            with pytest.raises(DatabaseUnavailable, match="takes no writes"):
                await write(store)
        finally:
            mortal_server.execute("SET GLOBAL read_only = OFF")

        await occupy(store, 4)
        assert name.accepted == 8
        await write(store)
        await store.aclose()
