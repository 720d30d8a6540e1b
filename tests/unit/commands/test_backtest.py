"""`oracle backtest` as a user types it, on prices small enough to be quick."""

from __future__ import annotations

import json
import re
import sys
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from click.testing import CliRunner

from oracle.cli import cli
from tests.unit.forecasting.simulated_market import simulate_closes

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

FORECASTER = """
from pathlib import Path

import numpy as np

def spread(closes, *, open=None, high=None, low=None, levels=None):
    last = closes[-1]
    width = np.nanstd(np.diff(np.log(closes[-60:]), axis=0), axis=0)
    quantiles = last[:, None] * np.exp(width[:, None] * np.linspace(-2.0, 2.0, len(levels)))
    return {"point": last * 1.0002, "quantiles": quantiles, "levels": levels}

def interrupted(closes, **others):
    if len(closes) == 150 and Path("stop").exists():
        raise KeyboardInterrupt
    return spread(closes, **others)
"""
VOID = {"meta", "line", "circle", "path", "br"}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder with prices and a forecaster, in which commands run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("ORACLE_CACHE_FOLDER", str(tmp_path / "cache"))
    monkeypatch.setenv("COLUMNS", "100")
    # An earlier test's module of that name came from another folder.
    monkeypatch.delitem(sys.modules, "my_guess", raising=False)
    (tmp_path / "my_guess.py").write_text(FORECASTER)
    closes = simulate_closes(420, 4)
    days = np.busday_offset(np.datetime64("2021-01-04", "D"), np.arange(420))
    lines = ["date,AA,BB,CC,DD"]
    lines += [
        ",".join([str(day), *(f"{close:.6f}" for close in row)])
        for day, row in zip(days, closes, strict=True)
    ]
    (tmp_path / "prices.csv").write_text("\n".join(lines))
    return tmp_path


def backtest(*arguments: str) -> Result:
    """Run the command on the small prices with the quick forecaster, unless told otherwise."""
    defaults = ("--data", "prices.csv", "--window", "120", "--forecaster", "my_guess:spread")
    return CliRunner().invoke(cli, ["backtest", *defaults, *arguments])


@pytest.mark.usefixtures("folder")
def test_json_holds_every_figure_with_its_interval() -> None:
    """Programs get all metrics, finite or null, and the same ones at the second call."""
    answer = backtest("--json")
    assert answer.exit_code == 0, answer.output
    figures: dict[str, Any] = json.loads(answer.stdout)
    assert figures["forecasts"] == 300 * 4
    assert figures["days"] == 300
    assert set(figures["against"]) == {"last close", "drift", "rolling empirical", "EWMA Gaussian"}
    ratio = figures["against"]["EWMA Gaussian"]["crps_ratio"]
    assert ratio["lower"] < ratio["value"] < ratio["upper"]
    assert [one["level"] for one in figures["coverage"]] == [0.5, 0.8, 0.95]
    assert len(figures["reliability"]) == 39
    assert len(figures["audited_sessions"]) == 5
    assert figures["resumed_sessions"] == 0
    again = json.loads(backtest("--json").stdout)
    assert again.pop("resumed_sessions") == 300
    figures.pop("resumed_sessions")
    assert again == figures
    assert json.loads(backtest("--json", "--restart").stdout)["resumed_sessions"] == 0


@pytest.mark.usefixtures("folder")
def test_tables_say_what_json_says() -> None:
    """People get the verdict first, then the same numbers in tables."""
    figures = json.loads(backtest("--json").stdout)
    printed = " ".join(backtest("--symbols", "aa,bb,cc,dd").stdout.split())
    assert printed.startswith(figures["verdict"]["headline"])
    assert f"{figures['against']['last close']['error_ratio']['value']:.4f}" in printed
    assert f"{figures['against']['EWMA Gaussian']['crps_ratio']['value']:.4f}" in printed
    for year in ("2021", "2022"):
        assert year in printed


@pytest.mark.usefixtures("folder")
def test_too_few_sessions_say_so() -> None:
    """Under 250 sessions there is no worst year, which is told without a half-finished name."""
    printed = backtest("--start", "2022-06-01").stdout
    assert "fewer than 250 days" in printed
    assert "up to No data" not in printed
    assert "stock: No data" not in printed


