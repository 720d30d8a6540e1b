"""The mailer of the embedded application: each mail is a file that any mail program opens."""

from __future__ import annotations

import asyncio
import os
import re
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Final

from oracle.adapters.mail.mime import write_message
from oracle.domain.errors import MailNotSent, RecipientRefused
from oracle.ports import SendingQuota

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from oracle.domain.mail import Mail

_PLAIN = re.compile(r"[A-Za-z0-9._@=+-]{1,120}")
SUFFIX: Final = ".eml"


class FolderMailer:
    """Keeps mail in a folder, one file per Message-ID; a second mail of the same is the first.

    A file is there whole or not at all, so that whoever finds it knows the mail was accepted.
    """

    name = "folder"
    reaches_people = False
    reports_events = False
    probe_recipient = None

    def __init__(self, folder: str | Path, *, sender: str, now: Callable[[], datetime]) -> None:
        self._folder = Path(folder)
        self._sender = sender
        self._now = now

    async def send(self, mail: Mail) -> str:
        """Write the file and return its name."""
        try:
            content = write_message(mail, sender=self._sender, now=self._now())
        except ValueError as error:
            raise RecipientRefused(str(error)) from error
        path = self._path(mail)
        try:
            await asyncio.to_thread(_write_once, path, content)
        except OSError as error:
            raise MailNotSent(f"The mail could not be kept: {error.strerror}.") from error
        return path.name

    async def find_accepted(self, mail: Mail) -> str | None:
        """Return the file's name if it is there."""
        path = self._path(mail)
        return path.name if await asyncio.to_thread(path.exists) else None

    async def get_quota(self) -> SendingQuota:
        """Return that nothing limits a folder."""
        return SendingQuota(rate=None, remaining=None)

    async def aclose(self) -> None:
        """Release nothing."""

    def _path(self, mail: Mail) -> Path:
        name = mail.message_id
        if not _PLAIN.fullmatch(name) or name.startswith("."):
            name = sha256(name.encode()).hexdigest()
        return self._folder / f"{name}{SUFFIX}"


def _write_once(path: Path, content: bytes) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as part:
        try:
            part.write(content)
            part.flush()
            os.fsync(part.fileno())
            Path(part.name).replace(path)
        except OSError:
            Path(part.name).unlink(missing_ok=True)
            raise
