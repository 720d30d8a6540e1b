"""The database's own clock, which all who share the database agree on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from oracle.adapters.sql.column_types import UtcDateTime

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection


class DatabaseTime(FunctionElement[Any]):
    """The time at which the database begins the statement, as an expression within one."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(DatabaseTime, "mysql")
def _compile_for_mysql(element: DatabaseTime, compiler: Any, **options: Any) -> str:
    del element, compiler, options
    return "UTC_TIMESTAMP(6)"


@compiles(DatabaseTime, "sqlite")
def _compile_for_sqlite(element: DatabaseTime, compiler: Any, **options: Any) -> str:
    del element, compiler, options
    # Milliseconds, filled up to the six digits in which instants are stored and compared.
    return "strftime('%Y-%m-%d %H:%M:%f000', 'now')"


async def database_now(connection: AsyncConnection) -> datetime:
    """Return the database's time, aware, in UTC."""
    now: datetime = (await connection.execute(select(DatabaseTime()))).scalar_one()
    return now