def test_interrupted_command_goes_on_where_it_was(folder: Path) -> None:
    """Ctrl-C leaves a sentence and what was done; the same command then ends like a whole one."""
    command = ("--forecaster", "my_guess:interrupted", "--start", "2021-06-01", "--json")
    wide = (*command, "--window", "300")
    (folder / "stop").touch()
    stopped = backtest(*wide)
    assert stopped.exit_code == 1, stopped.output
    assert stopped.stdout == ""
    assert "Interrupted after 44 of 314 sessions. The same command goes on" in stopped.stderr
    (folder / "stop").unlink()
    figures = [json.loads(backtest(*wide, *more).stdout) for more in ((), ("--restart",))]
    assert [one.pop("resumed_sessions") for one in figures] == [44, 0]
    for one in figures:
        one.pop("forecasting_seconds")
    assert figures[0] == figures[1]


def test_report_is_one_page_that_needs_nothing_else(folder: Path) -> None:
    """The file is whole: no script, no link, every element closed, the verdict as its heading."""
    answer = backtest("--report", "out/report.html", "--json")
    assert answer.exit_code == 0, answer.output
    html = (folder / "out" / "report.html").read_text(encoding="utf-8")
    figures = json.loads(answer.stdout)
    assert f"<h1>{figures['verdict']['headline']}</h1>" in html
    assert not re.search(r"<script|<link|<img|href=|src=|url\(|https?:", html)
    assert "NaN" not in html
    assert "nan" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL).split()
    assert html.count('role="img"') == 4
    parser = Balance()
    parser.feed(html)
    assert parser.open == []


class Balance(HTMLParser):
    """Notes which elements are open; a wrong end is an error."""

    def __init__(self) -> None:
        """Begin with none."""
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open an element that has an end."""
        assert len(dict(attrs)) == len(attrs)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Pass over an element that ends where it begins."""

    def handle_endtag(self, tag: str) -> None:
        """Close the newest element, which must be this one."""
        assert self.open.pop() == tag


def test_names_from_files_are_escaped(folder: Path) -> None:
    """A file's name is text on the page, whatever it holds."""
    evil = "<b>&.csv"
    (folder / evil).write_text((folder / "prices.csv").read_text())
    answer = backtest("--data", evil, "--report", "report.html")
    assert answer.exit_code == 0, answer.output
    html = (folder / "report.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;&amp;.csv" in html
    assert "<b>" not in html


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--data", "missing.csv"), "does not exist"),
        (("--data", "my_guess.py"), "only .csv and .npz"),
        (("--forecaster", "my_guess"), "names no function"),
        (("--forecaster", "my_guess:other"), "has no function other"),
        (("--start", "2040-01-01"), "no session to forecast"),
        (("--start", "yesterday"), "does not match the format"),
        (("--window", "5"), "not in the range"),
        (("--symbols", "AA,ZZ"), "has no prices of ZZ"),
        (("--symbols", "AA,AA"), "names one twice"),
        (("--symbols", "<b>"), "not a stock symbol"),
    ],
)
@pytest.mark.usefixtures("folder")
def test_mistakes_get_a_sentence(arguments: tuple[str, ...], sentence: str) -> None:
    """Each is bad input, told in words and without a trace."""
    answer = backtest(*arguments)
    assert answer.exit_code == 2, answer.output
    assert sentence in " ".join(answer.output.split())
    assert "Traceback" not in answer.output


def test_a_row_that_cannot_be_true_is_named(folder: Path) -> None:
    """The command says file, row and reason, and prints no figure."""
    text = (folder / "prices.csv").read_text().splitlines()
    text[200] = re.sub(r",[\d.]+,", ",99999999,", text[200], count=1)
    (folder / "prices.csv").write_text("\n".join(text))
    answer = backtest("--json")
    assert answer.exit_code == 2
    assert "prices.csv, row 201: the close 1e+08 of AA" in answer.stderr
    assert answer.stdout == ""


def test_a_report_that_cannot_be_written_is_told(folder: Path) -> None:
    """The figures are not lost in a trace: there is a sentence with the path."""
    (folder / "file").write_text("")
    answer = backtest("--report", "file/report.html")
    assert answer.exit_code == 1
    assert "cannot be written to file/report.html" in answer.output
