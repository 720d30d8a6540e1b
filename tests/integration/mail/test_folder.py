"""The mailer that keeps mail in a folder."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.mail.folder import FolderMailer
from oracle.domain.errors import MailNotSent
from tests.contract.mailer import SENDER, MailerContract, mail_to
from tests.integration.mail.conftest import NOW

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder that is not there yet."""
    return tmp_path / "var" / "mail"


@pytest.fixture
def mailer(folder: Path) -> FolderMailer:
    """The mailer under test."""
    return FolderMailer(folder, sender=SENDER, now=lambda: NOW)


def files_in(folder: Path) -> Sequence[bytes]:
    """Return the content of every file, whatever its name."""
    return [path.read_bytes() for path in sorted(folder.glob("*"))]


class TestFolderMailer(MailerContract):
    """The contract on a folder."""

    @pytest.fixture
    def mailer(self, mailer: FolderMailer) -> FolderMailer:
        """The mailer under test."""
        return mailer

    @pytest.fixture
    def inbox(self, folder: Path) -> Callable[[], Sequence[bytes]]:
        """Every file of the folder."""
        return partial(files_in, folder)


async def test_the_same_mail_is_one_file(mailer: FolderMailer, folder: Path) -> None:
    """A mail that is made again is found, and its file stays what it was."""
    mail = mail_to("reader@example.org")
    assert await mailer.find_accepted(mail) is None
    first = await mailer.send(mail)
    written = files_in(folder)
    assert await mailer.find_accepted(mail) == first
    assert await mailer.send(mail_to("reader@example.org", subject="Another")) == first
    assert files_in(folder) == written


@pytest.fixture
def blocked(tmp_path: Path) -> Path:
    """A file where a folder should be."""
    path = tmp_path / "file"
    path.write_text("not a folder")
    return path


async def test_a_folder_that_cannot_be_written_is_not_sent(blocked: Path) -> None:
    """The disk's trouble is no recipient's; nothing half written is taken for a mail."""
    mailer = FolderMailer(blocked / "mail", sender=SENDER, now=lambda: NOW)
    with pytest.raises(MailNotSent):
        await mailer.send(mail_to("reader@example.org"))
    assert await mailer.find_accepted(mail_to("reader@example.org")) is None


async def test_nothing_leaves_the_machine(mailer: FolderMailer) -> None:
    """Sample data may be kept, because nobody gets it."""
    assert not mailer.reaches_people
    assert not mailer.reports_events
