"""A private MariaDB server for tests: its own folder, its own port, gone when the tests are.

With `ORACLE_TEST_MYSQLD`, the path of MySQL's `mysqld`, it is a server of MySQL instead.

A conftest imports the fixtures it needs: `mariadb_server`, one per test run (and per worker of a
parallel run); `mariadb_url`, a new and empty database on it for each test; `mariadb_migrated_url`,
a database with all tables and no rows, which is much faster.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import shutil
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from oracle.adapters.sql.digest_tables import metadata
from oracle.adapters.sql.migrate import migrate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Engine

MYSQLD = "ORACLE_TEST_MYSQLD"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
ATTEMPTS = 3

# Small and fast: what a test wrote need not survive a power cut. The default character set is a
# wrong one on purpose, so that a table which does not name its own is found out.
OPTIONS = (
    "--bind-address=127.0.0.1",
    "--skip-name-resolve",
    "--skip-log-bin",
    "--performance-schema=OFF",
    "--innodb-buffer-pool-size=32M",
    "--innodb-flush-log-at-trx-commit=2",
    "--innodb-doublewrite=OFF",
    "--innodb-fast-shutdown=1",
    "--max-connections=300",
    "--character-set-server=latin1",
    "--collation-server=latin1_swedish_ci",
)


MARIADB_OPTIONS = ("--innodb-log-file-size=16M",)
MYSQL_OPTIONS = ("--mysqlx=OFF", "--secure-file-priv=NULL", "--innodb-redo-log-capacity=32M")


class MariaDbServer:
    """One mariadbd process on 127.0.0.1, which keeps its port and its rows over a restart."""

    def __init__(self, folder: Path, options: Sequence[str] = ()) -> None:
        self._folder = folder
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self._numbers = itertools.count(1)
        self.port = 0

    def install(self) -> None:
        """Create the system tables."""
        program, arguments = _install_mysql(self._folder) if _is_mysql() else _install_mariadb()
        command = [
            program,
            "--no-defaults",
            *arguments,
            f"--datadir={self._folder / 'rows'}",
            *_as_root(),
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.fail(f"{program} failed:\n{done.stdout}\n{done.stderr}")

    def start(self) -> None:
        """Start and return once the server answers; on the port it had before, if it had one."""
        for _ in range(ATTEMPTS):
            port = self.port or _free_port()
            if self._started_on(port):
                self.port = port
                return
        pytest.fail(f"{_server()} did not start:\n{self._log()}")

    def stop(self) -> None:
        """Shut the server down in good order."""
        self._end(kill=False)

    def kill(self) -> None:
        """End the server at once, as a crash does."""
        self._end(kill=True)

    def execute(self, statement: str) -> None:
        """Run one statement as the server's administrator."""
        with self._administrator().connect() as connection:
            connection.execute(text(statement))

    def create_database(self) -> str:
        """Create an empty database and return its name."""
        name = f"oracle_{next(self._numbers)}"
        self.execute(f"CREATE DATABASE {name}")
        return name

    def drop_database(self, name: str) -> None:
        """Drop the database with all that is in it."""
        self.execute(f"DROP DATABASE {name}")

    def end_connections_to(self, url: str) -> None:
        """End every connection to the database of that address, as an administrator may."""
        name = url.rpartition("/")[2]
        with self._administrator().connect() as connection:
            ids = connection.scalars(
                text("SELECT id FROM information_schema.processlist WHERE db = :name"),
                {"name": name},
            ).all()
            for number in ids:
                connection.execute(text(f"KILL CONNECTION {int(number)}"))

    def url(self, database: str, *, port: int | None = None) -> str:
        """Return the address of the database, on another port where a proxy stands in front."""
        return f"mysql+aiomysql://root@127.0.0.1:{port or self.port}/{database}"

    def _administrator(self) -> Engine:
        return create_engine(
            f"mysql+pymysql://root@127.0.0.1:{self.port}/mysql",
            poolclass=NullPool,
            isolation_level="AUTOCOMMIT",
        )

    def _started_on(self, port: int) -> bool:
        with (self._folder / "log").open("wb") as log:
            self._process = process = subprocess.Popen(
                [
                    _server(),
                    "--no-defaults",
                    f"--datadir={self._folder / 'rows'}",
                    f"--socket={self._folder / 'socket'}",
                    f"--pid-file={self._folder / 'pid'}",
                    f"--port={port}",
                    *OPTIONS,
                    *(MYSQL_OPTIONS if _is_mysql() else MARIADB_OPTIONS),
                    *self._options,
                    *_as_root(),
                ],
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        # The log is this process's own; on the port another server might answer.
        give_up = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < give_up:
            if "ready for connections" in self._log():
                return True
            time.sleep(0.02)
        self.kill()
        return False

    def _log(self) -> str:
        return (self._folder / "log").read_text(errors="replace")

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if kill:
            process.kill()
        else:
            process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def run_mariadb(*options: str) -> Iterator[MariaDbServer]:
    """Yield a new server in a temporary folder, and end it; for fixtures of other scopes."""
    with tempfile.TemporaryDirectory(prefix="oracle-mariadb-") as folder:
        server = MariaDbServer(Path(folder), options)
        server.install()
        server.start()
        try:
            yield server
        finally:
            server.stop()


@pytest.fixture(scope="session")
def mariadb_server() -> Iterator[MariaDbServer]:
    """Yield the test run's own server."""
    yield from run_mariadb()


@pytest.fixture(scope="session")
def mariadb_tables_url(mariadb_server: MariaDbServer) -> str:
    """Return the address of one migrated database for all tests; see `mariadb_migrated_url`."""
    url = mariadb_server.url(mariadb_server.create_database())
    # In a thread of its own, since the tests have an event loop in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, migrate(url)).result()
    return url


@pytest.fixture
def mariadb_migrated_url(mariadb_server: MariaDbServer, mariadb_tables_url: str) -> str:
    """Return the address of a database with all tables and no rows."""
    name = mariadb_tables_url.rpartition("/")[2]
    for table in reversed(metadata.sorted_tables):
        mariadb_server.execute(f"DELETE FROM {name}.{table.name}")  # noqa: S608 -- Our own names.
    return mariadb_tables_url


@pytest.fixture
def mariadb_url(mariadb_server: MariaDbServer) -> Iterator[str]:
    """Yield the address of a new and empty database."""
    name = mariadb_server.create_database()
    yield mariadb_server.url(name)
    mariadb_server.drop_database(name)


def _is_mysql() -> bool:
    return bool(os.environ.get(MYSQLD))


def _server() -> str:
    return os.environ.get(MYSQLD) or _find("mariadbd")


def _install_mariadb() -> tuple[str, Sequence[str]]:
    return _find("mariadb-install-db"), (
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
    )


def _install_mysql(folder: Path) -> tuple[str, Sequence[str]]:
    # Its administrator comes by the socket alone; names are not resolved, so an address is added.
    (folder / "first.sql").write_text(
        "CREATE USER root@'127.0.0.1' IDENTIFIED BY '';\n"
        "GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;\n"
    )
    (folder / "rows").mkdir()
    return _server(), ("--initialize-insecure", f"--init-file={folder / 'first.sql'}")


def _find(program: str) -> str:
    search = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    found = shutil.which(program, path=search)
    if found is None:
        pytest.fail(
            f"{program} is missing, which these tests start a database with; "
            "`make install` installs the package mariadb-server.",
            pytrace=False,
        )
    return found


def _as_root() -> list[str]:
    return ["--user=root"] if os.geteuid() == 0 else []


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
