"""The tables of the text part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.digest.columns import align, cells_of, fold, plain, printable
from oracle.domain.formatting import change, money

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.digest.content import DigestResult
    from oracle.digest.letter import Figures

_HELD = {True: "held", False: "missed", None: "open"}


def write_paragraphs(*sentences: str) -> str:
    """Return the sentences that are not empty as folded paragraphs."""
    return "\n\n".join(fold(each) for each in sentences if each)


def write_best(figures: Figures, reason: str, drivers: Sequence[str]) -> str:
    """Return the best buy's figures, one to a line, and why."""
    facts = [
        ("Close", figures.price),
        ("Predicted", f"{figures.predicted}  ({figures.change})"),
        ("80 % range", f"{figures.lower} to {figures.upper}"),
    ]
    lines = [f"  {label:<12}{value}" for label, value in facts]
    return "\n".join([*map(plain, lines), "", write_paragraphs(reason, *drivers)])


def write_rows_table(rows: Sequence[Figures]) -> str:
    """Return the list as aligned columns, a note beneath each stock that has one."""
    head = ["Stock", "Close", "Predicted", "Change", "80 % range"]
    table = [head, *(_row(row) for row in rows)]
    entries = align(table, hang=len(_row_start("", is_best=False)))
    written = [entries[0], _rule(entries)]
    for line, row in zip(entries[1:], rows, strict=True):
        written.append(line)
        if row.note:
            written.append(fold(row.note, indent="    "))
    return "\n".join(written)


def write_results_table(results: Sequence[DigestResult]) -> str:
    """Return last night's results as aligned columns."""
    head = ["Stock", "Predicted", "Came", "Close", "80 % range", ""]
    table = [head]
    for result in results:
        currency = result.currency
        table.append(
            [
                f"{_symbol(result.symbol)}{printable(result.name)}",
                change(result.predicted_percent).text,
                change(result.actual_percent).text,
                money(result.actual, currency),
                f"{money(result.lower, currency)} to {money(result.upper, currency)}",
                _HELD[result.range_held],
            ]
        )
    entries = align(table, hang=len(_symbol("")))
    return "\n".join([entries[0], _rule(entries), *entries[1:]])


def _row(row: Figures) -> list[str]:
    start = f"{_row_start(row.symbol, is_best=row.is_best)}{row.name}"
    if row.note:
        return [start, row.price, "-", "-", "-"]
    return [
        start,
        row.price,
        row.predicted,
        row.change,
        f"{row.lower} to {row.upper}",
    ]


def _row_start(symbol: str, *, is_best: bool) -> str:
    return f"{'*' if is_best else ' '} {_symbol(symbol)}"


def _symbol(symbol: str) -> str:
    return f"{symbol:<5} "


def _rule(entries: Sequence[str]) -> str:
    return "-" * max(cells_of(line) for entry in entries for line in entry.split("\n"))
