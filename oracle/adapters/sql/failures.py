"""Which errors of the driver mean that the database cannot be used right now."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from sqlalchemy import exc

from oracle.domain.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from sqlalchemy.engine import ExceptionContext

READ_ONLY = frozenset({1290, 1836})
"""MySQL's answers to a write on a server that a failover has left behind as a replica."""

DUPLICATE = 1062
DUPLICATE_IN_SQLITE = frozenset(
    {sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY, sqlite3.SQLITE_CONSTRAINT_UNIQUE}
)
NO_SUCH_TABLE = 1146
BROKEN_RULE = frozenset({3819, 4025})
"""A CHECK constraint refused the row, on MySQL and on MariaDB: a fault of ours, not an outage."""


def error_number(error: BaseException | None) -> int | None:
    """Return MySQL's number of the error, or None when it carries none."""
    number = error.args[0] if error is not None and error.args else None
    return number if isinstance(number, int) else None


def is_duplicate(error: exc.IntegrityError) -> bool:
    """Return whether a row of that key was there already, rather than another rule broken."""
    code = getattr(error.orig, "sqlite_errorcode", None)
    return error_number(error.orig) == DUPLICATE or code in DUPLICATE_IN_SQLITE


def unavailable(error: BaseException) -> DatabaseUnavailable | None:
    """Return the error to raise in place of that one, or None when it is no outage."""
    if isinstance(error, exc.TimeoutError):
        return DatabaseUnavailable("All connections to the database are in use.")
    if isinstance(error, exc.DBAPIError):
        return _refused(error) or _lost(error)
    return None


def _refused(error: exc.DBAPIError) -> DatabaseUnavailable | None:
    number = error_number(error.orig)
    if number == NO_SUCH_TABLE or "no such table" in str(error.orig):
        return DatabaseUnavailable(
            "The database has not been prepared for this version.", hint="Run `oracle migrate`."
        )
    if number in READ_ONLY:
        return DatabaseUnavailable("The database takes no writes at the moment.")
    return None


def _lost(error: exc.DBAPIError) -> DatabaseUnavailable | None:
    if error_number(error.orig) in BROKEN_RULE:
        return None
    outage = isinstance(error, exc.OperationalError | exc.InterfaceError | exc.InternalError)
    # A SQLite file that is none, or a broken one, raises the base class itself.
    if outage or type(error) is exc.DatabaseError or error.connection_invalidated:
        return DatabaseUnavailable("The database does not answer.")
    return None


def disconnect_when_read_only(context: ExceptionContext) -> None:
    """Have every pooled connection replaced, so that the name is resolved to the new primary."""
    if error_number(context.original_exception) in READ_ONLY:
        context.is_disconnect = True
