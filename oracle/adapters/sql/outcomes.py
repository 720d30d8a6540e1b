"""What became of predictions: stored once, corrected openly."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, or_, select, true, update

from oracle.adapters.sql.predictions import KEY, has_identity, identity_of, prediction_of
from oracle.adapters.sql.tables import outcome_revisions, outcomes, predictions
from oracle.adapters.sql.upsert import add_missing
from oracle.domain.outcomes import (
    Move,
    Outcome,
    OutcomeRevision,
    RecordState,
    ScoredPrediction,
    SettledPrediction,
)
from oracle.ports import SettledPage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from oracle.adapters.sql.predictions import Identity
    from oracle.domain.forecasts import Origin, Prediction
    from oracle.domain.instruments import Source

COLUMNS = tuple(field.name for field in fields(Outcome))
_OUTCOME = tuple(outcomes.c[name] for name in COLUMNS)
_JOINED = predictions.outerjoin(outcomes, outcomes.c.prediction_id == predictions.c.id)
_SETTLED = predictions.join(outcomes, outcomes.c.prediction_id == predictions.c.id)
_PENDING = outcomes.c.prediction_id.is_(None)
_WITH_NUMBERS = predictions.c.point.is_not(None)

_FIRST_ACTUAL = (
    select(outcome_revisions.c.actual)
    .where(
        outcome_revisions.c.prediction_id == predictions.c.id,
        outcome_revisions.c.number == 1,
    )
    .scalar_subquery()
    .label("first_actual")
)
"""What the outcome said before its first correction."""


class SqlOutcomeRepository:
    """The tables `outcomes` and `outcome_revisions`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_sessions_to_settle(
        self, source: Source, *, through: date, recheck_since: date | None
    ) -> Sequence[date]:
        """Return the target sessions up to `through` that have work, oldest first."""
        target = predictions.c.target
        recheck = true() if recheck_since is None else target >= recheck_since
        rows = await self._connection.execute(
            select(target)
            .distinct()
            .select_from(_JOINED)
            .where(predictions.c.source == source, target <= through, _WITH_NUMBERS)
            .where(or_(_PENDING, recheck))
            .order_by(target)
        )
        return tuple(row.target for row in rows)

    async def list_of_session(self, source: Source, target: date) -> Sequence[SettledPrediction]:
        """Return the session's predictions that have numbers, settled and pending, by symbol."""
        rows = await self._connection.execute(
            select(predictions, *_OUTCOME, _FIRST_ACTUAL)
            .select_from(_JOINED)
            .where(predictions.c.source == source, predictions.c.target == target, _WITH_NUMBERS)
            .order_by(predictions.c.symbol, predictions.c.id)
        )
        return tuple(
            SettledPrediction(
                prediction_of(row), None if row.settled_at is None else _outcome_of(row)
            )
            for row in rows
        )

    async def add_outcomes(self, settled: Sequence[SettledPrediction]) -> int:
        """Store those outcomes that are not there yet: the first write wins; return how many.

        Raises ValueError when a prediction is not stored or has no outcome given.
        """
        if not settled:
            return 0
        ids = await self._ids([each.prediction for each in settled])
        known = await self._connection.execute(
            select(outcomes.c.prediction_id).where(outcomes.c.prediction_id.in_(ids.values()))
        )
        there = set(known.scalars())
        rows = [
            {"prediction_id": ids[identity_of(each.prediction)], **_values_of(each)}
            for each in settled
        ]
        missing = [row for row in rows if row["prediction_id"] not in there]
        await add_missing(self._connection, outcomes, missing, key=("prediction_id",))
        return len(missing)

    async def revise_outcome(self, revised: SettledPrediction, *, expected: int) -> bool:
        """Replace the outcome that was revised `expected` times so far, and keep what it said.

        Returns whether it was: somebody else may have been first. The first `settled_at` stays.
        """
        ids = await self._ids([revised.prediction])
        prediction_id = ids[identity_of(revised.prediction)]
        same = (outcomes.c.prediction_id == prediction_id, outcomes.c.revisions == expected)
        values = _values_of(revised) | {"revisions": expected + 1}
        del values["settled_at"]
        before = (
            await self._connection.execute(
                select(outcomes.c.actual, outcomes.c.input_healed).where(*same)
            )
        ).one_or_none()
        if before is None:
            return False
        # Of two who correct the same the second waits here, and then finds nothing to change.
        changed = await self._connection.execute(update(outcomes).where(*same).values(values))
        if changed.rowcount != 1:
            return False
        kept = {
            "prediction_id": prediction_id,
            "number": expected + 1,
            "actual": before.actual,
            "input_healed": before.input_healed,
            "replaced_at": values["revised_at"],
        }
        await self._connection.execute(insert(outcome_revisions), [kept])
        return True

    async def list_revisions(self, settled: SettledPrediction) -> Sequence[OutcomeRevision]:
        """Return what the outcome said before, oldest first."""
        ids = await self._ids([settled.prediction])
        columns = outcome_revisions.c
        rows = await self._connection.execute(
            select(outcome_revisions)
            .where(columns.prediction_id == ids[identity_of(settled.prediction)])
            .order_by(columns.number)
        )
        return tuple(
            OutcomeRevision(row.number, row.actual, row.input_healed, row.replaced_at)
            for row in rows
        )

    async def find_state(
        self, source: Source, origin: Origin, symbol: str | None, *, through: date
    ) -> RecordState:
        """Return which state the record of all stocks, or of one, is in."""
        counted = await self._connection.execute(
            select(
                func.count(outcomes.c.prediction_id),
                func.coalesce(func.sum(outcomes.c.revisions), 0),
                func.max(predictions.c.target),
            )
            .select_from(_SETTLED)
            .where(*_of(source, origin, symbol))
        )
        settled, revisions, last = counted.one()
        pending = await self._connection.scalar(
            select(func.count())
            .select_from(_JOINED)
            .where(*_of(source, origin, symbol), _PENDING, _WITH_NUMBERS)
            .where(predictions.c.target <= through)
        )
        return RecordState(int(settled), int(revisions), int(pending or 0), last)

    async def list_scored(
        self, source: Source, origin: Origin, symbol: str | None
    ) -> Sequence[ScoredPrediction]:
        """Return all settled predictions, without distributions, by target session and symbol."""
        columns = predictions.c
        rows = await self._connection.execute(
            select(
                *(columns.symbol, columns.as_of, columns.target, columns.model_version),
                columns.current_price,
                *_OUTCOME,
            )
            .select_from(_SETTLED)
            .where(*_of(source, origin, symbol))
            .order_by(columns.target, columns.symbol)
        )
        return tuple(
            ScoredPrediction(
                symbol=row.symbol,
                as_of=row.as_of,
                target=row.target,
                model_version=row.model_version,
                current_price=row.current_price,
                outcome=_outcome_of(row),
            )
            for row in rows
        )

    async def list_settled(
        self, source: Source, origin: Origin, symbol: str | None, *, after: int, limit: int
    ) -> SettledPage:
        """Return up to `limit` settled predictions that come after that place; 0 is the start."""
        rows = (
            await self._connection.execute(
                select(predictions, *_OUTCOME, _FIRST_ACTUAL)
                .select_from(_SETTLED)
                .where(*_of(source, origin, symbol), predictions.c.id > after)
                .order_by(predictions.c.id)
                .limit(limit)
            )
        ).all()
        return SettledPage(
            tuple(
                SettledPrediction(prediction_of(row), _outcome_of(row), row.first_actual)
                for row in rows
            ),
            rows[-1].id if len(rows) == limit else None,
        )

    async def list_latest_settled(
        self, source: Source, origin: Origin, symbol: str, *, limit: int
    ) -> Sequence[SettledPrediction]:
        """Return the stock's last `limit` settled predictions by target session, newest first."""
        rows = await self._connection.execute(
            select(predictions, *_OUTCOME, _FIRST_ACTUAL)
            .select_from(_SETTLED)
            .where(*_of(source, origin, symbol))
            .order_by(predictions.c.target.desc(), predictions.c.id.desc())
            .limit(limit)
        )
        return tuple(
            SettledPrediction(prediction_of(row), _outcome_of(row), row.first_actual)
            for row in rows
        )

    async def _ids(self, wanted: Sequence[Prediction]) -> Mapping[Identity, int]:
        identities = [identity_of(prediction) for prediction in wanted]
        rows = await self._connection.execute(
            select(predictions.c.id, *(predictions.c[name] for name in KEY)).where(
                has_identity(identities)
            )
        )
        # The enums of an identity are texts, and equal to those of the row.
        ids: dict[Identity, int] = {tuple(row[1:]): row[0] for row in rows}
        missing = sorted(identity[1] for identity in set(identities) - ids.keys())
        if missing:
            raise ValueError(f"outcomes of predictions not stored: {', '.join(missing)}")
        return ids


def _of(source: Source, origin: Origin, symbol: str | None) -> tuple[ColumnElement[bool], ...]:
    columns = predictions.c
    conditions = (columns.source == source, columns.origin == origin)
    return conditions if symbol is None else (*conditions, columns.symbol == symbol)


def _outcome_of(row: Row[Any]) -> Outcome:
    values = {name: getattr(row, name) for name in COLUMNS}
    values["predicted_move"] = Move(values["predicted_move"])
    values["actual_move"] = Move(values["actual_move"])
    return Outcome(**values)


def _values_of(settled: SettledPrediction) -> dict[str, Any]:
    if settled.outcome is None:
        raise ValueError(f"no outcome of {settled.prediction.symbol} was given")
    return {name: getattr(settled.outcome, name) for name in COLUMNS}
