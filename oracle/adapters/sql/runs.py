"""Runs of scheduled work: one per source, kind and session."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, true, update

from oracle.adapters.sql.database_clock import DatabaseTime, database_now
from oracle.adapters.sql.digest_tables import runs
from oracle.adapters.sql.upsert import add_new
from oracle.domain.instruments import Source
from oracle.domain.runs import OPEN_STATES, Run, RunKind, RunState

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection


class SqlRunRepository:
    """The table `runs`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_run(self, source: Source, kind: RunKind, session: date) -> Run | None:
        """Return the run, or None."""
        return await self._find(
            (runs.c.source == source) & (runs.c.kind == kind) & (runs.c.session == session)
        )

    async def get_run(self, run_id: int) -> Run:
        """Return the run. Raises LookupError."""
        run = await self._find(runs.c.id == run_id)
        if run is None:
            raise LookupError(f"there is no run {run_id}")
        return run

    async def list_runs(
        self, source: Source, kind: RunKind, *, limit: int, states: Sequence[RunState] | None = None
    ) -> Sequence[Run]:
        """Return the newest runs by session, of these states if given."""
        rows = await self._connection.execute(
            select(runs)
            .where(runs.c.source == source, runs.c.kind == kind)
            .where(true() if states is None else runs.c.state.in_(states))
            .order_by(runs.c.session.desc())
            .limit(limit)
        )
        return tuple(_run_of(row) for row in rows)

    async def count_runs(
        self, source: Source, since: datetime
    ) -> dict[tuple[RunKind, RunState], int]:
        """Return how many runs that began since then there are, by kind and state."""
        rows = await self._connection.execute(
            select(runs.c.kind, runs.c.state, func.count())
            .where(runs.c.source == source, runs.c.started_at >= since)
            .group_by(runs.c.kind, runs.c.state)
        )
        return {(RunKind(kind), RunState(state)): count for kind, state, count in rows}

    async def add_run(  # noqa: PLR0913 - one argument per column
        self,
        source: Source,
        kind: RunKind,
        session: date,
        *,
        state: RunState,
        epoch: int,
        content: str = "",
        reason: str = "",
        expires_at: datetime | None = None,
    ) -> Run | None:
        """Store a new run and return it, or None if there is one of that key already."""
        now = await database_now(self._connection)
        row = {
            "source": source,
            "kind": kind,
            "session": session,
            "state": state,
            "epoch": epoch,
            "content": content,
            "reason": reason,
            "needs_hand": False,
            "started_at": now,
            "finished_at": None if state in OPEN_STATES else now,
            "expires_at": expires_at,
        }
        if not await add_new(self._connection, runs, row):
            return None
        return await self.find_run(source, kind, session)

    async def adopt_run(self, run_id: int, epoch: int) -> bool:
        """Raise the run's epoch to this one, unless it has a higher one; say if it is this one."""
        result = await self._connection.execute(
            update(runs).where(runs.c.id == run_id, runs.c.epoch <= epoch).values(epoch=epoch)
        )
        return result.rowcount == 1

    async def change_state(
        self,
        run_id: int,
        *,
        epoch: int,
        expected: RunState,
        state: RunState,
        reason: str = "",
        needs_hand: bool = False,
    ) -> bool:
        """Change the state if the run has that epoch and that state; say if it was changed."""
        result = await self._connection.execute(
            update(runs)
            .where(runs.c.id == run_id, runs.c.epoch == epoch, runs.c.state == expected)
            .values(
                state=state,
                reason=reason,
                needs_hand=needs_hand,
                finished_at=None if state in OPEN_STATES else DatabaseTime(),
            )
        )
        return result.rowcount == 1

    async def _find(self, condition: ColumnElement[bool]) -> Run | None:
        rows = await self._connection.execute(select(runs).where(condition))
        row = rows.one_or_none()
        return None if row is None else _run_of(row)


def _run_of(row: Row[Any]) -> Run:
    return Run(
        id=row.id,
        source=Source(row.source),
        kind=RunKind(row.kind),
        session=row.session,
        state=RunState(row.state),
        epoch=row.epoch,
        content=row.content,
        reason=row.reason,
        needs_hand=row.needs_hand,
        started_at=row.started_at,
        finished_at=row.finished_at,
        expires_at=row.expires_at,
    )
