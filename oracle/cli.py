"""The `oracle` command.

Each command imports what it needs itself, so that none waits for libraries of the others.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console

from oracle.commands.admin import admin
from oracle.commands.backtest_options import BacktestRequest, backtest_options
from oracle.commands.digest import digest
from oracle.commands.images import images
from oracle.commands.running import (
    EPILOG,
    Exit,
    Refusal,
    finish,
    open_dependencies,
    read_settings,
    show_log,
)
from oracle.commands.scheduler import scheduler
from oracle.commands.subscribers import subscribers
from oracle.domain.errors import OracleError
from oracle.domain.instruments import parse_symbol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.web.api.record_resources import Replay, Settlement
    from oracle.web.api.resources import Recommendation, Stock


@click.group(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="oracle-forecasts", prog_name="oracle")
def cli() -> None:
    """Predict the next session's closing price of stocks, and say how sure that is.

    Settings come from ORACLE_* environment variables; the README lists them.
    """


@cli.command(epilog=EPILOG)
def serve() -> None:
    """Run the website, its JSON interface and the scheduler."""
    from oracle.asgi import serve as serve_forever

    settings = read_settings()
    show_log(settings, settings.log_level)
    finish(serve_forever(settings))


@cli.command(epilog=EPILOG)
def migrate() -> None:
    """Bring the database's tables up to date; several at once are safe."""
    from oracle.adapters.sql.access import choose_access
    from oracle.adapters.sql.migrate import migrate as apply_migrations

    settings = read_settings()

    async def work() -> list[str]:
        url = settings.database_url.get_secret_value()
        return await apply_migrations(url, access=choose_access(settings))

    applied = finish(work())
    click.echo(
        f"Applied {len(applied)} migration(s): {', '.join(applied)}."
        if applied
        else "The database is up to date."
    )


@cli.command(epilog=EPILOG)
@click.argument("symbol")
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as the web interface answers.")
def predict(symbol: str, *, as_json: bool) -> None:
    """Predict the next close of SYMBOL."""
    from oracle.services.predict_stock import predict_stock
    from oracle.terminal import render_report
    from oracle.web.api.present import present_stock

    async def work() -> Exit:
        wanted = parse_symbol(symbol)
        async with open_dependencies(quiet=as_json) as (deps, console):
            with console.status(f"Asking for {wanted} …"):
                report = await predict_stock(deps, wanted)
            if as_json:
                _print_json(present_stock(report))
            else:
                render_report(Console(), report)
            prediction = report.prediction
            if prediction is None or report.prediction_outdated:
                return Exit.UNAVAILABLE
            return Exit.CANNOT_SAY if prediction.abstained else Exit.OK

    sys.exit(finish(work()))


@cli.command(epilog=EPILOG)
@click.argument("symbols", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as the web interface answers.")
def rank(symbols: Sequence[str], *, as_json: bool) -> None:
    """Rank SYMBOLS (2 to 50; default: the watchlist) by expected return for their risk."""
    from oracle.services.rank_stocks import rank_stocks
    from oracle.services.read_market_status import read_market_status
    from oracle.terminal import render_ranking
    from oracle.web.api.present import present_recommendation

    async def work() -> Exit:
        async with open_dependencies(quiet=as_json) as (deps, console):
            count = len(symbols or deps.settings.watchlist)
            with console.status(f"Asking for {count} stocks …"):
                ranking = await rank_stocks(deps, symbols or None)
            if as_json:
                _print_json(present_recommendation(ranking, read_market_status(deps)))
            else:
                render_ranking(Console(), ranking)
            return Exit.OK if ranking.stocks else Exit.UNAVAILABLE

    sys.exit(finish(work()))


@cli.command(epilog=EPILOG)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def settle(*, as_json: bool) -> None:
    """Store what became of predictions whose session has closed; correct what was healed."""
    from oracle.commands.progress import show_progress
    from oracle.services.settle_predictions import settle_predictions
    from oracle.terminal import render_settlement
    from oracle.web.api.present_record import present_settlement

    async def work() -> None:
        async with open_dependencies(quiet=as_json) as (deps, console):
            with show_progress(console) as progress:
                report = await settle_predictions(
                    deps,
                    recheck_all=True,
                    progress=lambda done, total: progress("Settling", done, total),
                )
            if as_json:
                _print_json(present_settlement(report, deps.feed.source))
            else:
                render_settlement(Console(), report, deps.feed.source)

    finish(work())


@cli.command(epilog=EPILOG)
@click.option(
    "--sessions",
    type=click.IntRange(1, 1200),
    required=True,
    help="How many of the last closed sessions to predict.",
)
@click.option("--symbols", help="Stocks to predict, separated by commas (default: the watchlist).")
@click.option("--pool", "whole_pool", is_flag=True, help="Predict the whole training pool.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def replay(sessions: int, symbols: str | None, *, whole_pool: bool, as_json: bool) -> None:
    """Predict past sessions from what was known before each, marked as replayed, and settle them.

    An interrupted replay goes on where it stopped. Replayed predictions are never shown, counted
    or served as live ones.
    """
    from oracle.commands.progress import show_progress
    from oracle.domain.forecasts import Origin
    from oracle.domain.track_record import Window
    from oracle.services.read_track_record import read_track_record
    from oracle.services.replay_sessions import replay_sessions
    from oracle.terminal import render_replay
    from oracle.web.api.present_record import present_replay

    if symbols is not None and whole_pool:
        raise click.UsageError("Give either --symbols or --pool.")

    async def work() -> None:
        async with open_dependencies(quiet=as_json) as (deps, console):
            chosen = symbols.split(",") if symbols is not None else None
            with show_progress(console) as progress:
                report = await replay_sessions(
                    deps, sessions, deps.pool if whole_pool else chosen, progress
                )
            record = await read_track_record(deps, origin=Origin.REPLAY, window=Window.ALL)
            if as_json:
                _print_json(present_replay(report, record))
            else:
                render_replay(Console(), report, record)

    finish(work())


@cli.command(epilog=EPILOG)
@backtest_options
def backtest(**options: Any) -> None:
    """Measure how good a forecaster would have been, session by session.

    Each session is forecast from earlier ones alone and scored beside simple methods. An
    interrupted run goes on where it was when the same command is given again.
    """
    from oracle.commands.backtest import run_backtest

    checkpoints = Path(read_settings().cache_folder) / "backtests"
    try:
        run_backtest(BacktestRequest(**options), checkpoints)
    except OracleError as error:
        raise Refusal(error) from error


cli.add_command(digest)
cli.add_command(subscribers)
cli.add_command(scheduler)
cli.add_command(images)
cli.add_command(admin)


def main() -> None:
    """Run the command; every deliberate error is one sentence and an exit code."""
    cli()


def _print_json(resource: Stock | Recommendation | Settlement | Replay) -> None:
    from oracle.web.api.openapi import write_json

    click.echo(write_json(resource, indent=2))
