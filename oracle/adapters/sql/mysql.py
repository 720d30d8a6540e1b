"""Connections to MySQL and MariaDB."""

from __future__ import annotations

import asyncio
import math
from typing import TYPE_CHECKING, Any

from sqlalchemy import event, exc
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from oracle.adapters.sql.failures import disconnect_when_read_only

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy.engine import AdaptedConnection
    from sqlalchemy.ext.asyncio import AsyncEngine
    from sqlalchemy.pool import ConnectionPoolEntry

    from oracle.adapters.sql.access import ServerAccess

CONNECT_TIMEOUT = 3
PING_TIMEOUT = 1.0
POOL_TIMEOUT = 1.8
"""Seconds that a unit waits for a free connection: whoever is refused knows within two."""

RECYCLE_SECONDS = 1800
SILENCE_MARGIN = 2

MAX_LOCK_NAME = 64

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
    replaced when it is wanted again.
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
    event.listen(engine.sync_engine, "checkout", _check_alive)
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
    # The server must give up on a lock when we do: it would go on waiting, and holding what it
    # has, for a client that has long left.
    seconds = max(1, math.ceil(lock_wait))
    return {
        # Instead of the driver's own function; it gets all the other arguments.
        "async_creator_fn": access.connect,
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_TIMEOUT,
        "init_command": (
            f"SET SESSION time_zone = '+00:00', sql_mode = '{SQL_MODE}', "
            f"innodb_lock_wait_timeout = {seconds}, lock_wait_timeout = {seconds}{more}"
        ),
    }


def _check_alive(connection: AdaptedConnection, record: ConnectionPoolEntry, proxy: object) -> None:
    """Ping within a second; when nothing comes back, distrust every pooled connection.

    The pool's own ping has no time limit: over a link that swallows packets it would hang, once
    for each pooled connection.
    """
    del record, proxy
    if not connection.run_async(_answers):
        raise exc.InvalidatePoolError


async def _answers(connection: Any) -> bool:
    try:
        async with asyncio.timeout(PING_TIMEOUT):
            await connection.ping(reconnect=False)
    except Exception:  # noqa: BLE001 -- Whatever went wrong, the connection is of no use.
        return False
    return True
