"""Predictions, immutable: no statement here changes or deletes one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, tuple_

from oracle.adapters.sql.tables import predictions
from oracle.adapters.sql.upsert import add_missing
from oracle.domain.forecasts import Origin, Prediction
from oracle.domain.instruments import Source

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from datetime import date

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

KEY = ("source", "symbol", "as_of", "model_version", "origin")

Identity = tuple[Source, str, "date", str, Origin]
"""What a prediction is unique by, in the order of KEY."""


def identity_of(prediction: Prediction) -> Identity:
    """Return what the prediction is unique by."""
    return (
        prediction.source,
        prediction.symbol,
        prediction.as_of,
        prediction.model_version,
        prediction.origin,
    )


def has_identity(identities: Iterable[Identity]) -> ColumnElement[bool]:
    """Return the condition that a row is one of those predictions."""
    return tuple_(*(predictions.c[name] for name in KEY)).in_(list(identities))


def prediction_of(row: Row[Any]) -> Prediction:
    """Return the prediction of a row that holds all columns of the table."""
    return Prediction(
        symbol=row.symbol,
        source=Source(row.source),
        as_of=row.as_of,
        target=row.target,
        current_price=row.current_price,
        currency=row.currency,
        point=row.point,
        quantiles=row.quantiles,
        model_version=row.model_version,
        fingerprint=row.fingerprint,
        origin=Origin(row.origin),
        created_at=row.created_at,
        abstained=row.abstained,
        reasons=row.reasons,
    )


class SqlPredictionRepository:
    """The table `predictions`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def list_predictions(
        self,
        source: Source,
        symbols: Sequence[str],
        as_of: date,
        model_version: str,
        origin: Origin,
    ) -> dict[str, Prediction]:
        """Return the stored predictions of that session by symbol."""
        if not symbols:
            return {}
        rows = await self._connection.execute(
            select(predictions).where(
                predictions.c.source == source,
                predictions.c.symbol.in_(symbols),
                predictions.c.as_of == as_of,
                predictions.c.model_version == model_version,
                predictions.c.origin == origin,
            )
        )
        return {row.symbol: prediction_of(row) for row in rows}

    async def find_latest_prediction(
        self, source: Source, symbol: str, origin: Origin, *, through: date
    ) -> Prediction | None:
        """Return the symbol's newest prediction by `as_of` up to `through`, or None.

        Of several models' predictions from one session it is the one made last.
        """
        columns = predictions.c
        rows = await self._connection.execute(
            select(predictions)
            .where(columns.source == source, columns.symbol == symbol, columns.origin == origin)
            .where(columns.as_of <= through)
            .order_by(columns.as_of.desc(), columns.created_at.desc(), columns.id.desc())
            .limit(1)
        )
        row = rows.one_or_none()
        return None if row is None else prediction_of(row)

    async def add_predictions(self, predictions_: Sequence[Prediction]) -> dict[str, Prediction]:
        """Store those not yet there and return, by symbol, what is stored: the first write wins.

        Raises ValueError when a symbol stands among them twice.
        """
        if not predictions_:
            return {}
        if len({prediction.symbol for prediction in predictions_}) != len(predictions_):
            raise ValueError("one prediction per symbol can be stored at a time")
        rows = [_row_of(prediction) for prediction in predictions_]
        await add_missing(self._connection, predictions, rows, key=KEY)
        stored = await self._connection.execute(
            select(predictions).where(has_identity(map(identity_of, predictions_)))
        )
        return {row.symbol: prediction_of(row) for row in stored}


def _row_of(prediction: Prediction) -> dict[str, Any]:
    return {
        **dict(zip(KEY, identity_of(prediction), strict=True)),
        "target": prediction.target,
        "current_price": prediction.current_price,
        "currency": prediction.currency,
        "point": prediction.point,
        "quantiles": prediction.quantiles,
        "fingerprint": prediction.fingerprint,
        "created_at": prediction.created_at,
        "abstained": prediction.abstained,
        "reasons": prediction.reasons,
    }
