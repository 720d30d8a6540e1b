"""Who connects to a server, and over what kind of line."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aioboto3
import aiomysql
import pytest
import trustme
from sqlalchemy import text

from oracle.adapters.sql.access import ServerAccess, choose_access, create_tls_context
from oracle.adapters.sql.engine import create_store
from oracle.adapters.sql.leader_lock import create_leader_lock
from oracle.adapters.sql.migrate import migrate
from oracle.adapters.sql.secret_credentials import Credentials, SecretCredentials
from oracle.domain.errors import DatabaseUnavailable, SettingsError
from oracle.settings import DatabaseTls, load_settings
from tests.servers.aws import aws, aws_server
from tests.servers.mariadb import run_mariadb

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    from oracle.adapters.sql.store import SqlStore
    from tests.servers.mariadb import MariaDbServer

__all__ = ["aws", "aws_server"]

SECRET = "database/oracle"
USER = "rotated"
DEADLINE = 10.0


class Rotation:
    """A user of the server whose password is kept in a secret."""

    def __init__(self, server: MariaDbServer) -> None:
        self._server = server
        server.execute(f"CREATE OR REPLACE USER {USER}@'%' IDENTIFIED BY 'first'")
        server.execute(f"GRANT ALL ON *.* TO {USER}@'%'")
        self.url = server.url(server.create_database()).replace("//root@", "//")

    def change_password(self, password: str) -> None:
        """Let the server take another password from now on."""
        self._server.execute(f"ALTER USER {USER}@'%' IDENTIFIED BY '{password}'")

    async def write_secret(self, content: str) -> None:
        """Let the secret say that."""
        async with aioboto3.Session().client("secretsmanager", region_name="us-east-1") as client:
            try:
                await client.create_secret(Name=SECRET, SecretString=content)
            except client.exceptions.ResourceExistsException:
                await client.put_secret_value(SecretId=SECRET, SecretString=content)

    async def rotate(self, password: str) -> None:
        """Change the password on the server and in the secret, as RDS does."""
        self.change_password(password)
        await self.write_secret(json.dumps({"username": USER, "password": password}))


@pytest.fixture
async def rotation(aws: str, mariadb_server: MariaDbServer) -> Rotation:
    """A user with a password that both sides know."""
    del aws
    rotation = Rotation(mariadb_server)
    await rotation.rotate("first")
    return rotation


@pytest.fixture
def access(rotation: Rotation) -> ServerAccess:
    """What the settings make of the secret."""
    return choose_access(load_settings(database_url=rotation.url, database_secret=SECRET))


@pytest.fixture
async def store(rotation: Rotation, access: ServerAccess) -> AsyncIterator[SqlStore]:
    """A store that comes in by the secret."""
    await migrate(rotation.url, access=access)
    store = create_store(rotation.url, deadline=DEADLINE, pool_size=4, access=access)
    yield store
    await store.aclose()


async def read_time(store: SqlStore) -> None:
    """Use the store for a moment."""
    async with store.begin() as unit:
        await unit.epochs.now()


async def test_nobody_notices_that_the_password_was_changed(
    rotation: Rotation, store: SqlStore, access: ServerAccess
) -> None:
    """Old connections go on, new ones come in by the new password: units, leader, migrations."""
    lock = create_leader_lock(
        rotation.url,
        store,
        holder="one",
        lease=timedelta(seconds=15),
        deadline=DEADLINE,
        access=access,
    )
    assert await lock.acquire() == 1
    async with store.begin() as old:
        await old.epochs.now()
        await rotation.rotate("second")
        await old.epochs.now()
        # The pool's one open connection is taken: these are new, and all at once.
        await asyncio.gather(*(read_time(store) for _ in range(3)))
    assert await lock.heartbeat()
    await lock.release()
    assert await lock.acquire() == 2
    await lock.release()
    assert await migrate(rotation.url, access=access) == []


async def test_a_secret_that_is_changed_after_the_server_is_waited_for(
    rotation: Rotation, store: SqlStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the server's new password and the secret's nobody is turned away."""
    # The store of this test has no open connection yet: `migrate` closed its own.
    rotation.change_password("third")
    read = SecretCredentials._read  # noqa: SLF001 -- To change the secret just after it was read.
    found: list[str] = []

    async def read_too_early(self: SecretCredentials) -> Credentials:
        credentials = await read(self)
        found.append(credentials.password)
        await rotation.write_secret(json.dumps({"username": USER, "password": "third"}))
        return credentials

    monkeypatch.setattr(SecretCredentials, "_read", read_too_early)
    await read_time(store)
    assert found == ["first", "third"]


