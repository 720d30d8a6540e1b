"""The two writes that the databases spell differently: keep the first row, or take the last.

SQLAlchemy's own construct for MySQL turns to `AS new` on newer servers, which MariaDB does not know
and which makes the driver send a batch row by row; `VALUES(column)` is understood by all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import Insert, insert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.compiler import compiles

from oracle.adapters.sql.failures import is_duplicate

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Table
    from sqlalchemy.ext.asyncio import AsyncConnection

    Row = Mapping[str, Any]


class Upsert(Insert):
    """An INSERT that, where a row of the same key is, sets `columns` anew, or nothing at all."""

    inherit_cache = False

    def __init__(self, table: Table, *, key: Sequence[str], columns: Sequence[str] = ()) -> None:
        super().__init__(table)
        self.key = tuple(key)
        self.columns_set = tuple(columns)


@compiles(Upsert, "mysql")
def _compile_for_mysql(statement: Upsert, compiler: Any, **options: Any) -> str:
    quote = compiler.preparer.quote
    insert: str = compiler.visit_insert(statement, **options)
    # INSERT IGNORE would forgive far more than a row that is there: a column is set to itself.
    changes = [f"{quote(name)} = VALUES({quote(name)})" for name in statement.columns_set] or [
        f"{quote(statement.key[0])} = {quote(statement.key[0])}"
    ]
    return f"{insert} ON DUPLICATE KEY UPDATE {', '.join(changes)}"


@compiles(Upsert, "sqlite")
def _compile_for_sqlite(statement: Upsert, compiler: Any, **options: Any) -> str:
    quote = compiler.preparer.quote
    insert: str = compiler.visit_insert(statement, **options)
    key = ", ".join(quote(name) for name in statement.key)
    changes = ", ".join(f"{quote(name)} = excluded.{quote(name)}" for name in statement.columns_set)
    action = f"DO UPDATE SET {changes}" if changes else "DO NOTHING"
    return f"{insert} ON CONFLICT ({key}) {action}"


async def add_missing(
    connection: AsyncConnection, table: Table, rows: Sequence[Row], *, key: Sequence[str]
) -> None:
    """Insert the rows whose key is not there yet and leave the others as they are.

    Rows go in by ascending key, so that two writers of the same rows wait for each other instead
    of locking one another out.
    """
    if rows:
        await connection.execute(Upsert(table, key=key), _by_key(rows, key))


async def add_new(connection: AsyncConnection, table: Table, row: Row) -> bool:
    """Insert the row unless one of its key is there, and say if it was inserted.

    Told by the refusal itself, since the databases count the rows of an upsert each in its own way.
    A refused statement undoes itself alone: the transaction goes on.
    """
    try:
        await connection.execute(insert(table), [dict(row)])
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        return False
    return True


async def add_new_rows(
    connection: AsyncConnection, table: Table, rows: Mapping[str, Row]
) -> Collection[str]:
    """Insert the rows of which there is none of that key yet, and return their keys.

    All in one statement as long as nobody else inserts one of them at the same time; then one by
    one. On SQLite the caller holds the write lock and has looked which are there.
    """
    ordered = sorted(rows)
    if not ordered:
        return ()
    try:
        # Many rows may be more than one statement: what went in before a refusal is taken back.
        async with connection.begin_nested():
            await connection.execute(insert(table), [dict(rows[key]) for key in ordered])
    except IntegrityError as error:
        if not is_duplicate(error):
            raise
        return [key for key in ordered if await add_new(connection, table, rows[key])]
    return ordered


async def upsert(
    connection: AsyncConnection, table: Table, rows: Sequence[Row], *, key: Sequence[str]
) -> None:
    """Insert the rows, in place of those that have their key; by ascending key, as above."""
    if rows:
        columns = [name for name in rows[0] if name not in key]
        await connection.execute(Upsert(table, key=key, columns=columns), _by_key(rows, key))


def _by_key(rows: Sequence[Row], key: Sequence[str]) -> list[dict[str, Any]]:
    return sorted((dict(row) for row in rows), key=lambda row: [row[name] for name in key])
