"""What `oracle backtest` can be told, apart from its work so that help is shown at once."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

_DAY = click.DateTime(["%Y-%m-%d"])

_OPTIONS = (
    click.option(
        "--data",
        type=click.Path(exists=True, path_type=Path),
        help="Prices: a CSV file, a folder of them, or a .npz file; see docs/evaluation.md.",
    ),
    click.option(
        "--market",
        type=click.Choice(["sample"]),
        default="sample",
        show_default=True,
        help="The prices that are taken without --data.",
    ),
    click.option("--start", type=_DAY, help="First session to forecast; sample: 2016-01-01."),
    click.option("--end", type=_DAY, help="Last session to forecast; default: the last there is."),
    click.option(
        "--window",
        type=click.IntRange(min=61),
        default=1260,
        show_default=True,
        help="Sessions that each forecast sees at most.",
    ),
    click.option("--symbols", help="Only these stocks, separated by commas."),
    click.option(
        "--forecaster",
        default="oracle.forecasting:forecast",
        show_default=True,
        metavar="MODULE:FUNCTION",
        help="The function to evaluate.",
    ),
    click.option(
        "--audit",
        "audited",
        type=click.IntRange(min=1),
        default=5,
        show_default=True,
        metavar="SESSIONS",
        help="How many forecasts are made again with later prices destroyed.",
    ),
    click.option("--restart", is_flag=True, help="Forget what an earlier run has done."),
    click.option("--json", "as_json", is_flag=True, help="Print all figures as JSON."),
    click.option(
        "--report",
        type=click.Path(dir_okay=False, writable=True, path_type=Path),
        help="Write a page for the browser to this file.",
    ),
)


@dataclass(frozen=True, slots=True)
class BacktestRequest:
    """What was asked for, one field per option."""

    data: Path | None
    market: str
    start: datetime | None
    end: datetime | None
    window: int
    symbols: str | None
    forecaster: str
    audited: int
    restart: bool
    as_json: bool
    report: Path | None


def backtest_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Return the command with all options of a backtest."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command
