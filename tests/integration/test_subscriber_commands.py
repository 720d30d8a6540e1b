"""`oracle subscribers` as its own process: what it prints, stores and exits with."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from typing import TYPE_CHECKING

import pytest

from tests.servers.application import run_oracle, running_application

if TYPE_CHECKING:
    from pathlib import Path
    from subprocess import CompletedProcess

KEY = {"secret_key": "k" * 32}


def command(folder: Path, *arguments: str, **settings: str) -> CompletedProcess[str]:
    """Run `oracle subscribers` with these arguments."""
    return run_oracle(folder, "subscribers", *arguments, **settings)


def test_a_file_is_imported_and_everybody_can_be_looked_up(tmp_path: Path) -> None:
    """Good lines are stored, bad ones named by number, and the exit code says that some were."""
    people = tmp_path / "people.csv"
    people.write_bytes(
        b"\xef\xbb\xbfName, EMAIL \r\n"
        b"Ada,Ada@example.org\r\n"
        b"\r\n"
        b"Nobody,nobody\r\n"
        b'"Two\nlines",two@example.org\r\n'
        b"Short\r\n"
        b"Latin,jos\xe9@example.org\r\n"
        b"Again,ada@EXAMPLE.org\r\n"
    )
    done = command(tmp_path, "import", str(people), "--confirmed")
    assert done.returncode == 2, done.stderr
    assert "2 added, 0 confirmed, 1 known, 0 left alone, 3 bad; 0 asked" in done.stdout
    assert [line.split(":")[0] for line in done.stderr.splitlines() if "Line" in line] == [
        "Line 4",
        "Line 7",
        "Line 8",
    ]
    assert "nobody" not in done.stdout + done.stderr
    listed = command(tmp_path, "list", "--json")
    assert [json.loads(line)["email"] for line in listed.stdout.splitlines()] == [
        "Ada@example.org",
        "two@example.org",
    ]
    exported = json.loads(command(tmp_path, "export", "ada@example.org").stdout)
    assert exported["subscription"]["origin"] == "import"
    assert exported["subscription"]["state"] == "confirmed"
    assert exported["suppression"] is None


def test_a_subscriber_is_added_suppressed_and_erased(tmp_path: Path) -> None:
    """One is asked by a mail, suppressed, let go again, erased; then nothing is known of them."""
    added = command(tmp_path, "add", "ada@example.org", **KEY)
    assert (added.returncode, added.stdout.strip()) == (
        0,
        "Added; the mail that asks to confirm was sent.",
    )
    (mail,) = (tmp_path / "mail").rglob("*.eml")
    assert b"To: ada@example.org" in mail.read_bytes()
    assert command(tmp_path, "suppress", "ada@example.org").stdout.strip() == "Suppressed."
    assert "already" in command(tmp_path, "suppress", "ada@example.org").stdout
    (line,) = command(tmp_path, "list", "--state", "suppressed").stdout.splitlines()
    number, *state, day, origin, address = line.split()
    assert (number, state, origin, address) == (
        *("1", ["pending", "suppressed"]),
        *("command", "ada@example.org"),
    )
    assert abs(date.fromisoformat(day) - datetime.now(UTC).date()) <= timedelta(days=1)
    (line,) = command(tmp_path, "list", "--json").stdout.splitlines()
    assert (json.loads(line)["state"], json.loads(line)["suppressed"]) == ("pending", True)
    assert command(tmp_path, "suppress", "ada@example.org", "--lift").stdout.strip() == "Lifted."
    assert command(tmp_path, "erase", "ada@example.org", "--yes").stdout.strip() == "Erased."
    again = command(tmp_path, "export", "ada@example.org")
    assert again.returncode == 1
    assert "Nothing is stored about that address." in again.stderr
    assert "ada@" not in again.stderr


def test_a_link_that_a_command_mailed_works_on_the_website(tmp_path: Path) -> None:
    """With no key configured both sign with the one that is kept beside the database."""
    added = command(tmp_path, "add", "ada@example.org")
    assert added.returncode == 0, added.stderr
    (file,) = (tmp_path / "mail").rglob("*.eml")
    mail = message_from_bytes(file.read_bytes(), policy=policy.default)
    text = mail.get_body(("plain",))
    assert text is not None
    (path,) = re.findall(r"/subscribers/\S+/confirm", text.get_content())
    with running_application(tmp_path) as site:
        assert site.status(path) == 200
        assert site.status(path.replace("/subscribers/", "/subscribers/x")) == 400


@pytest.mark.parametrize(
    "arguments",
    [
        ("subscribers", "add", "ada@example.org"),
        ("subscribers", "import", "people.csv"),
        ("digest", "send", "--now"),
    ],
    ids=" ".join,
)
def test_no_links_are_mailed_that_no_website_knows(
    tmp_path: Path, mariadb_migrated_url: str, arguments: tuple[str, ...]
) -> None:
    """With a database on a server and no key, commands that mail links refuse, and mail nothing."""
    (tmp_path / "people.csv").write_text("email\nada@example.org\n")
    named = [str(tmp_path / each) if each == "people.csv" else each for each in arguments]
    refused = run_oracle(tmp_path, *named, database_url=mariadb_migrated_url)
    assert (refused.returncode, "ORACLE_SECRET_KEY is not set" in refused.stderr) == (2, True)
    assert not list(tmp_path.rglob("*.eml"))


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("add", "nobody"), 2, "not an e-mail address"),
        (("export", "nobody"), 2, "not an e-mail address"),
        (("erase", "ada@example.org", "--yes"), 1, "No subscriber has that address."),
        (("erase", "ada@example.org"), 1, "Error: No subscriber has that address."),
        (("list", "--state", "happy"), 2, "happy"),
    ],
    ids=range(5),
)
def test_refusals_are_one_sentence_and_a_code(
    tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    """What cannot be done says so, and programs see it by the exit code."""
    refused = command(tmp_path, *arguments)
    assert refused.returncode == code
    assert said in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "cannot be undone" not in refused.stderr


def test_what_stands_before_a_broken_line_is_stored_and_counted(tmp_path: Path) -> None:
    """A quote that is never closed ends the reading: its line is named, and nothing is lost."""
    people = tmp_path / "people.csv"
    good = "".join(f"person{number}@example.org\n" for number in range(700))
    people.write_text(f'email\n{good}"never closed\nlast@example.org\n')
    done = command(tmp_path, "import", str(people), "--confirmed")
    assert done.returncode == 2
    assert "700 lines: 700 added" in done.stdout
    assert "Error: Line 702 is no CSV" in done.stderr
    assert "All before it was stored" in done.stderr
    assert len(command(tmp_path, "list").stdout.splitlines()) == 700


def test_a_list_of_nobody_says_so(tmp_path: Path) -> None:
    """Nothing on the output, which programs read, and a sentence for people."""
    nobody = command(tmp_path, "list")
    assert (nobody.returncode, nobody.stdout) == (0, "")
    assert "There is nobody yet." in nobody.stderr
    assert "in that state" in command(tmp_path, "list", "--state", "confirmed").stderr
    assert command(tmp_path, "list", "--json").stderr == ""


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no column"),
        (b"mail\na@example.org\n", "A CSV file in UTF-8 is expected"),
        (b"email\n" + b'"', "no CSV"),
        (b"Name;Email\nAda;a@example.org\n", "separated by semicolons; commas are expected"),
        (b"Name\tEmail\nAda\ta@example.org\n", "separated by tabs; commas are expected"),
    ],
    ids=["empty", "column", "quote", "semicolons", "tabs"],
)
def test_a_file_that_is_no_list_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """The sentence says what is expected; nothing is stored."""
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    refused = command(tmp_path, "import", str(file), "--confirmed")
    assert (refused.returncode, said in refused.stderr) == (2, True), refused.stderr
