"""The `oracle` command as a user types it, on the sample market."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.servers.application import free_port, run_oracle

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return one folder, thus one database, for all commands of this module."""
    return tmp_path_factory.mktemp("command_line")


def test_predict_prints_the_numbers_that_json_holds(folder: Path) -> None:
    """The table for people and the JSON for programs come from the same stored prediction."""
    answer = run_oracle(folder, "predict", "aapl", "--json")
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    assert report["symbol"] == "AAPL"
    assert report["current"]["source"] == "sample"
    assert report["prediction"]["as_of"] == "2022-12-28"
    assert report["prediction"]["target"] == "2022-12-29"
    assert [entry["level"] for entry in report["prediction"]["quantiles"]][:2] == [0.025, 0.05]
    table = run_oracle(folder, "predict", "AAPL")
    assert table.returncode == 0
    assert f"${report['prediction']['point']:.2f}" in table.stdout
    assert "Thu 29 Dec 2022" in table.stdout
    assert "Sample data, not live" in table.stdout


def test_rank_prints_the_ten_and_the_best(folder: Path) -> None:
    """The watchlist is ranked, and the first is the best buy unless there is none."""
    answer = run_oracle(folder, "rank", "--json")
    assert answer.returncode == 0, answer.stderr
    ranking = json.loads(answer.stdout)
    assert [stock["rank"] for stock in ranking["stocks"]] == list(range(1, 11))
    if ranking["best"] is not None:
        assert ranking["best"]["symbol"] == ranking["stocks"][0]["symbol"]
    table = run_oracle(folder, "rank")
    assert table.returncode == 0
    assert "No clear buy" in table.stdout or "Best buy" in table.stdout


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "sentence"),
    [
        (("predict", "QQQZZZ"), {}, 3, "QQQZZZ is not in the sample market"),
        (("predict", "<script>"), {}, 2, "not a stock symbol"),
        (("predict",), {}, 2, "Missing argument"),
        (("predict", "[/red]"), {}, 2, "not a stock symbol"),
        (("rank", "AAPL"), {}, 2, "1 symbol."),
        (("replay",), {}, 2, "--sessions"),
        (("replay", "--sessions", "0"), {}, 2, "--sessions"),
        (("replay", "--sessions", "5", "--symbols", "QQQZZZ"), {}, 3, "QQQZZZ"),
        (("replay", "--sessions", "5", "--symbols", "KO", "--pool"), {}, 2, "either --symbols"),
        (("rank", "AAPL", "aapl"), {}, 2, "twice"),
        (("predict", "AAPL"), {"market": "nasdaq"}, 2, "ORACLE_MARKET is 'nasdaq'"),
        (("predict", "AAPL"), {"now": "1985-01-01T00:00:00Z"}, 2, "ORACLE_NOW is '1985"),
        (("predict", "AAPL"), {"now": "1989-06-01T00:00:00Z"}, 2, "ORACLE_NOW is '1989"),
        (("migrate",), {"database_url": "postgres://x"}, 2, "ORACLE_DATABASE_URL"),
        (("serve",), {"port": "99999"}, 2, "ORACLE_PORT is '99999'"),
    ],
)
def test_mistakes_get_a_sentence_and_an_exit_code(
    folder: Path, arguments: tuple[str, ...], variables: dict[str, str], code: int, sentence: str
) -> None:
    """Each kind of mistake has its exit code and a sentence that says what was wrong."""
    answer = run_oracle(folder, *arguments, **variables)
    assert answer.returncode == code, answer.stderr
    assert sentence in " ".join(answer.stderr.split())
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


def test_unreachable_feed_is_its_own_exit_code(folder: Path) -> None:
    """With Yahoo demanded and not reachable the command says so."""
    nobody = f"http://127.0.0.1:{free_port()}"
    answer = run_oracle(
        folder, "predict", "AAPL", market="yahoo", yahoo_url=nobody, feed_deadline="2"
    )
    assert answer.returncode == 4, answer.stderr


def test_database_that_cannot_be_reached_is_its_own_exit_code(folder: Path) -> None:
    """A database that does not answer is said to be unavailable, without its password."""
    url = f"mysql://oracle:hush@127.0.0.1:{free_port()}/oracle"
    answer = run_oracle(folder, "rank", database_url=url)
    assert answer.returncode == 4, answer.stderr
    assert "hush" not in answer.stderr + answer.stdout


def test_migrate_twice_changes_nothing(tmp_path: Path) -> None:
    """The first call applies the migrations, the second finds the database up to date."""
    first = run_oracle(tmp_path, "migrate")
    second = run_oracle(tmp_path, "migrate")
    assert first.returncode == second.returncode == 0
    assert "Applied" in first.stdout
    assert "up to date" in second.stdout