async def test_the_secret_is_read_once(rotation: Rotation, monkeypatch: pytest.MonkeyPatch) -> None:
    """What it said is kept in memory: AWS may fail while the database does not."""
    access = choose_access(load_settings(database_url=rotation.url, database_secret=SECRET))
    await migrate(rotation.url, access=access)
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    assert await migrate(rotation.url, access=access) == []


@pytest.mark.parametrize("content", ["hunter2", "[]", '{"username": "a"}', '{"password": 1}'])
async def test_a_secret_in_another_form_is_not_repeated(rotation: Rotation, content: str) -> None:
    """The sentence says what is expected, and nothing of what stands there."""
    await rotation.write_secret(content)
    credentials = SecretCredentials(SECRET, region="us-east-1", deadline=DEADLINE)
    with pytest.raises(DatabaseUnavailable, match="no JSON with the texts") as caught:
        await credentials.get()
    assert content not in str(caught.value)


@pytest.mark.parametrize(
    ("secret", "endpoint", "sentence"),
    [
        ("nothing", None, "ResourceNotFoundException"),
        (SECRET, "http://127.0.0.1:9", "out of reach"),
    ],
)
async def test_a_secret_that_cannot_be_read_is_an_outage(
    rotation: Rotation,
    monkeypatch: pytest.MonkeyPatch,
    secret: str,
    endpoint: str | None,
    sentence: str,
) -> None:
    """Nobody comes in without it, and the sentence names the secret's side as the reason."""
    if endpoint is not None:
        monkeypatch.setenv("AWS_ENDPOINT_URL", endpoint)
    access = choose_access(load_settings(database_url=rotation.url, database_secret=secret))
    store = create_store(rotation.url, deadline=DEADLINE, pool_size=1, access=access)
    with pytest.raises(DatabaseUnavailable, match=sentence):
        await read_time(store)
    await store.aclose()


def test_an_arn_says_where_the_secret_is() -> None:
    """The region of the ARN counts, whatever region else is set."""
    arn = "arn:aws:secretsmanager:eu-north-1:123456789012:secret:rds!db-1a2b-XyZ"
    credentials = SecretCredentials(arn, region="us-east-1", deadline=1.0)
    assert credentials._region == "eu-north-1"  # noqa: SLF001 -- Nothing else tells.


class Authority:
    """Who signs the server's certificate, and another who does not, as files."""

    def __init__(self, folder: Path) -> None:
        own, other = trustme.CA(), trustme.CA()
        self.trusted, self.other = folder / "ca.pem", folder / "other.pem"
        own.cert_pem.write_to_path(self.trusted)
        other.cert_pem.write_to_path(self.other)
        certificate = own.issue_cert("127.0.0.1", "database.example")
        self.certificate, self.key = folder / "server.pem", folder / "server.key"
        certificate.cert_chain_pems[0].write_to_path(self.certificate)
        certificate.private_key_pem.write_to_path(self.key)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """Certificates that are as old as this test."""
    return Authority(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="module")
def tls_server(authority: Authority) -> Iterator[MariaDbServer]:
    """A server that speaks TLS, and whose certificate is for 127.0.0.1 and database.example."""
    yield from run_mariadb(
        f"--ssl-cert={authority.certificate}",
        f"--ssl-key={authority.key}",
        f"--ssl-ca={authority.trusted}",
    )


@pytest.fixture(scope="module")
def clear_server() -> Iterator[MariaDbServer]:
    """A server that speaks no TLS."""
    yield from run_mariadb("--skip-ssl")


async def cipher_of(url: str, access: ServerAccess) -> str:
    """Return what the line of a new connection of the store is encrypted with, or nothing."""
    store = create_store(url, deadline=DEADLINE, pool_size=1, access=access)
    try:
        async with store._engine.connect() as connection:  # noqa: SLF001 -- Its own connection.
            row = (await connection.execute(text("SHOW STATUS LIKE 'Ssl_cipher'"))).one()
        return str(row[1])
    finally:
        await store.aclose()


