"""Where a visitor waits for the database the waiting is short, and scheduled work waits longer."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from oracle.adapters.sql.engine import create_store
from oracle.adapters.sql.patience import VISITOR_SECONDS
from oracle.app import create_app
from oracle.bootstrap import bootstrap
from oracle.domain.addresses import parse_address
from oracle.domain.subscribers import SubscriberState
from oracle.ports.waiting import waited_for
from oracle.settings import load_settings
from tests.integration.database.attempts import (
    seconds_until_unavailable,
    write,
)
from tests.integration.database.examples import NOW, quote
from tests.servers.tcp_proxy import TcpProxy

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from quart.typing import TestClientProtocol

    from oracle.services.dependencies import Dependencies
    from tests.servers.mariadb import MariaDbServer

DEADLINE = 20.0
REFUSED_WITHIN = 2.0
SLOW_LINE = 0.15
"""Seconds each way."""


@asynccontextmanager
async def website(url: str, folder: Path) -> AsyncIterator[tuple[Dependencies, TestClientProtocol]]:
    """Yield an instance on that database: its dependencies, and a client of its website."""
    deps = await bootstrap(
        load_settings(
            market="sample",
            database_url=url,
            database_deadline=DEADLINE,
            database_pool_size=2,
            mail_folder=str(folder / "mail"),
        )
    )
    yield deps, create_app(deps).test_client()
    await deps.aclose()


async def sign_up(client: TestClientProtocol) -> tuple[int, bool]:
    """Return what a sign-up is answered: the status, and whether it says when to try again."""
    answer = await client.post("/api/v1/subscribers", json={"email": "visitor@example.org"})
    return answer.status_code, "Retry-After" in answer.headers


async def add_by_schedule(deps: Dependencies) -> None:
    """Write the row that a sign-up needs, as a job of the scheduler would."""
    address = parse_address("visitor@example.org")
    async with deps.store.begin() as unit:
        await unit.subscribers.add_subscriber(
            address, SubscriberState.PENDING, NOW, origin="import"
        )
        await unit.suppressions.find_suppression(address.fingerprint)


async def test_sign_ups_before_a_locked_row_are_refused_in_time(url: str, tmp_path: Path) -> None:
    """Of four on two connections each is told within 2 s; a job waits on, and all are served."""
    other = create_store(url, deadline=DEADLINE, pool_size=1)
    loop = asyncio.get_running_loop()
    async with website(url, tmp_path) as (deps, client):
        assert await sign_up(client) == (202, False)
        async with other.begin() as unit:
            row = await unit.subscribers.find_by_key("visitor@example.org")
            assert row is not None
            assert await unit.subscribers.update_subscriber(row)

            started = loop.time()
            answers = await asyncio.gather(*(sign_up(client) for _ in range(4)))
            seconds = loop.time() - started
            job = asyncio.create_task(add_by_schedule(deps))
            done, _ = await asyncio.wait([job], timeout=VISITOR_SECONDS + 0.5)
            assert not done
        assert answers == [(503, True)] * 4
        assert seconds < REFUSED_WITHIN
        await job
        assert await sign_up(client) == (202, False)
    await other.aclose()


async def test_the_server_gives_up_when_the_visitor_does(
    mariadb_server: MariaDbServer, mariadb_migrated_url: str
) -> None:
    """No statement of theirs stays behind before the lock, and on their connection a job waits."""
    store = create_store(mariadb_migrated_url, deadline=DEADLINE, pool_size=1)
    other = create_store(mariadb_migrated_url, deadline=DEADLINE, pool_size=1)
    await write(store)
    async with other.begin() as unit:
        await unit.quotes.upsert_quote(quote(price=5.0))
        with waited_for():
            assert await seconds_until_unavailable(store) < REFUSED_WITHIN
        # The server counts in whole seconds, and MySQL looks once a second which are over.
        waiting = 1
        for _ in range(30):
            waiting = await asyncio.to_thread(count_waiting, mariadb_server, mariadb_migrated_url)
            if not waiting:
                break
            await asyncio.sleep(0.1)
        assert not waiting
    with waited_for():
        await write(store)
    async with other.begin() as unit:
        await unit.quotes.upsert_quote(quote(price=6.0))
        job = asyncio.create_task(write(store, price=7.0))
        done, _ = await asyncio.wait([job], timeout=3.0)
        assert not done
    await job
    await store.aclose()
    await other.aclose()


def count_waiting(server: MariaDbServer, url: str) -> int:
    """Return how many statements wait for rows of the database."""
    engine = create_engine(f"mysql+pymysql://root@127.0.0.1:{server.port}", poolclass=NullPool)
    with engine.connect() as connection:
        count: int = connection.execute(
            text(
                "SELECT count(*) FROM information_schema.innodb_trx AS t"
                " JOIN information_schema.processlist AS p ON p.id = t.trx_mysql_thread_id"
                " WHERE t.trx_state = 'LOCK WAIT' AND p.db = :name"
            ),
            {"name": url.rpartition("/")[2]},
        ).scalar_one()
        return count


async def test_a_slow_line_is_no_reason_to_refuse_a_visitor(
    mariadb_server: MariaDbServer, mariadb_migrated_url: str
) -> None:
    """As long as the database answers, a new connection and several statements may take longer."""
    name = mariadb_migrated_url.rpartition("/")[2]
    loop = asyncio.get_running_loop()
    async with TcpProxy(mariadb_server.port) as proxy:
        store = create_store(
            mariadb_server.url(name, port=proxy.port), deadline=DEADLINE, pool_size=1
        )
        await write(store)
        await asyncio.to_thread(mariadb_server.end_connections_to, mariadb_migrated_url)
        proxy.delay = SLOW_LINE
        started = loop.time()
        with waited_for():
            await write(store)
        assert loop.time() - started > VISITOR_SECONDS
        await store.aclose()
