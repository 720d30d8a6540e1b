"""Which sessions a backtest forecasts, and how much of the past each forecast sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.errors import InvalidSelection

if TYPE_CHECKING:
    from datetime import date

    from numpy.typing import NDArray

    from oracle.domain.price_tables import PriceTable

DEFAULT_WINDOW = 1260
FEWEST_ROWS = 61
"""The past a first forecast needs at least: 60 returns."""


@dataclass(frozen=True, slots=True, eq=False)
class BacktestPlan:
    """The rows `origins` [N] that are forecast from; each sees `window` rows up to its own."""

    origins: NDArray[np.intp]
    window: int

    def seen_from(self, origin: int) -> int:
        """Return the first row that the forecast from that row sees."""
        return max(0, origin - self.window + 1)


def plan_backtest(
    table: PriceTable,
    *,
    start: date | None = None,
    end: date | None = None,
    window: int = DEFAULT_WINDOW,
) -> BacktestPlan:
    """Return the plan to forecast every session from `start` to `end`, both included.

    Without a start it is the session after the first `window` rows, or after half of the rows if
    there are fewer than twice as many. Raises InvalidSelection when there is nothing to forecast.
    """
    if window < FEWEST_ROWS:
        raise InvalidSelection(
            f"A window of {window} sessions is too short; give at least {FEWEST_ROWS}.", hint=""
        )
    if start is not None and end is not None and start > end:
        raise InvalidSelection(
            f"The start, {start}, lies after the end, {end}.", hint="Give them the other way round."
        )
    rows = len(table.sessions)
    first = min(window, rows // 2) if start is None else _row(table, start)
    last = rows if end is None else int(np.searchsorted(table.sessions, _day(end), "right"))
    origins = np.arange(max(first, FEWEST_ROWS) - 1, last - 1)
    if not origins.size:
        reason = (
            f"it has sessions from {table.sessions[0]} to {table.sessions[-1]}, "
            f"and the first {FEWEST_ROWS} can only be learnt from"
        )
        raise InvalidSelection(
            f"There is no session to forecast in {table.name}: {reason}.",
            hint="Choose other dates, or a longer table.",
        )
    return BacktestPlan(origins, window)


def _row(table: PriceTable, day: date) -> int:
    return int(np.searchsorted(table.sessions, _day(day)))


def _day(day: date) -> np.datetime64:
    return np.datetime64(day, "D")
