"""How a server of MySQL or MariaDB is come to: as whom, and by what kind of line."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING, Any, Final

import aiomysql

from oracle.domain.errors import SettingsError
from oracle.settings.protected_values import DatabaseTls

if TYPE_CHECKING:
    from oracle.adapters.sql.secret_credentials import SecretCredentials
    from oracle.settings import Settings

ACCESS_DENIED: Final = 1045
SPEAKS_TLS: Final = 1 << 11
"""CLIENT_SSL among the capabilities that a server announces."""

PAUSES: Final = (0.0, 0.3, 0.7)
"""Seconds before each new look at a secret whose password was refused: the server knows a new
password a moment before the secret does."""


class ServerAccess:
    """Opens connections: as the URL's user or a secret's, over TLS or not.

    `tls_name` is what the server's certificate must be for, if not the host that is connected to.
    """

    def __init__(
        self,
        *,
        credentials: SecretCredentials | None = None,
        tls: ssl.SSLContext | None = None,
        tls_name: str | None = None,
    ) -> None:
        self._credentials = credentials
        self._tls = tls
        self._tls_name = tls_name

    async def connect(self, **arguments: Any) -> _Connection:
        """Return an open connection, made with aiomysql's arguments.

        Raises aiomysql's errors, OSError, and DatabaseUnavailable when a secret cannot be read. A
        password that the server refuses is read anew: it may have been changed.
        """
        if self._credentials is None:
            return await self._open(arguments)
        used = await self._credentials.get()
        for pause in PAUSES:
            try:
                return await self._open(arguments | {"user": used.user, "password": used.password})
            except aiomysql.OperationalError as error:
                if error.args[0] != ACCESS_DENIED:
                    raise
            await asyncio.sleep(pause)
            used = await self._credentials.renew(used)
        return await self._open(arguments | {"user": used.user, "password": used.password})

    async def _open(self, arguments: dict[str, Any]) -> _Connection:
        connection = _Connection(
            **arguments | {"ssl": self._tls}, tls_name=self._tls_name or arguments["host"]
        )
        try:
            await connection._connect()  # noqa: SLF001 -- What the driver's own `connect` does.
        except asyncio.CancelledError:
            # The driver hangs up after errors alone: a deadline would leave the line open.
            connection.hang_up()
            raise
        return connection


class _Connection(aiomysql.Connection):  # type: ignore[misc] # The driver has no types.
    """A connection that never goes on in the clear, and checks the name that it is given."""

    _host: str

    def __init__(self, *, tls_name: str, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._tls_name = tls_name

    def hang_up(self) -> None:
        """Close the line at once, if there is one."""
        if self._writer is not None:
            self._writer.transport.abort()

    async def _request_authentication(self) -> None:
        if self._ssl_context and not self.server_capabilities & SPEAKS_TLS:
            # Without this the driver would send what it has unencrypted.
            raise aiomysql.OperationalError(2026, "The database server offers no TLS.")
        host, self._host = self._host, self._tls_name
        try:
            await super()._request_authentication()
        finally:
            self._host = host


IN_THE_CLEAR: Final = ServerAccess()
"""As the URL's user, without TLS."""


def choose_access(settings: Settings) -> ServerAccess:
    """Return the access that the settings ask for.

    Raises SettingsError when ORACLE_DATABASE_CA is no file of certificates.
    """
    credentials = None
    if settings.database_secret:
        # The client brings half a second's worth of libraries, which others do without.
        from oracle.adapters.sql.secret_credentials import SecretCredentials  # noqa: PLC0415

        credentials = SecretCredentials(
            settings.database_secret,
            region=settings.ses_region,
            deadline=settings.database_deadline,
        )
    return ServerAccess(
        credentials=credentials,
        tls=create_tls_context(settings.database_tls, settings.database_ca),
        tls_name=settings.database_tls_name,
    )


def create_tls_context(tls: DatabaseTls, authorities: str) -> ssl.SSLContext | None:
    """Return what TLS is spoken with, or None without; `authorities` is a PEM file or empty."""
    if tls is DatabaseTls.OFF:
        return None
    try:
        context = ssl.create_default_context(cafile=authorities or None)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"ORACLE_DATABASE_CA is {authorities!r}, which cannot be read as certificates "
            f"({error.strerror or error}); allowed: a file in the PEM format."
        ) from error
    if tls is DatabaseTls.REQUIRED:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
