"""Rankings with their items, immutable: no statement here changes or deletes one."""

from __future__ import annotations

import math
from itertools import groupby
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from oracle.adapters.sql.predictions import KEY, has_identity, identity_of, prediction_of
from oracle.adapters.sql.tables import predictions, ranking_items, ranking_unavailable, rankings
from oracle.domain.instruments import Source
from oracle.domain.outcomes import StoredChoice
from oracle.domain.rankings import BestBuy, RankedStock, Ranking, UnavailableStock

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from sqlalchemy import ColumnElement, Row
    from sqlalchemy.ext.asyncio import AsyncConnection

    from oracle.adapters.sql.predictions import Identity


class SqlRankingRepository:
    """The tables `rankings`, `ranking_items` and `ranking_unavailable`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_latest_ranking(
        self, source: Source, selection: str, model_version: str, *, through: date
    ) -> Ranking | None:
        """Return the selection's newest ranking by `as_of` up to `through`, then by time."""
        columns = rankings.c
        return await self._find(
            columns.source == source,
            columns.selection == selection,
            columns.model_version == model_version,
            columns.as_of <= through,
        )

    async def add_ranking(self, ranking: Ranking) -> Ranking:
        """Store the ranking (its predictions are stored already); the first write wins.

        Raises ValueError when a prediction of it is not stored.
        """
        same = rankings.c.fingerprint == ranking.fingerprint
        stored = await self._find(same)
        if stored is not None:
            return stored
        try:
            await self._connection.execute(insert(rankings), [_row_of(ranking)])
        except IntegrityError:
            # Another instance was first, between the look and the write.
            stored = await self._find(same)
            if stored is None:
                raise
            return stored
        await self._add_items(ranking)
        stored = await self._find(same)
        if stored is None:
            raise LookupError("a ranking was gone right after it had been stored")
        return stored

    async def list_choices(
        self, source: Source, selection: str, model_version: str
    ) -> Sequence[StoredChoice]:
        """Return what the selection's last ranking of each session named, oldest first."""
        columns, items = rankings.c, ranking_items.c
        rows = await self._connection.execute(
            select(columns.id, columns.as_of, columns.best_symbol, items.symbol)
            .join_from(rankings, ranking_items)
            .where(
                columns.source == source,
                columns.selection == selection,
                columns.model_version == model_version,
            )
            .order_by(columns.as_of, columns.created_at, columns.id, items.symbol)
        )
        last: dict[date, StoredChoice] = {}
        for key, ranked in groupby(rows, key=lambda row: (row.id, row.as_of, row.best_symbol)):
            _, as_of, best = key
            # A later ranking of the session, with stocks that were missing, takes its place.
            last[as_of] = StoredChoice(as_of, best, tuple(row.symbol for row in ranked))
        return tuple(last.values())

    async def _add_items(self, ranking: Ranking) -> None:
        ranking_id = await self._connection.scalar(
            select(rankings.c.id).where(rankings.c.fingerprint == ranking.fingerprint)
        )
        ids = await self._prediction_ids(ranking)
        items = [
            {
                "ranking_id": ranking_id,
                "rank": stock.rank,
                "symbol": stock.symbol,
                "name": stock.name,
                "score": stock.score,
                "prediction_id": ids[identity_of(stock.prediction)],
            }
            for stock in ranking.stocks
        ]
        unavailable = [
            {
                "ranking_id": ranking_id,
                "position": position,
                "symbol": stock.symbol,
                "reason": stock.reason,
            }
            for position, stock in enumerate(ranking.unavailable)
        ]
        if items:
            await self._connection.execute(insert(ranking_items), items)
        if unavailable:
            await self._connection.execute(insert(ranking_unavailable), unavailable)

    async def _prediction_ids(self, ranking: Ranking) -> dict[Identity, int]:
        wanted = {identity_of(stock.prediction) for stock in ranking.stocks}
        if not wanted:
            return {}
        rows = await self._connection.execute(
            select(predictions.c.id, *(predictions.c[name] for name in KEY)).where(
                has_identity(wanted)
            )
        )
        # The enums of an identity are texts, and equal to those of the row.
        ids: dict[Identity, int] = {tuple(row[1:]): row[0] for row in rows}
        missing = sorted(identity[1] for identity in wanted - ids.keys())
        if missing:
            raise ValueError(f"a ranking with predictions not yet stored: {', '.join(missing)}")
        return ids

    async def _find(self, *conditions: ColumnElement[bool]) -> Ranking | None:
        columns = rankings.c
        rows = await self._connection.execute(
            select(rankings)
            .where(*conditions)
            .order_by(columns.as_of.desc(), columns.created_at.desc(), columns.id.desc())
            .limit(1)
        )
        row = rows.one_or_none()
        if row is None:
            return None
        return Ranking(
            source=Source(row.source),
            selection=row.selection,
            as_of=row.as_of,
            target=row.target,
            model_version=row.model_version,
            best=_best_of(row),
            stocks=await self._list_stocks(row.id),
            unavailable=await self._list_unavailable(row.id),
            fingerprint=row.fingerprint,
            created_at=row.created_at,
        )

    async def _list_stocks(self, ranking_id: int) -> tuple[RankedStock, ...]:
        items = ranking_items.c
        rows = await self._connection.execute(
            select(
                items.rank,
                items.symbol.label("ranked_symbol"),
                items.name,
                items.score,
                predictions,
            )
            .join_from(ranking_items, predictions)
            .where(items.ranking_id == ranking_id)
            .order_by(items.rank)
        )
        return tuple(
            RankedStock(
                rank=row.rank,
                symbol=row.ranked_symbol,
                name=row.name,
                score=math.nan if row.score is None else row.score,
                prediction=prediction_of(row),
            )
            for row in rows
        )

    async def _list_unavailable(self, ranking_id: int) -> tuple[UnavailableStock, ...]:
        columns = ranking_unavailable.c
        rows = await self._connection.execute(
            select(columns.symbol, columns.reason)
            .where(columns.ranking_id == ranking_id)
            .order_by(columns.position)
        )
        return tuple(UnavailableStock(row.symbol, row.reason) for row in rows)


def _row_of(ranking: Ranking) -> dict[str, Any]:
    best = ranking.best
    return {
        "source": ranking.source,
        "selection": ranking.selection,
        "model_version": ranking.model_version,
        "as_of": ranking.as_of,
        "target": ranking.target,
        "fingerprint": ranking.fingerprint,
        "created_at": ranking.created_at,
        "best_symbol": best.symbol if best else None,
        "best_name": best.name if best else None,
        "best_reason": best.reason if best else None,
    }


def _best_of(row: Row[Any]) -> BestBuy | None:
    if row.best_symbol is None:
        return None
    return BestBuy(row.best_symbol, row.best_name, row.best_reason)
