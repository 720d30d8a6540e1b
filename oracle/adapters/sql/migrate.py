"""Bring a database to the newest revision of `oracle.migrations`, one process at a time."""

from __future__ import annotations

import asyncio
from contextlib import aclosing, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import func, make_url, select
from sqlalchemy.exc import SQLAlchemyError

import oracle.migrations
from oracle.adapters.sql.access import IN_THE_CLEAR
from oracle.adapters.sql.failures import unavailable
from oracle.adapters.sql.mysql import (
    CONNECT_TIMEOUT,
    create_mysql_migration_engine,
    server_lock_name,
)
from oracle.adapters.sql.sqlite import begin_immediately, create_sqlite_engine, is_memory
from oracle.domain.errors import DatabaseUnavailable, SettingsError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from sqlalchemy import URL, Connection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

    from oracle.adapters.sql.access import ServerAccess

CHECK_SECONDS = 5.0
LOCK_SUFFIX = "_oracle_migrate"


async def migrate(
    url: str, *, lock_timeout: float = 30.0, access: ServerAccess = IN_THE_CLEAR
) -> list[str]:
    """Apply what is missing and return the revisions that were applied, oldest first.

    While another process migrates, this one waits for up to `lock_timeout` seconds. A database
    that a later version has migrated further is left as it is. Raises DatabaseUnavailable, and
    SettingsError for a database in memory.
    """
    async with _locked(url, lock_timeout, access) as connection:
        return await connection.run_sync(_upgrade)


async def downgrade(
    url: str,
    revision: str,
    *,
    lock_timeout: float = 30.0,
    access: ServerAccess = IN_THE_CLEAR,
) -> None:
    """Undo every revision above that one, or all of them for `base`; not for production."""
    async with _locked(url, lock_timeout, access) as connection:
        await connection.run_sync(lambda sync: command.downgrade(_config_on(sync), revision))


async def current_revision(url: str, access: ServerAccess = IN_THE_CLEAR) -> str | None:
    """Return the newest revision applied to the database, or None for one never migrated.

    Raises DatabaseUnavailable, and SettingsError for a database in memory.
    """
    async with (
        _connected(url, CHECK_SECONDS, access) as connection,
        asyncio.timeout(CHECK_SECONDS),
    ):
        return await connection.run_sync(_revision_of)


async def is_current(url: str, access: ServerAccess = IN_THE_CLEAR) -> bool:
    """Return whether nothing is left to migrate. Raises as `current_revision` does."""
    revision = await current_revision(url, access)
    return revision is not None and not _missing_above(revision)


def lock_name(schema: str) -> str:
    """Return the name of the lock that whoever migrates the schema holds."""
    return server_lock_name(schema, LOCK_SUFFIX)


def _upgrade(connection: Connection) -> list[str]:
    missing = _missing_above(_revision_of(connection))
    if missing:
        command.upgrade(_config_on(connection), missing[-1])
    return missing


def _missing_above(revision: str | None) -> list[str]:
    """Return the revisions that are not applied yet, oldest first.

    None are missing above a revision that only a later version of the code knows: that one has
    left the tables in a shape that this version can use.
    """
    known = [script.revision for script in _scripts().walk_revisions()][::-1]
    if revision is None:
        return known
    return known[known.index(revision) + 1 :] if revision in known else []


def _revision_of(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(_config())


def _config() -> Config:
    folder = Path(oracle.migrations.__file__).parent
    config = Config()
    # Alembic reads its options as an INI file, in which a per cent sign begins a reference.
    config.set_main_option("script_location", str(folder).replace("%", "%%"))
    return config


def _config_on(connection: Connection) -> Config:
    config = _config()
    config.attributes["connection"] = connection
    return config


@asynccontextmanager
async def _locked(
    url: str, lock_timeout: float, access: ServerAccess
) -> AsyncIterator[AsyncConnection]:
    """Connect and lock the schema; at a normal end commit, in any case unlock.

    The lock belongs to the connection that migrates, so that neither can outlive the other.
    """
    async with _connected(url, lock_timeout, access) as connection:
        try:
            # A server counts the seconds of the lock; the rest is for the way there and back.
            async with asyncio.timeout(lock_timeout + CONNECT_TIMEOUT):
                locked = await _lock(connection, lock_timeout)
        except TimeoutError:
            locked = False
        if not locked:
            raise DatabaseUnavailable(
                f"Another process has been migrating the database for {lock_timeout:g} seconds.",
                hint="Wait until it has finished, then run `oracle migrate` again.",
            )
        yield connection
        await connection.commit()


async def _lock(connection: AsyncConnection, lock_timeout: float) -> bool:
    if connection.dialect.name == "sqlite":
        # Tables are altered by copying them, which foreign keys would forbid.
        await connection.exec_driver_sql("PRAGMA foreign_keys = OFF")
        async with asyncio.timeout(lock_timeout):
            await connection.run_sync(begin_immediately)
        return True
    name = lock_name(connection.engine.url.database or "")
    taken = await connection.scalar(select(func.get_lock(name, lock_timeout)))
    return bool(taken == 1)


@asynccontextmanager
async def _connected(
    url: str, lock_timeout: float, access: ServerAccess
) -> AsyncIterator[AsyncConnection]:
    """Connect without a pool; what goes wrong with the database is DatabaseUnavailable."""
    engine = _create_engine(make_url(url), lock_timeout, access)
    try:
        async with asyncio.timeout(lock_timeout):
            connection = await engine.connect()
        # Closing it releases the lock as well.
        async with aclosing(connection):
            yield connection
    except SQLAlchemyError as error:
        failure = unavailable(error)
        if failure is None:
            raise
        raise failure from error
    except TimeoutError as error:
        raise DatabaseUnavailable("The database does not answer.") from error
    finally:
        await engine.dispose()


def _create_engine(url: URL, lock_wait: float, access: ServerAccess) -> AsyncEngine:
    if url.get_backend_name() == "mysql":
        return create_mysql_migration_engine(url, lock_wait=lock_wait, access=access)
    if is_memory(url):
        raise SettingsError(
            "ORACLE_DATABASE_URL names a database in memory, which is gone with the process; "
            "allowed for migrations: a file or a MySQL server."
        )
    return create_sqlite_engine(url, pool_size=1)
