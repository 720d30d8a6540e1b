"""The tables of the text part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.digest.columns import align, fold, plain, printable
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
    lines = align(table).split("\n")
    written = [lines[0], "-" * max(len(line) for line in lines)]
    for line, row in zip(lines[1:], rows, strict=True):
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
                f"{result.symbol:<6}{printable(result.name)}",
                change(result.predicted_percent).text,
                change(result.actual_percent).text,
                money(result.actual, currency),
                f"{money(result.lower, currency)} to {money(result.upper, currency)}",
                _HELD[result.range_held],
            ]
        )
    lines = align(table).split("\n")
    return "\n".join([lines[0], "-" * max(len(line) for line in lines), *lines[1:]])


def _row(row: Figures) -> list[str]:
    star = "* " if row.is_best else "  "
    if row.note:
        return [f"{star}{row.symbol:<6}{row.name}", row.price, "-", "-", "-"]
    return [
        f"{star}{row.symbol:<6}{row.name}",
        row.price,
        row.predicted,
        row.change,
        f"{row.lower} to {row.upper}",
    ]
