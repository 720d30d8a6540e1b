"""Reads what the documents say of metrics and log events."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).resolve().parents[3] / "docs"
LOG_EVENTS = DOCS / "logs.md"
METRICS = DOCS / "metrics.md"

_CODE = re.compile(r"`([^`]+)`")


@dataclass(frozen=True, slots=True)
class DocumentedEvent:
    """The levels an event may have, and the fields of its own."""

    levels: frozenset[str]
    fields: frozenset[str]


@dataclass(frozen=True, slots=True)
class DocumentedMetric:
    """A metric's type, its labels with their values (None: not a closed set), and who shows it."""

    kind: str
    labels: dict[str, frozenset[str] | None]
    shown_by: str


def read_events(text: str) -> dict[str, DocumentedEvent]:
    """Return the events in the document's tables, by name."""
    return {
        name.strip("`"): DocumentedEvent(
            frozenset(levels.split(", ")), frozenset(_CODE.findall(fields))
        )
        for name, levels, fields, _ in _rows(text, 4)
    }


def read_metrics(text: str) -> dict[str, DocumentedMetric]:
    """Return the metrics in the document's tables, by name."""
    return {
        name.strip("`"): DocumentedMetric(kind, _labels_of(labels), shown_by)
        for name, kind, labels, shown_by, _ in _rows(text, 5)
    }


def _labels_of(cell: str) -> dict[str, frozenset[str] | None]:
    labels: dict[str, frozenset[str] | None] = {}
    for part in filter(None, cell.split("; ")):
        label, _, values = part.partition(": ")
        is_closed = re.fullmatch(r"(`[^`]+`(, )?)+", values) is not None
        labels[label.strip("`")] = frozenset(_CODE.findall(values)) if is_closed else None
    return labels


def _rows(text: str, columns: int) -> list[list[str]]:
    """Return the rows that begin with a name, of tables of so many columns."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in text.splitlines()
        if line.startswith("| `")
    ]
    return [row for row in rows if len(row) == columns]
