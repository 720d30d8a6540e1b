"""From a database URL to the election that it allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import make_url

from oracle.adapters.sql.access import IN_THE_CLEAR
from oracle.adapters.sql.leader_lock_mysql import MySqlLeaderLock
from oracle.adapters.sql.leader_lock_sqlite import SqliteLeaderLock

if TYPE_CHECKING:
    from datetime import timedelta

    from oracle.adapters.sql.access import ServerAccess
    from oracle.adapters.sql.store import SqlStore
    from oracle.ports import LeaderLock


def create_leader_lock(
    url: str,
    store: SqlStore,
    *,
    holder: str,
    lease: timedelta,
    deadline: float,
    access: ServerAccess = IN_THE_CLEAR,
) -> LeaderLock:
    """Return the lock that elects among all who use the database; nothing connects yet.

    `holder` names this process in at most 64 characters. A leader of whom nothing was heard for
    the length of `lease` is replaced. `deadline` is what one call may take in seconds.
    """
    if make_url(url).get_backend_name() == "mysql":
        return MySqlLeaderLock(url, holder=holder, lease=lease, deadline=deadline, access=access)
    return SqliteLeaderLock(store, holder=holder, lease=lease)
