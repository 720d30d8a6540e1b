"""What the command line prints: tables made for reading."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.panel import Panel
from rich.table import Table
from rich.text import Text

from oracle.domain.instruments import Source
from oracle.web import formatting

if TYPE_CHECKING:
    from rich.console import Console

    from oracle.domain.forecasts import Interval, Prediction
    from oracle.domain.rankings import Ranking
    from oracle.domain.track_record import Estimate, TrackRecord
    from oracle.services.predict_stock import StockReport
    from oracle.services.replay_sessions import ReplayReport
    from oracle.services.settle_predictions import SettlementReport

DISCLAIMER = "A statistical forecast, not advice. Nobody beats “no change” by much."
_NOT_LIVE = {
    Source.SAMPLE: "Sample data, not live: old closes, adjusted for dividends.",
    Source.REHEARSAL: "Rehearsal, not live: a server in Yahoo's place, or a clock that was moved.",
}
_RANGES = (0.5, 0.8, 0.95)
_WIDTHS = {
    "": 2,
    "Symbol": 6,
    "Close": 9,
    "Predicted": 9,
    "Change": 9,
    "80 % range": 18,
    "Score": 6,
}
ROOM_FOR_SCORES = 96
ROOM_FOR_PRICES = 76
"""Columns a terminal needs before scores, or the prices themselves, are shown as well."""


def render_report(console: Console, report: StockReport) -> None:
    """Print one stock: its price, its predicted value with ranges, and why."""
    _warn_unless_live(console, report.status.source)
    instrument = report.instrument
    console.print(
        f"[bold]{escape(instrument.name)}[/bold]  "
        f"{instrument.symbol}  {escape(instrument.exchange)}"
    )
    facts = Table.grid(padding=(0, 2))
    quote = report.quote
    if quote is None:
        facts.add_row("Price", formatting.NO_DATA)
    else:
        age = "  [yellow]stale[/yellow]" if report.quote_stale else ""
        facts.add_row(
            "Price",
            f"[bold]{formatting.money(quote.price, quote.currency)}[/bold]"
            f"  {formatting.exchange_time(quote.as_of)}{age}",
        )
    if report.prediction is not None:
        _add_prediction(facts, report.prediction, outdated=report.prediction_outdated)
    console.print(facts)
    for reason in () if report.prediction is None else report.prediction.reasons:
        console.print(f"  • {escape(reason)}")
    for notice in report.notices:
        console.print(f"[yellow]! {escape(notice)}[/yellow]")
    console.print(DISCLAIMER, style="dim")


def render_ranking(console: Console, ranking: Ranking) -> None:
    """Print the ranking with the best buy, and what could not be ranked."""
    _warn_unless_live(console, ranking.source)
    table = Table(
        title=f"For the close of {formatting.session(ranking.target)}, "
        f"from that of {formatting.session(ranking.as_of)}",
        title_justify="left",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        pad_edge=False,
    )
    shown = _figures_that_fit(console.width)
    # A column costs its width, a space, and the divider beside it.
    taken = 2 + sum(_WIDTHS[heading] + 2 for heading in ("", "Symbol", *shown))
    table.add_column("", justify="right", min_width=_WIDTHS[""])
    # Figures are never cut; where the terminal is narrow the names give way.
    table.add_column("Stock", no_wrap=True, max_width=max(8, console.width - taken - 2))
    table.add_column("Symbol", no_wrap=True, min_width=_WIDTHS["Symbol"])
    for heading in shown:
        table.add_column(heading, justify="right", no_wrap=True, min_width=_WIDTHS[heading])
    for stock in ranking.stocks:
        prediction = stock.prediction
        is_best = ranking.best is not None and ranking.best.symbol == stock.symbol
        figures = {
            "Close": formatting.money(prediction.current_price, prediction.currency),
            "Predicted": formatting.money(prediction.point, prediction.currency),
            "Change": _change(prediction),
            "80 % range": _range(prediction.interval(0.8)),
            "Score": formatting.decimal(stock.score, 3),
        }
        table.add_row(
            str(stock.rank),
            escape(stock.name),
            stock.symbol,
            *(figures[heading] for heading in shown),
            style="bold" if is_best else "",
        )
    if ranking.stocks:
        console.print(table)
    console.print(_best(ranking))
    for missing in ranking.unavailable:
        console.print(f"[yellow]! {missing.symbol}: {escape(missing.reason)}[/yellow]")
    console.print(DISCLAIMER, style="dim")


def _figures_that_fit(width: int) -> tuple[str, ...]:
    if width >= ROOM_FOR_SCORES:
        return ("Close", "Predicted", "Change", "80 % range", "Score")
    if width >= ROOM_FOR_PRICES:
        return ("Close", "Predicted", "Change", "80 % range")
    return ("Change", "80 % range")


def render_settlement(console: Console, report: SettlementReport, source: Source) -> None:
    """Print what a run of settling did, and what is pending with its reason."""
    _warn_unless_live(console, source)
    console.print(_say_settled(report))
    for each in report.pending:
        console.print(
            f"[yellow]! {each.symbol}, {formatting.session(each.target)}: {each.reason}[/yellow]"
        )


def render_replay(console: Console, report: ReplayReport, record: TrackRecord) -> None:
    """Print what a replay did, and the record of all that was replayed so far."""
    _warn_unless_live(console, record.source)
    console.print(
        f"{report.sessions} sessions: {report.made} predictions made, "
        f"{report.found} were there. {_say_settled(report.settlement)}"
    )
    for skipped in report.skipped:
        console.print(f"[yellow]! {skipped.what}: {skipped.reason}[/yellow]")
    console.print("[bold]Replayed record[/bold], computed afterwards from past prices; not live")
    _render_figures(console, record)
    for verdict in record.verdicts:
        console.print(f"  • {verdict}")
    console.print(DISCLAIMER, style="dim")


def _say_settled(report: SettlementReport) -> str:
    if not report.settled and not report.revised:
        done = f"Nothing new to settle: {report.unchanged} outcomes are as they were"
    else:
        done = (
            f"Settled {report.settled} predictions, corrected {report.revised}, "
            f"left {report.unchanged} as they were"
        )
    return f"{done}; {len(report.pending)} pending."


def _render_figures(console: Console, record: TrackRecord) -> None:
    for version in record.versions:
        scores = version.scores
        facts = Table.grid(padding=(0, 2))
        facts.add_row("Model", version.model_version)
        facts.add_row(
            "Settled",
            f"{scores.n} predictions of {scores.sessions} sessions, "
            f"{formatting.session(scores.first)} to {formatting.session(scores.last)}",
        )
        for coverage in scores.coverages:
            facts.add_row(
                f"In the {formatting.level(coverage.level)} range", _share(coverage.share)
            )
        facts.add_row("Error / tomorrow = today", _ratio(scores.mae_ratio))
        facts.add_row("CRPS / EWMA Gaussian", _ratio(scores.crps_gaussian_ratio))
        facts.add_row("CRPS / last 250 returns", _ratio(scores.crps_empirical_ratio))
        console.print(facts)


def _share(estimate: Estimate) -> str:
    text = formatting.percent(100.0 * estimate.value, 1)
    if estimate.lower is None or estimate.upper is None:
        return text
    ends = (formatting.decimal(100.0 * end, 1) for end in (estimate.lower, estimate.upper))
    return f"{text}  ({' to '.join(ends)})"


def _ratio(estimate: Estimate | None) -> str:
    if estimate is None:
        return formatting.NO_DATA
    text = formatting.decimal(estimate.value, 4)
    if estimate.lower is None or estimate.upper is None:
        return text
    ends = (formatting.decimal(end, 4) for end in (estimate.lower, estimate.upper))
    return f"{text}  ({' to '.join(ends)})"


def _add_prediction(facts: Table, prediction: Prediction, *, outdated: bool) -> None:
    target = formatting.session(prediction.target)
    if prediction.point is None:
        facts.add_row("Predicted", f"[bold]Cannot say[/bold] for the close of {target}")
        return
    note = "  [yellow]the last one that could be made[/yellow]" if outdated else ""
    facts.add_row(
        "Predicted",
        f"[bold]{formatting.money(prediction.point, prediction.currency)}[/bold]"
        f"  {_change(prediction)} for the close of {target}{note}",
    )
    for level in _RANGES:
        facts.add_row(f"{formatting.level(level)} range", _range(prediction.interval(level)))
    facts.add_row("Made from", f"the close of {formatting.session(prediction.as_of)}")
    facts.add_row("Model", f"{prediction.model_version}, {prediction.source.value} prices")


def _best(ranking: Ranking) -> Panel | Text:
    if not ranking.stocks:
        return Text("None of these could be forecast.", style="bold")
    if ranking.best is None:
        return Text("No clear buy tonight.", style="bold")
    return Panel(
        f"[bold]{escape(ranking.best.name)}[/bold] ({ranking.best.symbol}): "
        f"{escape(ranking.best.reason)}",
        title="Best buy" if ranking.best_covers_costs else "Best buy, before costs",
        title_align="left",
        expand=False,
    )


def _change(prediction: Prediction) -> str:
    change = formatting.change(prediction.change_percent)
    return f"{change.arrow} {change.text}".strip()


def _range(interval: Interval | None) -> str:
    if interval is None:
        return formatting.NO_DATA
    return f"{formatting.decimal(interval.lower)} to {formatting.decimal(interval.upper)}"


def _warn_unless_live(console: Console, source: Source) -> None:
    warning = _NOT_LIVE.get(source)
    if warning is not None:
        console.print(warning, style="yellow")