@pytest.mark.parametrize(
    ("tls", "name", "is_encrypted"),
    [
        (DatabaseTls.OFF, None, False),
        (DatabaseTls.REQUIRED, None, True),
        (DatabaseTls.VERIFY, None, True),
        (DatabaseTls.VERIFY, "database.example", True),
    ],
)
async def test_the_line_is_as_the_settings_say(
    tls_server: MariaDbServer,
    authority: Authority,
    tls: DatabaseTls,
    name: str | None,
    is_encrypted: bool,  # noqa: FBT001
) -> None:
    """Off is in the clear, required encrypts, verify checks by the host's or the given name."""
    verified = tls is DatabaseTls.VERIFY
    settings = load_settings(
        database_url=tls_server.url("mysql"),
        database_tls=tls,
        database_ca=str(authority.trusted) if verified else "",
        database_tls_name=name,
    )
    cipher = await cipher_of(tls_server.url("mysql"), choose_access(settings))
    assert bool(cipher) is is_encrypted


async def test_everybody_comes_by_tls(tls_server: MariaDbServer, authority: Authority) -> None:
    """Where the server takes nobody in the clear, migrations, units and the leader all work."""
    tls_server.execute("CREATE OR REPLACE USER careful@'%' IDENTIFIED BY 'first' REQUIRE SSL")
    tls_server.execute("GRANT ALL ON *.* TO careful@'%'")
    url = tls_server.url(tls_server.create_database()).replace("//root@", "//careful:first@")
    with pytest.raises(DatabaseUnavailable):
        await migrate(url)
    access = ServerAccess(tls=create_tls_context(DatabaseTls.VERIFY, str(authority.trusted)))
    await migrate(url, access=access)
    store = create_store(url, deadline=DEADLINE, pool_size=1, access=access)
    await read_time(store)
    lock = create_leader_lock(
        url, store, holder="one", lease=timedelta(seconds=15), deadline=DEADLINE, access=access
    )
    assert await lock.acquire() == 1
    assert await lock.heartbeat()
    await lock.release()
    assert await lock.acquire() == 2
    await lock.release()
    await store.aclose()


async def test_a_deadline_leaves_no_line_open() -> None:
    """Who gives up on a server that says nothing hangs up."""
    ended = asyncio.Event()

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        ended.set()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await ServerAccess().connect(host="127.0.0.1", port=port, user="root")
        async with asyncio.timeout(DEADLINE):
            await ended.wait()


@pytest.mark.parametrize("wrong", ["authority", "name", "system"])
async def test_another_server_is_refused(
    tls_server: MariaDbServer, authority: Authority, wrong: str
) -> None:
    """A certificate of another authority or for another name opens no connection of any kind."""
    authorities = {"authority": authority.other, "name": authority.trusted, "system": ""}
    access = ServerAccess(
        tls=create_tls_context(DatabaseTls.VERIFY, str(authorities[wrong])),
        tls_name="elsewhere.example" if wrong == "name" else None,
    )
    database = tls_server.create_database()
    url = tls_server.url(database)
    with pytest.raises(DatabaseUnavailable):
        await migrate(url, access=access)
    store = create_store(url, deadline=DEADLINE, pool_size=1, access=access)
    with pytest.raises(DatabaseUnavailable):
        await read_time(store)
    lock = create_leader_lock(
        url, store, holder="one", lease=timedelta(seconds=15), deadline=DEADLINE, access=access
    )
    with pytest.raises(DatabaseUnavailable):
        await lock.acquire()
    await store.aclose()


async def test_a_server_without_tls_is_refused(
    clear_server: MariaDbServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing is sent in the clear where encryption is wanted, the user's name included."""
    sent: list[bytes] = []
    write = aiomysql.Connection.write_packet

    def note(self: Any, payload: bytes) -> Any:
        sent.append(payload)
        return write(self, payload)

    monkeypatch.setattr(aiomysql.Connection, "write_packet", note)
    access = ServerAccess(tls=create_tls_context(DatabaseTls.REQUIRED, ""))
    with pytest.raises(aiomysql.OperationalError, match="offers no TLS"):
        await access.connect(host="127.0.0.1", port=clear_server.port, user="root")
    assert sent == []


@pytest.mark.parametrize("content", [None, "no certificate"])
def test_a_file_of_no_authorities_is_refused(tmp_path: Path, content: str | None) -> None:
    """A start with a wrong file ends in a sentence that names the setting."""
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_text(content)
    with pytest.raises(SettingsError, match="ORACLE_DATABASE_CA is"):
        create_tls_context(DatabaseTls.VERIFY, str(file))
