"""Migrations lead to the tables that the code expects, once, whoever runs them."""

from __future__ import annotations

import asyncio
import sqlite3
import sys
from typing import TYPE_CHECKING, Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, func, inspect, make_url, select, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from oracle.adapters.sql.digest_tables import metadata
from oracle.adapters.sql.engine import create_store
from oracle.adapters.sql.migrate import (
    current_revision,
    downgrade,
    is_current,
    lock_name,
    migrate,
)
from oracle.domain.errors import DatabaseUnavailable
from oracle.domain.instruments import Source
from tests.integration.database.examples import AS_OF, MODEL

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

ALL = ["0001", "0002", "0003", "0004", "0005"]
"""Every revision, oldest first."""

PROGRAM = """
import asyncio, sys
from oracle.adapters.sql.migrate import migrate
print(",".join(asyncio.run(migrate(sys.argv[1]))))
"""


async def inspected(url: str, look: Any) -> Any:
    """Return what `look` makes of a connection to the database."""
    engine = create_async_engine(url, poolclass=NullPool)
    async with engine.connect() as connection:
        return await connection.run_sync(look)


def differences(connection: Connection) -> list[Any]:
    """Return what Alembic would still have to change."""
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "compare_server_default": True}
    )
    return list(compare_metadata(context, metadata))


async def test_migrated_tables_are_those_of_the_code(empty_url: str) -> None:
    """Nothing is left to change: no table, column, type, key or index."""
    assert await migrate(empty_url) == ALL
    assert await inspected(empty_url, differences) == []


async def test_migrated_tables_check_what_the_tables_of_the_code_check(empty_url: str) -> None:
    """Every CHECK constraint has come over with its name, which Alembic does not compare."""
    await migrate(empty_url)

    def checks(connection: Connection) -> dict[str, set[str]]:
        inspector = inspect(connection)
        return {
            name: {str(check["name"]) for check in inspector.get_check_constraints(name)}
            for name in metadata.tables
        }

    expected = {
        name: {
            str(constraint.name)
            for constraint in table.constraints
            if isinstance(constraint, CheckConstraint)
        }
        for name, table in metadata.tables.items()
    }
    assert await inspected(empty_url, checks) == expected


async def test_migrating_again_does_nothing(empty_url: str) -> None:
    """The second call finds nothing to apply, and the database says that it is current."""
    assert await current_revision(empty_url) is None
    assert not await is_current(empty_url)
    assert await migrate(empty_url) == ALL
    assert await migrate(empty_url) == []
    assert await current_revision(empty_url) == ALL[-1]
    assert await is_current(empty_url)


async def test_migrations_lead_down_and_up_again(empty_url: str) -> None:
    """Downgraded to nothing no table is left, and the way up works once more."""
    await migrate(empty_url)
    await downgrade(empty_url, "base")
    left = await inspected(empty_url, lambda connection: inspect(connection).get_table_names())
    assert left == ["alembic_version"]
    assert await migrate(empty_url) == ALL
    assert await inspected(empty_url, differences) == []


async def test_processes_that_migrate_at_once_share_the_work(empty_url: str) -> None:
    """Of two processes one applies the revisions; the other waits, and succeeds as well."""
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable,
            "-W",
            "error",
            "-c",
            PROGRAM,
            empty_url,
            stdout=asyncio.subprocess.PIPE,
        )
        for _ in range(2)
    ]
    outputs = [(await process.communicate())[0].decode().strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert sorted(outputs) == ["", ",".join(ALL)]
    assert await inspected(empty_url, differences) == []


async def test_a_database_of_a_later_version_is_left_alone(empty_url: str) -> None:
    """After a release was taken back the older code migrates nothing and may serve."""
    await migrate(empty_url)
    engine = create_async_engine(empty_url, poolclass=NullPool)
    async with engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    assert await migrate(empty_url) == []
    assert await current_revision(empty_url) == "9999"
    assert await is_current(empty_url)


async def test_tables_hold_all_of_unicode_whatever_the_server_defaults_to(
    mariadb_migrated_url: str,
) -> None:
    """Every table is InnoDB in utf8mb4, compared by code point, on a server set to latin1."""
    engine = create_async_engine(mariadb_migrated_url, poolclass=NullPool)
    async with engine.connect() as connection:
        rows = await connection.execute(
            text(
                "SELECT table_name, engine, table_collation FROM information_schema.tables "
                "WHERE table_schema = database() AND table_name <> 'alembic_version'"
            )
        )
        found = {name: (kind, collation) for name, kind, collation in rows}
    assert found == dict.fromkeys(metadata.tables, ("InnoDB", "utf8mb4_bin"))


async def test_a_mysql_lock_held_by_another_ends_the_wait_with_a_sentence(
    mariadb_url: str,
) -> None:
    """The wait is finite, names its length, and the next try succeeds once the lock is free."""
    engine = create_async_engine(mariadb_url, poolclass=NullPool)
    name = lock_name(make_url(mariadb_url).database or "")
    async with engine.connect() as connection:
        assert await connection.scalar(select(func.get_lock(name, 5))) == 1
        with pytest.raises(DatabaseUnavailable, match="for 1 seconds"):
            await migrate(mariadb_url, lock_timeout=1)
    assert await migrate(mariadb_url) == ALL


async def test_a_sqlite_lock_held_by_another_ends_the_wait_with_a_sentence(tmp_path: Path) -> None:
    """The wait is finite, names its length, and the next try succeeds once the lock is free."""
    file = tmp_path / "oracle.db"
    holder = sqlite3.connect(file, isolation_level=None)
    holder.execute("PRAGMA journal_mode = WAL")
    holder.execute("BEGIN IMMEDIATE")
    url = f"sqlite+aiosqlite:///{file}"
    with pytest.raises(DatabaseUnavailable, match=r"for 0\.5 seconds"):
        await migrate(url, lock_timeout=0.5)
    holder.close()
    assert await migrate(url) == ALL


async def test_a_store_on_an_unprepared_database_says_what_to_do(empty_url: str) -> None:
    """Instead of a missing table people read which command to run."""
    store = create_store(empty_url, deadline=10, pool_size=1)
    await store.ping()
    with pytest.raises(DatabaseUnavailable, match="not been prepared") as raised:
        async with store.begin() as unit:
            await unit.fits.find_fit(Source.SAMPLE, AS_OF, "pool", MODEL)
    assert raised.value.hint == "Run `oracle migrate`."
    await store.aclose()
