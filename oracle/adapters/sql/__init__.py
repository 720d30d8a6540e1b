"""The database: one set of tables and repositories for MySQL, MariaDB and SQLite."""
