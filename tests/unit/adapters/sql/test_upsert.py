"""Upserts are spelt for each database, and stay batches on the newest MySQL."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from aiomysql.cursors import RE_INSERT_VALUES
from sqlalchemy.dialects import mysql, sqlite

from oracle.adapters.sql.tables import bar_fetches, ranking_items
from oracle.adapters.sql.upsert import Upsert

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

KEY = ("source", "symbol")
UPDATE = Upsert(bar_fetches, key=KEY, columns=("currency", "fetched_at"))
KEEP = Upsert(bar_fetches, key=KEY)


def production_mysql() -> Dialect:
    """Return the dialect as it is after a connection to MySQL 8.4."""
    dialect = mysql.dialect(paramstyle="format")
    dialect.server_version_info = (8, 4, 0)
    return dialect


def ending(statement: Upsert, dialect: Dialect) -> str:
    """Return what follows the inserted values."""
    return str(statement.compile(dialect=dialect)).partition("VALUES (")[2].partition(") ")[2]


def test_mysql_updates_from_the_values_that_were_refused() -> None:
    """`VALUES(column)` is what MySQL and MariaDB both know."""
    assert ending(UPDATE, production_mysql()) == (
        "ON DUPLICATE KEY UPDATE currency = VALUES(currency), fetched_at = VALUES(fetched_at)"
    )


def test_mysql_keeps_a_row_by_changing_nothing() -> None:
    """INSERT IGNORE would forgive every other fault of the row as well."""
    assert ending(KEEP, production_mysql()) == "ON DUPLICATE KEY UPDATE source = source"


def test_sqlite_names_the_key_in_conflict() -> None:
    """A conflict of another key is an error."""
    assert ending(UPDATE, sqlite.dialect()) == (
        "ON CONFLICT (source, symbol) DO UPDATE SET "
        "currency = excluded.currency, fetched_at = excluded.fetched_at"
    )
    assert ending(KEEP, sqlite.dialect()) == "ON CONFLICT (source, symbol) DO NOTHING"


def test_reserved_words_are_quoted() -> None:
    """`rank` is a word of MySQL's own."""
    statement = Upsert(ranking_items, key=("ranking_id", "rank"), columns=("rank",))
    assert ending(statement, production_mysql()) == (
        "ON DUPLICATE KEY UPDATE `rank` = VALUES(`rank`)"
    )


@pytest.mark.parametrize("statement", [UPDATE, KEEP], ids=["update", "keep"])
def test_the_driver_sends_many_rows_as_one_statement(statement: Upsert) -> None:
    """The driver recognises the statement; otherwise each row would be a round trip."""
    assert RE_INSERT_VALUES.match(str(statement.compile(dialect=production_mysql())))


@pytest.mark.parametrize("dialect", [production_mysql(), sqlite.dialect()], ids=["mysql", "sqlite"])
def test_nothing_is_returned_by_a_write(dialect: Dialect) -> None:
    """MySQL knows no RETURNING."""
    assert "RETURNING" not in str(UPDATE.compile(dialect=dialect))
    assert "RETURNING" not in str(ranking_items.insert().compile(dialect=dialect))
