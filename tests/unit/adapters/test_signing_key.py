"""The key that signs links: configured, or one for all who share a SQLite file."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest

from oracle.adapters.signing_key import choose_signing_key
from oracle.domain.errors import SettingsError
from oracle.settings import load_settings

if TYPE_CHECKING:
    from pathlib import Path

    from oracle.adapters.signing_key import SigningKey

MEMORY = "sqlite+aiosqlite:///:memory:"
SERVER = "mysql://oracle:secret@127.0.0.1:3306/oracle"


def chosen(url: str, **settings: Any) -> SigningKey:
    """Return the key for that database."""
    return choose_signing_key(load_settings(database_url=url, **settings))


def test_the_configured_key_signs(tmp_path: Path) -> None:
    """With ORACLE_SECRET_KEY nothing is made up and no file is made."""
    key = chosen(f"sqlite:///{tmp_path / 'oracle.db'}", secret_key="k" * 32)
    assert (key.secret, key.is_shared) == ("k" * 32, True)
    assert list(tmp_path.iterdir()) == []


def test_whoever_shares_a_file_shares_its_key(tmp_path: Path) -> None:
    """The key is made once, for its owner's eyes, however many come at the same time."""
    url = f"sqlite:///{tmp_path / 'new' / 'oracle.db'}"
    with ThreadPoolExecutor(8) as pool:
        keys = list(pool.map(lambda _: chosen(url), range(32)))
    assert len(set(keys)) == 1
    assert keys[0].is_shared
    assert len(keys[0].secret) == 64
    (file,) = (tmp_path / "new").iterdir()
    assert file.name == "oracle.db.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.parametrize("url", [MEMORY, SERVER])
def test_with_nothing_beside_the_database_each_process_has_its_own(url: str) -> None:
    """Such a key is known to be no one else's."""
    one, other = chosen(url), chosen(url)
    assert one.secret != other.secret
    assert not one.is_shared


@pytest.mark.parametrize("url", [MEMORY, SERVER])
def test_no_mail_goes_out_with_a_key_that_ends_with_the_process(url: str) -> None:
    """Whoever mails people needs a key, since their links must outlive a restart."""
    with pytest.raises(SettingsError, match=r"ORACLE_SECRET_KEY is not set.*ORACLE_MAILER=smtp"):
        chosen(url, mailer="smtp", smtp_url="smtp://127.0.0.1:25")


def test_a_folder_that_cannot_be_written_to_is_told(tmp_path: Path) -> None:
    """The sentence names the variable, the file and what is wrong."""
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(SettingsError, match=r"ORACLE_SECRET_KEY is not set.*oracle\.db\.key"):
        chosen(f"sqlite:///{tmp_path / 'file' / 'oracle.db'}")


def test_a_file_without_a_key_is_refused(tmp_path: Path) -> None:
    """With an empty key anybody could sign; the sentence says what to do, and the file stays."""
    (tmp_path / "oracle.db.key").write_text("\n")
    with pytest.raises(SettingsError, match=r"oracle\.db\.key holds no key"):
        chosen(f"sqlite:///{tmp_path / 'oracle.db'}")
    assert (tmp_path / "oracle.db.key").read_text() == "\n"
