"""Election by a lock that belongs to one connection to the server, and dies with it."""

from __future__ import annotations

import asyncio
import math
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

import aiomysql
from sqlalchemy import make_url

from oracle.adapters.sql.leadership import LED
from oracle.adapters.sql.mysql import CONNECT_TIMEOUT, server_lock_name
from oracle.domain.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from datetime import timedelta

    from oracle.adapters.sql.access import ServerAccess

RELEASE_SECONDS = 0.5
LOCK_SUFFIX = "_oracle_lead"

_IS_READ_ONLY = "SELECT @@global.read_only OR @@global.innodb_read_only"
_RAISE_EPOCH = """
INSERT INTO leadership (name, epoch, holder, elected_at, seen_at, held_until)
VALUES (%(name)s, 1, %(holder)s, UTC_TIMESTAMP(6), UTC_TIMESTAMP(6),
        UTC_TIMESTAMP(6) + INTERVAL %(lease)s MICROSECOND)
ON DUPLICATE KEY UPDATE epoch = epoch + 1, holder = %(holder)s,
    elected_at = UTC_TIMESTAMP(6), seen_at = UTC_TIMESTAMP(6),
    held_until = UTC_TIMESTAMP(6) + INTERVAL %(lease)s MICROSECOND
"""
_FIND_EPOCH = "SELECT epoch FROM leadership WHERE name = %(name)s"
_IS_HELD = """
SELECT IS_USED_LOCK(%(lock)s) = CONNECTION_ID()
    AND NOT (@@global.read_only OR @@global.innodb_read_only)
    AND (SELECT epoch FROM leadership WHERE name = %(name)s) = %(epoch)s
"""
_FIND_UNLOCKED = f"{_FIND_EPOCH} FOR UPDATE SKIP LOCKED"
_SHOW_LIFE = """
UPDATE leadership SET seen_at = UTC_TIMESTAMP(6),
    held_until = UTC_TIMESTAMP(6) + INTERVAL %(lease)s MICROSECOND
WHERE name = %(name)s AND epoch = %(epoch)s
"""


class MySqlLeaderLock:
    """Leads while one connection, which is no pool's and does nothing else, holds a lock.

    The server ends the connection, and gives the lock away, when it has heard nothing for the
    length of `lease`: without that a leader behind a dead link would keep the lock for hours.
    `deadline` is what one call may take in seconds, since the driver itself would wait for ever.
    Each attempt opens a new connection, so that a moved server's name is resolved anew.
    """

    def __init__(
        self, url: str, *, holder: str, lease: timedelta, deadline: float, access: ServerAccess
    ) -> None:
        self._url = make_url(url)
        self._lock = server_lock_name(self._url.database or "", LOCK_SUFFIX)
        self._holder = holder
        self._lease = lease
        self._deadline = deadline
        self._access = access
        self._epoch = 0
        self._connection: Any = None

    async def acquire(self) -> int | None:
        """Return the new epoch, or None while another leads. Raises DatabaseUnavailable."""
        self._hang_up()
        led = False
        try:
            async with self._answering():
                self._connection = await self._connect()
                # Names of locks are never waited for, and asked once: they would stack.
                if await self._scalar("SELECT GET_LOCK(%(lock)s, 0)") != 1:
                    return None
                if await self._scalar(_IS_READ_ONLY):
                    raise DatabaseUnavailable("The database takes no writes at the moment.")
                await self._run(_RAISE_EPOCH)
                self._epoch = int(await self._scalar(_FIND_EPOCH))
                led = True
                return self._epoch
        finally:
            if not led:
                self._hang_up()

    async def heartbeat(self) -> bool:
        """Return whether the lock is still held. Raises DatabaseUnavailable."""
        if self._connection is None:
            return False
        held = False
        try:
            async with self._answering():
                if await self._scalar(_IS_HELD):
                    await self._show_life()
                    held = True
        finally:
            # What was asked may still be answered: this connection can be trusted no more.
            if not held:
                self._hang_up()
        return held

    async def release(self) -> None:
        """Give the lock up, by hanging up when the server does not answer at once; never raises."""
        if self._connection is None:
            return
        try:
            # Whatever went wrong, hanging up gives the lock back all the same.
            with suppress(Exception):
                async with self._answering(RELEASE_SECONDS):
                    await self._scalar("SELECT RELEASE_LOCK(%(lock)s)")
        finally:
            self._hang_up()

    async def _show_life(self) -> None:
        """Note the sign of life, unless a transaction of the leader's, a better one, is at it."""
        await self._run("BEGIN")
        if await self._scalar(_FIND_UNLOCKED) == self._epoch:
            await self._run(_SHOW_LIFE)
        await self._run("COMMIT")

    async def _connect(self) -> Any:
        _, arguments = self._url.get_dialect()().create_connect_args(self._url)
        seconds = math.ceil(self._lease.total_seconds())
        return await self._access.connect(
            **dict(arguments)
            | {
                "autocommit": True,
                "connect_timeout": min(CONNECT_TIMEOUT, self._deadline),
                "init_command": (
                    f"SET SESSION time_zone = '+00:00', wait_timeout = {seconds}, "
                    f"innodb_lock_wait_timeout = {math.ceil(self._deadline)}"
                ),
            }
        )

    @asynccontextmanager
    async def _answering(self, seconds: float | None = None) -> AsyncIterator[None]:
        """Wait for answers no longer than that; what goes wrong is DatabaseUnavailable."""
        try:
            async with asyncio.timeout(self._deadline if seconds is None else seconds):
                yield
        except TimeoutError as error:
            raise DatabaseUnavailable("The database does not answer.") from error
        except (aiomysql.MySQLError, OSError) as error:
            raise DatabaseUnavailable("The database does not let anybody lead.") from error

    async def _run(self, statement: str) -> Any:
        """Return the first row, if there is one."""
        async with self._connection.cursor() as cursor:
            await cursor.execute(
                statement,
                {
                    "name": LED,
                    "lock": self._lock,
                    "holder": self._holder,
                    "epoch": self._epoch,
                    "lease": round(self._lease.total_seconds() * 1e6),
                },
            )
            return await cursor.fetchone()

    async def _scalar(self, statement: str) -> Any:
        row = await self._run(statement)
        return None if row is None else row[0]

    def _hang_up(self) -> None:
        """Drop the connection this instant: over a dead link a farewell would never be sent."""
        connection, self._connection = self._connection, None
        # The driver's own closing would wait until its last words are delivered.
        writer = None if connection is None else connection._writer  # noqa: SLF001
        if writer is not None:
            writer.transport.abort()
            connection.close()
