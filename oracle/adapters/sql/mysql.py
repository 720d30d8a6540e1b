"""Connections to MySQL and MariaDB."""

from __future__ import annotations

import asyncio
import math
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, exc
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from oracle.adapters.sql.failures import disconnect_when_read_only
from oracle.adapters.sql.patience import POOL_TIMEOUT, asking, end_of_lock_waits, patience_of

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy.engine import AdaptedConnection
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry

    from oracle.adapters.sql.access import ServerAccess

CONNECT_TIMEOUT = 3
PING_TIMEOUT = 1.0
RECYCLE_SECONDS = 1800
SILENCE_MARGIN = 2

MAX_LOCK_NAME = 64

_LOCK_WAITS = "oracle_lock_waits"
"""Under what a connection remembers how long its server waits for locks."""

SQL_MODE = (
    "STRICT_ALL_TABLES,ONLY_FULL_GROUP_BY,NO_ZERO_IN_DATE,NO_ZERO_DATE,"
    "ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
)
"""What a server of either kind must hold to, whatever its own configuration says."""


def create_mysql_engine(
    url: URL, *, deadline: float, pool_size: int, access: ServerAccess
) -> AsyncEngine:
    """Return an engine whose connections are alive when they are handed out.

    READ COMMITTED: a statement sees what others have committed, and no gaps are locked.

    The server ends a connection of which it has heard nothing for a little longer than a unit may
    take. Otherwise the locks of a unit whose machine froze, or whose link went dead, would stay for
    hours, and with them everything that waits for its rows. One that merely idled in the pool is
    replaced when it is wanted again. How long the server waits for locks is set anew where a
    connection goes from scheduled work to a visitor, or back.
    """
    engine = create_async_engine(
        url,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=POOL_TIMEOUT,
        pool_recycle=RECYCLE_SECONDS,
        isolation_level="READ COMMITTED",
        connect_args=_connect_args(
            access,
            lock_wait=deadline,
            more=f", wait_timeout = {math.ceil(deadline) + SILENCE_MARGIN}",
        ),
    )
    event.listen(engine.sync_engine, "checkout", partial(_check_alive, deadline))
    event.listen(engine.sync_engine, "handle_error", disconnect_when_read_only)
    return engine


def create_mysql_migration_engine(
    url: URL, *, lock_wait: float, access: ServerAccess
) -> AsyncEngine:
    """Return an engine without a pool; its statements wait for table locks no longer than that."""
    return create_async_engine(
        url,
        poolclass=NullPool,
        isolation_level="READ COMMITTED",
        connect_args=_connect_args(access, lock_wait=lock_wait),
    )


def server_lock_name(schema: str, suffix: str) -> str:
    """Return the name of a lock on that schema: names are server-wide and at most 64 long."""
    return schema.lower()[: MAX_LOCK_NAME - len(suffix)] + suffix


def _connect_args(access: ServerAccess, *, lock_wait: float, more: str = "") -> dict[str, Any]:
    return {
        # Instead of the driver's own function; it gets all the other arguments.
        "async_creator_fn": access.connect,
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_TIMEOUT,
        "init_command": (
            f"SET SESSION time_zone = '+00:00', sql_mode = '{SQL_MODE}', "
            f"{_lock_waits(end_of_lock_waits(lock_wait))}{more}"
        ),
    }


def _lock_waits(seconds: int) -> str:
    return f"innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}"


def _check_alive(
    deadline: float, connection: AdaptedConnection, record: ConnectionPoolEntry, proxy: object
) -> None:
    """Ask for a sign of life within a second; without one, distrust every pooled connection.

    The pool's own ping has no time limit: over a link that swallows packets it would hang, once
    for each pooled connection.
    """
    del proxy
    wanted = end_of_lock_waits(patience_of(deadline))
    present = record.info.get(_LOCK_WAITS, end_of_lock_waits(deadline))
    # The one exchange does for both.
    change = None if present == wanted else f"SET SESSION {_lock_waits(wanted)}"
    with asking():
        if not connection.run_async(partial(_answers, change)):
            raise exc.InvalidatePoolError
    record.info[_LOCK_WAITS] = wanted


async def _answers(statement: str | None, connection: Any) -> bool:
    try:
        async with asyncio.timeout(PING_TIMEOUT):
            if statement is None:
                await connection.ping(reconnect=False)
            else:
                await connection.query(statement)
    except Exception:  # noqa: BLE001 -- Whatever went wrong, the connection is of no use.
        return False
    return True
