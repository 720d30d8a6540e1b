"""Addresses that are never written to again, by fingerprint."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, func, select

from oracle.adapters.sql.digest_tables import suppressions
from oracle.adapters.sql.upsert import add_new
from oracle.domain.addressless import without_addresses
from oracle.domain.subscribers import Suppression, SuppressionReason

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncConnection


class SqlSuppressionRepository:
    """The table `suppressions`."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def find_suppression(self, fingerprint: str) -> Suppression | None:
        """Return it, or None."""
        rows = await self._connection.execute(
            select(suppressions).where(suppressions.c.fingerprint == fingerprint)
        )
        row = rows.one_or_none()
        if row is None:
            return None
        return Suppression(
            row.fingerprint, SuppressionReason(row.reason), row.detail, row.suppressed_at
        )

    async def list_suppressed(self, fingerprints: Sequence[str]) -> Sequence[str]:
        """Return which of these are suppressed."""
        rows = await self._connection.scalars(
            select(suppressions.c.fingerprint).where(suppressions.c.fingerprint.in_(fingerprints))
        )
        return tuple(rows)

    async def add_suppression(self, suppression: Suppression) -> bool:
        """Store it unless the address is suppressed already; say if it was new."""
        row = {
            "fingerprint": suppression.fingerprint,
            "reason": suppression.reason,
            "detail": without_addresses(suppression.detail),
            "suppressed_at": suppression.suppressed_at,
        }
        return await add_new(self._connection, suppressions, row)

    async def remove_suppression(self, fingerprint: str) -> bool:
        """Take it back; say if there was one."""
        result = await self._connection.execute(
            delete(suppressions).where(suppressions.c.fingerprint == fingerprint)
        )
        return result.rowcount == 1

    async def count_suppressions(self) -> dict[str, int]:
        """Return how many there are of each reason."""
        rows = await self._connection.execute(
            select(suppressions.c.reason, func.count()).group_by(suppressions.c.reason)
        )
        counted: dict[str, int] = {reason: int(count) for reason, count in rows}
        return {reason: counted.get(reason, 0) for reason in SuppressionReason}