def test_replay_fills_the_record_and_settle_finds_it_settled(tmp_path: Path) -> None:
    """Replayed sessions are predicted and settled once; a second run finds everything there."""
    first = run_oracle(tmp_path, "replay", "--sessions", "3", "--symbols", "aapl,KO", "--json")
    assert first.returncode == 0, first.stderr
    report = json.loads(first.stdout)
    assert (report["made"], report["found"], report["settlement"]["settled"]) == (6, 0, 6)
    assert report["record"]["origin"] == "replay"
    assert report["record"]["last_settled"] == "2022-12-28"
    second = run_oracle(tmp_path, "replay", "--sessions", "3", "--symbols", "AAPL,KO")
    assert second.returncode == 0, second.stderr
    assert "0 predictions made, 6 were there" in " ".join(second.stdout.split())
    assert "Too few settled sessions to say (3 of at least 30)." in second.stdout
    assert "Sample data, not live" in second.stdout


def test_settle_says_that_there_is_nothing_to_settle(tmp_path: Path) -> None:
    """On the sample market no live prediction's session ever closes; that is said, and no error."""
    assert run_oracle(tmp_path, "predict", "KO").returncode == 0
    answer = run_oracle(tmp_path, "settle")
    assert answer.returncode == 0, answer.stderr
    assert "Nothing new to settle" in answer.stdout
    report = json.loads(run_oracle(tmp_path, "settle", "--json").stdout)
    assert report == {"sessions": 0, "settled": 0, "revised": 0, "unchanged": 0, "pending": []}


def test_digest_preview_prints_the_mail_in_each_form(folder: Path) -> None:
    """Text, HTML and the whole mail hold the same subject, marked as sample data."""
    text, html, eml = (
        run_oracle(folder, "digest", "preview", "--format", form, "--symbols", "AMD,BAC")
        for form in ("text", "html", "eml")
    )
    assert {text.returncode, html.returncode, eml.returncode} == {0}, text.stderr
    assert text.stdout.startswith("*** Sample data, not live")
    assert "YOUR STOCKS, PREDICTED FOR THE CLOSE OF THU 29 DEC 2022" in text.stdout
    assert html.stdout.startswith("<!DOCTYPE html>")
    assert "\nSubject: Sample data: " in eml.stdout
    assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in eml.stdout


def test_a_digest_is_sent_early_and_its_preview_names_what_it_does_not_hold(tmp_path: Path) -> None:
    """Early on request alone; then stocks that nobody had chosen are missing, and named."""
    added = run_oracle(tmp_path, "subscribers", "add", "ada@example.org", "--confirmed")
    assert added.returncode == 0, added.stderr
    refused = run_oracle(tmp_path, "digest", "send")
    assert (refused.returncode, "sent from 18:00 New York time" in refused.stderr) == (1, True)
    status = run_oracle(tmp_path, "digest", "status")
    assert "has not been begun. It is sent from 18:00 New York time (23:00 UTC)" in status.stdout
    resumed = run_oracle(tmp_path, "digest", "resume", "--session", "2022-12-28")
    assert (resumed.returncode, "has not been begun" in resumed.stderr) == (1, True)
    dry = run_oracle(tmp_path, "digest", "send", "--now", "--dry-run")
    assert "would go to 1 subscriber by the mailer folder, within a second." in dry.stdout
    sent = run_oracle(tmp_path, "digest", "send", "--now")
    assert (sent.returncode, "1 sent" in sent.stdout) == (0, True), sent.stderr
    answer = run_oracle(tmp_path, "digest", "preview", "--symbols", "AMD,KO,BAC")
    assert answer.returncode == 0, answer.stderr
    (remark,) = [line for line in answer.stderr.splitlines() if "frozen" in line]
    assert remark.startswith(
        "The digest of Wed 28 Dec 2022 is frozen and holds nothing of AMD, BAC; "
    )
    assert "KO" not in remark
    assert "YOUR STOCKS" in answer.stdout
    status = run_oracle(tmp_path, "scheduler", "status")
    assert "Outstanding for Wed 28 Dec 2022: bars, forecast, settlement." in status.stdout
    assert "The digest of Wed 28 Dec 2022 is finished." in status.stdout


def test_digest_preview_refuses_an_unknown_stock(folder: Path) -> None:
    """What no subscriber can choose ends with the exit code of unknown symbols."""
    answer = run_oracle(folder, "digest", "preview", "--symbols", "KO,ZZZZ")
    assert answer.returncode == 3
    assert "ZZZZ is not in the sample market" in answer.stderr
    assert answer.stdout == ""


def test_digest_preview_refuses_a_day_without_a_session(folder: Path) -> None:
    """A Sunday is refused with a sentence and the exit code of bad input."""
    answer = run_oracle(folder, "digest", "preview", "--session", "2022-12-25")
    assert answer.returncode == 2
    assert "did not trade on Sun 25 Dec 2022" in answer.stderr
