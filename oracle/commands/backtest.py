"""`oracle backtest`: from what was asked for to figures, tables and a report."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from oracle.adapters.checkpoints import FolderCheckpoints
from oracle.adapters.datasets import load_price_table, sample_price_table
from oracle.adapters.forecasters import load_forecaster
from oracle.commands.backtest_figures import present_backtest
from oracle.commands.backtest_tables import render_backtest
from oracle.domain.errors import InvalidSelection, OracleError
from oracle.domain.instruments import parse_symbol
from oracle.services.backtest_forecaster import backtest_forecaster, fingerprint_backtest
from oracle.services.plan_backtest import plan_backtest
from oracle.web.backtest_report import render_report
from oracle.web.contexts.backtest import describe_backtest

if TYPE_CHECKING:
    from datetime import datetime

    from oracle.adapters.forecasters import LoadedForecaster
    from oracle.commands.backtest_options import BacktestRequest
    from oracle.domain.price_tables import PriceTable
    from oracle.services.backtest_forecaster import Backtest
    from oracle.services.plan_backtest import BacktestPlan

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"

SAMPLE_START = date(2016, 1, 1)
"""The figures of the sample market are those from here on; earlier years shaped the method."""


class Interrupted(OracleError):
    """The keyboard ended a backtest before its time; what it had done is kept."""

    hint = "The same command goes on from there."


class ReportNotWritten(OracleError):
    """The report's file could not be written."""


def run_backtest(request: BacktestRequest, checkpoints: Path) -> None:
    """Evaluate what was asked for, print it, and write the report.

    Raises InvalidPriceFile, InvalidForecaster, InvalidSelection, InvalidSymbol, Interrupted and
    ReportNotWritten.
    """
    table = _load_prices(request)
    forecaster = load_forecaster(request.forecaster)
    plan = plan_backtest(table, start=_start(request), end=_day(request.end), window=request.window)
    store = FolderCheckpoints(checkpoints)
    if request.restart:
        store.drop_checkpoint(fingerprint_backtest(table, forecaster, plan))

    backtest = _run(table, forecaster, plan, store, request)

    page = describe_backtest(backtest)
    if request.report is not None:
        _write(request.report, render_report(page, TEMPLATES))
    if request.as_json:
        click.echo(json.dumps(present_backtest(backtest), indent=2, allow_nan=False))
    else:
        render_backtest(Console(), page)
    if request.report is not None:
        Console(stderr=True).print(f"The report is in {request.report}.", highlight=False)


def _load_prices(request: BacktestRequest) -> PriceTable:
    table = sample_price_table() if request.data is None else load_price_table(request.data)
    if request.symbols is None:
        return table
    symbols = [parse_symbol(part) for part in request.symbols.split(",") if part.strip()]
    if not symbols or len(set(symbols)) != len(symbols):
        raise InvalidSelection(
            "The list of symbols is empty, or names one twice.", hint="Write it like AAPL,MSFT."
        )
    return table.select(symbols)


def _start(request: BacktestRequest) -> date | None:
    if request.start is None and request.data is None:
        return SAMPLE_START
    return _day(request.start)


def _day(moment: datetime | None) -> date | None:
    return None if moment is None else moment.date()


def _run(
    table: PriceTable,
    forecaster: LoadedForecaster,
    plan: BacktestPlan,
    store: FolderCheckpoints,
    request: BacktestRequest,
) -> Backtest:
    total = len(plan.origins)
    done = 0
    console = Console(stderr=True)
    with Progress(
        TextColumn("Forecasting"),
        BarColumn(bar_width=None),
        MofNCompleteColumn(),
        TextColumn("sessions,"),
        TimeRemainingColumn(),
        console=console,
        # In a log file a bar that is drawn again and again would only be noise.
        disable=not console.is_terminal,
        transient=True,
    ) as progress:
        task = progress.add_task("", total=total)

        def observe(count: int) -> None:
            nonlocal done
            done = count
            progress.update(task, completed=count)

        try:
            return backtest_forecaster(
                table, forecaster, plan, store, audited=request.audited, observe=observe
            )
        except KeyboardInterrupt as interrupt:
            raise Interrupted(f"Interrupted after {done:,} of {total:,} sessions.") from interrupt


def _write(path: Path, html: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(html, encoding="utf-8")
    except OSError as error:
        raise ReportNotWritten(
            f"The report cannot be written to {path}: {error.strerror or error}."
        ) from error
