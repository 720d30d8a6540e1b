"""The store: short transactions, each within a deadline."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from oracle.adapters.sql.bars import SqlBarRepository
from oracle.adapters.sql.deliveries import SqlDeliveryRepository
from oracle.adapters.sql.digest_tables import metadata
from oracle.adapters.sql.failures import unavailable
from oracle.adapters.sql.fits import SqlFitRepository
from oracle.adapters.sql.housekeeping import SqlHousekeeping
from oracle.adapters.sql.leadership import SqlEpochRepository
from oracle.adapters.sql.mail_events import SqlMailEventRepository
from oracle.adapters.sql.outcomes import SqlOutcomeRepository
from oracle.adapters.sql.patience import Patience, watch_answers
from oracle.adapters.sql.predictions import SqlPredictionRepository
from oracle.adapters.sql.quotes import SqlQuoteRepository
from oracle.adapters.sql.rankings import SqlRankingRepository
from oracle.adapters.sql.runs import SqlRunRepository
from oracle.adapters.sql.sending_pace import SqlSendingPace
from oracle.adapters.sql.splits import SqlSplitRepository
from oracle.adapters.sql.subscribers import SqlSubscriberRepository
from oracle.adapters.sql.suppressions import SqlSuppressionRepository
from oracle.adapters.sql.symbol_lookups import SqlSymbolLookupRepository
from oracle.domain.errors import DatabaseUnavailable

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import AsyncIterator

    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine


class Outcome(StrEnum):
    """How a unit ended. `failed` is an error that is no fault of the database."""

    COMMITTED = "committed"
    FAILED = "failed"
    UNAVAILABLE = "unavailable"
    CANCELLED = "cancelled"


class DatabaseObserver(Protocol):
    """Told of every unit, for metrics: `operation` is `transaction` or `ping`."""

    def __call__(self, operation: str, outcome: str, seconds: float) -> None:
        """Take note of one unit."""
        ...


class SqlUnitOfWork:
    """Repositories on one connection, in one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        self.bars = SqlBarRepository(connection)
        self.splits = SqlSplitRepository(connection)
        self.quotes = SqlQuoteRepository(connection)
        self.lookups = SqlSymbolLookupRepository(connection)
        self.fits = SqlFitRepository(connection)
        self.predictions = SqlPredictionRepository(connection)
        self.rankings = SqlRankingRepository(connection)
        self.outcomes = SqlOutcomeRepository(connection)
        self.subscribers = SqlSubscriberRepository(connection)
        self.suppressions = SqlSuppressionRepository(connection)
        self.mail_events = SqlMailEventRepository(connection)
        self.epochs = SqlEpochRepository(connection)
        self.runs = SqlRunRepository(connection)
        self.deliveries = SqlDeliveryRepository(connection)
        self.pace = SqlSendingPace(connection)
        self.housekeeping = SqlHousekeeping(connection)


class SqlStore:
    """The database behind a pool of connections. Units do not nest: each takes one of them.

    `keeper` is the connection that keeps a database in memory alive, if it is one.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        *,
        deadline: float,
        observer: DatabaseObserver | None = None,
        keeper: sqlite3.Connection | None = None,
    ) -> None:
        watch_answers(engine)
        self._engine = engine
        self._deadline = deadline
        self._observer = observer
        self._keeper = keeper
        self._units = 0
        self._is_away = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def is_away(self) -> bool:
        """Whether the unit that ended last could not be done, for the database was away.

        The jobs of the scheduler ask for a unit every second, so that this is never old.
        """
        return self._is_away

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[SqlUnitOfWork]:
        """Open a transaction with the configured deadline, or a visitor's patience.

        Raises DatabaseUnavailable. An error of the caller's own passes as it is, after a rollback.
        """
        async with self._unit("transaction") as connection:
            yield SqlUnitOfWork(connection)

    async def ping(self) -> None:
        """Return once the database has answered a trivial query. Raises DatabaseUnavailable."""
        async with self._unit("ping") as connection:
            await connection.execute(select(1))

    @property
    def pool_limit(self) -> int:
        """How many connections the pool may have at most."""
        pool = self._engine.pool
        return pool.size() if isinstance(pool, QueuePool) else 0

    def count_connections(self) -> tuple[int, int]:
        """Return how many of the pool's connections units have, and how many are idle."""
        pool = self._engine.pool
        return (pool.checkedout(), pool.checkedin()) if isinstance(pool, QueuePool) else (0, 0)

    async def create_tables(self) -> None:
        """Create the tables in a database that lives in memory; others are migrated."""
        async with self._engine.begin() as connection:
            await connection.run_sync(metadata.create_all)

    async def aclose(self) -> None:
        """Close all connections, once the units under way have ended, by their deadline at last.

        A connection that came back later would lie in a pool that nobody closes any more.
        """
        with suppress(TimeoutError):
            async with asyncio.timeout(self._deadline):
                await self._idle.wait()
        await self._engine.dispose()
        if self._keeper is not None:
            self._keeper.close()

    @asynccontextmanager
    async def _unit(self, operation: str) -> AsyncIterator[AsyncConnection]:
        loop = asyncio.get_running_loop()
        started = loop.time()
        outcome = Outcome.CANCELLED
        patience = Patience(self._deadline)
        self._units += 1
        self._idle.clear()
        try:
            async with patience, _transaction(self._engine, patience) as connection:
                yield connection
            outcome = Outcome.COMMITTED
        except Exception as error:
            failure = self._failure(error, patience)
            outcome = Outcome.UNAVAILABLE if failure else Outcome.FAILED
            if failure is None or failure is error:
                raise
            raise failure from error
        finally:
            if outcome is not Outcome.CANCELLED:
                self._is_away = outcome is Outcome.UNAVAILABLE
            self._units -= 1
            if not self._units:
                self._idle.set()
            if self._observer is not None:
                self._observer(operation, outcome, loop.time() - started)

    def _failure(self, error: Exception, patience: Patience) -> DatabaseUnavailable | None:
        # A TimeoutError of the caller's own must not be mistaken for the deadline's.
        if patience.is_over and isinstance(error, TimeoutError):
            return DatabaseUnavailable(
                f"The database did not answer within {patience.seconds:g} seconds."
            )
        # Where a secret cannot be read no connection is even tried.
        return error if isinstance(error, DatabaseUnavailable) else unavailable(error)


def _require_time(patience: Patience) -> None:
    """Raise TimeoutError if the deadline is over and nothing has come of it.

    Before Python 3.12 a wait for a connection that ends in the very moment of the deadline swallows
    the cancellation, and what followed would have no deadline at all.
    """
    if patience.is_over:
        raise TimeoutError


@asynccontextmanager
async def _transaction(engine: AsyncEngine, patience: Patience) -> AsyncIterator[AsyncConnection]:
    """Commit at a normal end and roll back at an error.

    A cancelled unit, and with it one past its deadline, throws its connection away: an answer may
    still be on its way there, and a rollback could wait for it without end.
    """
    with patience.connecting():
        connection = await engine.connect()
    try:
        _require_time(patience)
        patience.watch(connection)
        yield connection
        with patience.asking():
            await connection.commit()
    except Exception:
        # The error at hand is the one to tell. A connection that cannot even roll back leaves the
        # pool by itself.
        with suppress(SQLAlchemyError):
            await connection.close()
        raise
    except BaseException:
        await connection.invalidate()
        raise
    finally:
        await connection.close()
