"""From a database URL to a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import make_url

from oracle.adapters.sql.access import IN_THE_CLEAR
from oracle.adapters.sql.mysql import create_mysql_engine
from oracle.adapters.sql.sqlite import create_memory_engine, create_sqlite_engine, is_memory
from oracle.adapters.sql.store import SqlStore

if TYPE_CHECKING:
    from oracle.adapters.sql.access import ServerAccess
    from oracle.adapters.sql.store import DatabaseObserver


def create_store(
    url: str,
    *,
    deadline: float,
    pool_size: int,
    observer: DatabaseObserver | None = None,
    access: ServerAccess = IN_THE_CLEAR,
) -> SqlStore:
    """Return the store of a `mysql+aiomysql` or `sqlite+aiosqlite` URL; nothing connects yet.

    `access` says as whom and how a server is come to. `deadline` is what one unit may take in
    seconds, all waiting included. A database in memory (`sqlite+aiosqlite:///:memory:`) is new and
    empty; `create_tables` makes it usable. Raises SettingsError when the folder of a SQLite file
    cannot be created.
    """
    target = make_url(url)
    if target.get_backend_name() == "mysql":
        engine = create_mysql_engine(target, deadline=deadline, pool_size=pool_size, access=access)
        return SqlStore(engine, deadline=deadline, observer=observer)
    if is_memory(target):
        engine, keeper = create_memory_engine()
        return SqlStore(engine, deadline=deadline, observer=observer, keeper=keeper)
    engine = create_sqlite_engine(target, pool_size=pool_size)
    return SqlStore(engine, deadline=deadline, observer=observer)
