"""Servers that tests of several rooms share."""

from tests.servers.mariadb import (
    mariadb_migrated_url,
    mariadb_server,
    mariadb_tables_url,
    mariadb_url,
)

__all__ = ["mariadb_migrated_url", "mariadb_server", "mariadb_tables_url", "mariadb_url"]
