"""Connections to SQLite: a file, or a database in memory for tests."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from sqlalchemy import event, make_url
from sqlalchemy.exc import OperationalError
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool

from oracle.adapters.sql.patience import POOL_TIMEOUT
from oracle.adapters.sql.sqlite_driver import connect, connect_in_memory
from oracle.adapters.sql.write_turns import OPTION, WriteTurns, end_turns, take_turn
from oracle.domain.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import URL, Connection
    from sqlalchemy.engine import ExecutionContext
    from sqlalchemy.engine.interfaces import DBAPIConnection
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry

    from oracle.adapters.sql.sqlite_driver import SteadyConnection

NO_LIMIT = 3600.0
BUSY_MILLISECONDS = 200
"""How long one attempt waits for a lock, in the driver's thread, deaf to the unit's deadline."""


def is_memory(url: URL) -> bool:
    """Return whether the URL names a database that lives in memory alone."""
    return url.database in {None, "", ":memory:"}


def create_sqlite_engine(url: URL, *, pool_size: int) -> AsyncEngine:
    """Return an engine on the file, whose folder is created.

    Raises SettingsError when the folder cannot be created.
    """
    _create_folder(url)
    return _create_engine(url, pool_size)


def create_memory_engine() -> tuple[AsyncEngine, sqlite3.Connection]:
    """Return an engine on a new database in memory, and the connection that keeps it alive.

    Its units take turns on one pooled connection. The second connection does nothing but exist:
    the rows would be gone once a cancelled unit has thrown the first away.
    """
    name = f"file:oracle-{uuid4().hex}?mode=memory&cache=shared"
    keeper = sqlite3.connect(name, uri=True, check_same_thread=False)
    url = make_url(f"sqlite+aiosqlite:///{name}&uri=true")
    # Units take turns on the one connection, and only their own deadline ends the waiting.
    engine = _create_engine(url, pool_size=1, pool_timeout=NO_LIMIT, connector=connect_in_memory)
    return engine, keeper


def begin_immediately(connection: Connection) -> None:
    """Take the write lock; wait for it until the task is cancelled, by its deadline for one.

    A transaction that has read and then writes can be refused at any time when another process
    has written in between, so that a writer must ask for the lock before all else.
    """
    while True:
        try:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        except OperationalError as error:
            if not _is_busy(error.orig):
                raise
        else:
            return


async def begin_writing(connection: AsyncConnection) -> None:
    """Take SQLite's write lock before the transaction reads what it will write by.

    Without it two who read the same rows would both act on them. Servers lock rows instead, so
    nothing is done there.
    """
    if connection.dialect.name == "sqlite":
        await connection.run_sync(_begin_once)


def _begin_once(connection: Connection) -> None:
    driver: Any = connection.connection.driver_connection
    if not driver.in_transaction:
        take_turn(connection)
        begin_immediately(connection)


def _create_folder(url: URL) -> None:
    folder = Path(url.database or "").parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(
            f"ORACLE_DATABASE_URL names the file {url.database}, whose folder cannot be created: "
            f"{error.strerror or error}; allowed: a file in a folder that this user may write to."
        ) from error


def _create_engine(
    url: URL,
    pool_size: int,
    pool_timeout: float = POOL_TIMEOUT,
    connector: Callable[..., SteadyConnection] = connect,
) -> AsyncEngine:
    engine = create_async_engine(
        url,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=pool_timeout,
        # The driver shall begin no transaction by itself; see _begin_before_writing.
        connect_args={
            "isolation_level": None,
            "timeout": BUSY_MILLISECONDS / 1000,
            "async_creator_fn": connector,
        },
        execution_options={OPTION: WriteTurns()},
    )
    end_turns(engine)
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "before_cursor_execute", _begin_before_writing)
    return engine


def _prepare(connection: DBAPIConnection, record: ConnectionPoolEntry) -> None:
    """Readers and the writer do not block each other (WAL), and foreign keys count."""
    del record
    cursor = connection.cursor()
    cursor.execute("PRAGMA foreign_keys = ON")
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            # Two processes open a new file at once: the change waits for nobody by itself.
            if not _is_busy(error):
                raise
        else:
            break
    # A commit then outlives the process; only a power cut can take the last ones.
    cursor.execute("PRAGMA synchronous = NORMAL")
    cursor.close()


def _begin_before_writing(
    connection: Connection,
    cursor: object,
    statement: str,
    parameters: object,
    context: ExecutionContext | None,
    executemany: bool,  # noqa: FBT001
) -> None:
    """Begin a transaction at a unit's first write; what it reads before it sees as committed."""
    del cursor, statement, parameters, executemany
    if context is not None and _writes(context):
        _begin_once(connection)


def _writes(context: Any) -> bool:
    return bool(context.isinsert or context.isupdate or context.isdelete or context.isddl)


def _is_busy(error: BaseException | None) -> bool:
    # The lower byte is the plain code, the rest tells variants of it apart.
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    return code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
