"""Fitted coefficients, one frozen set per session, pool and model version."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from oracle.adapters.sql.tables import fits
from oracle.adapters.sql.upsert import add_missing
from oracle.domain.forecasts import FrozenFit
from oracle.domain.instruments import Source

if TYPE_CHECKING:
    from datetime import date

    from sqlalchemy.ext.asyncio import AsyncConnection

KEY = ("source", "as_of", "pool_version", "model_version")


class SqlFitRepository:
    """The table `fits`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_fit(
        self, source: Source, as_of: date, pool_version: str, model_version: str
    ) -> FrozenFit | None:
        """Return the frozen fit, or None."""
        rows = await self._connection.execute(
            select(fits).where(
                fits.c.source == source,
                fits.c.as_of == as_of,
                fits.c.pool_version == pool_version,
                fits.c.model_version == model_version,
            )
        )
        row = rows.one_or_none()
        if row is None:
            return None
        return FrozenFit(
            source=Source(row.source),
            as_of=row.as_of,
            pool_version=row.pool_version,
            model_version=row.model_version,
            payload=row.payload,
            fingerprint=row.fingerprint,
            created_at=row.created_at,
        )

    async def add_fit(self, fit: FrozenFit) -> FrozenFit:
        """Store the fit unless one is there; return the one that is stored: the first wins."""
        row = {
            "source": fit.source,
            "as_of": fit.as_of,
            "pool_version": fit.pool_version,
            "model_version": fit.model_version,
            "payload": fit.payload,
            "fingerprint": fit.fingerprint,
            "created_at": fit.created_at,
        }
        await add_missing(self._connection, fits, [row], key=KEY)
        stored = await self.find_fit(fit.source, fit.as_of, fit.pool_version, fit.model_version)
        if stored is None:
            raise LookupError("a fit was gone right after it had been stored")
        return stored
