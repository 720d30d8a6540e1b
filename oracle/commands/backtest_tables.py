"""The tables that `oracle backtest` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from oracle.domain.wording import write_share
from oracle.forecasting.evaluation import BANDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from oracle.web.contexts.backtest import BacktestPage, SliceRow, TestRow


_UNITS = (
    "Point error: mean absolute error, that of the last close is 1. Distribution: CRPS, that of "
    "the EWMA Gaussian is 1. Ranges: the closes that fell into them.\n"
)


def render_backtest(console: Console, page: BacktestPage) -> None:
    """Print the verdict, the figures beside the baselines, the tests, and the caveats."""
    console.print(f"[bold]{escape(page.headline)}[/bold]")
    for sentence in page.sentences:
        console.print(f"  • {sentence}", markup=False, highlight=False)
    facts = Table.grid(padding=(0, 2))
    for name, value in page.facts:
        facts.add_row(name, escape(value))
    console.print()
    console.print(facts)
    console.print(_figures(page))
    console.print(_UNITS, style="dim")
    console.print(_tests("Where the ranges were furthest off", page.worst, with_interval=False))
    console.print(_tests("Against each simple method", page.tests, with_interval=True))
    console.print(_tests("Choosing stocks: no edge is claimed", page.selection, with_interval=True))
    console.print(_slices("By year", page.years))
    console.print(_slices("By stock, sharpest first", page.by_stock))
    if page.stocks_left_out:
        console.print(f"{page.stocks_left_out} stocks in the middle are left out.")
    for sentence in (*page.method, *page.caveats):
        console.print(sentence, style="dim", markup=False, highlight=False)


def _table(title: str, *columns: str) -> Table:
    table = Table(
        title=title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False
    )
    table.add_column(columns[0])
    for column in columns[1:]:
        # Figures are never cut; where the terminal is narrow headings and names are folded.
        table.add_column("\n".join(column.rsplit(" ", 1)), justify="right", no_wrap=True)
    return table


def _figures(page: BacktestPage) -> Table:
    table = _table("Beside the simple methods", "", "This one", "95 % interval", *page.baselines)
    for row in page.figures:
        table.add_row(row.name, f"[bold]{row.value}[/bold]", row.interval, *row.baselines)
    return table


def _tests(title: str, rows: Sequence[TestRow], *, with_interval: bool) -> Table:
    extra = ("95 % interval", "t") if with_interval else ()
    table = _table(title, "", "Measured", *extra, "Reading")
    for row in rows:
        figures = (row.interval, row.t) if with_interval else ()
        table.add_row(escape(row.name), row.value, *figures, row.meaning)
    return table


def _slices(title: str, rows: Sequence[SliceRow]) -> Table:
    table = _table(
        title,
        *(
            "",
            "CRPS / EWMA",
            "CRPS / rolling",
            "Point error",
            *(write_share(100.0 * level) for level in BANDS),
            "Forecasts",
        ),
    )
    for row in rows:
        table.add_row(row.name, row.crps, row.rolling, row.error, *row.coverage, row.forecasts)
    return table
