"""The key that signs links: the configured one, else one that is kept beside a SQLite file."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Final

from sqlalchemy import make_url

from oracle.adapters.sql.sqlite import is_memory
from oracle.domain.errors import SettingsError
from oracle.settings.values import MailerKind

if TYPE_CHECKING:
    from oracle.settings import Settings

SUFFIX: Final = ".key"
_KEY_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class SigningKey:
    """The key, and whether every process on this database signs with the same one."""

    secret: str
    is_shared: bool


def choose_signing_key(settings: Settings) -> SigningKey:
    """Return the key of ORACLE_SECRET_KEY or, where none is set, the one beside the database.

    A database on a server or in memory has nothing beside it: there each process makes one up,
    which will do where no mail goes out. Raises SettingsError when it will not, when the file can
    neither be read nor made, and when there is no key in it.
    """
    configured = settings.secret_key.get_secret_value()
    if configured:
        return SigningKey(configured, is_shared=True)
    url = make_url(settings.database_url.get_secret_value())
    if url.get_backend_name() != "sqlite" or is_memory(url):
        if settings.mailer is not MailerKind.FOLDER:
            raise SettingsError(
                f"ORACLE_SECRET_KEY is not set; allowed: a key, with "
                f"ORACLE_MAILER={settings.mailer.value} and this database, since the links in "
                f"mails would end with this process."
            )
        return SigningKey(token_hex(_KEY_BYTES), is_shared=False)
    file = Path(f"{url.database}{SUFFIX}")
    try:
        secret = _keep(file)
    except OSError as error:
        raise SettingsError(
            f"ORACLE_SECRET_KEY is not set, and the key cannot be kept in {file}: "
            f"{error.strerror or error}; allowed: a key, or a folder this user may write to."
        ) from error
    if len(secret) < _KEY_BYTES:
        # Anybody could sign with an empty one.
        raise SettingsError(
            f"ORACLE_SECRET_KEY is not set, and {file} holds no key; allowed: a key, or no such "
            f"file, for then one is made."
        )
    return SigningKey(secret, is_shared=True)


def _keep(file: Path) -> str:
    """Return what stands in the file, which whoever comes first makes as a whole."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        draft = file.with_name(f"{file.name}.{token_hex(8)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w", encoding="ascii") as content:
                content.write(f"{token_hex(_KEY_BYTES)}\n")
            # Fails where another process was quicker: its key is the one.
            with suppress(FileExistsError):
                file.hardlink_to(draft)
        finally:
            draft.unlink()
    return file.read_text(encoding="ascii", errors="replace").strip()
