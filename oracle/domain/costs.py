"""What acting on a prediction costs, and the words for it."""

from __future__ import annotations

from typing import Final

from oracle.domain.wording import write_share

ROUND_TRIP_COST: Final = 0.001
"""Ten basis points: what selling one liquid share and buying another costs, spread included."""


def covers_costs(change_percent: float) -> bool:
    """Return whether an expected change, in per cent, is more than buying and selling costs."""
    return change_percent > 100.0 * ROUND_TRIP_COST


def warn_of_costs(change_percent: float) -> str:
    """Return a sentence where the costs take all of the expected change, in per cent; else ""."""
    if covers_costs(change_percent):
        return ""
    cost = write_share(100.0 * ROUND_TRIP_COST, 2)
    return f"Buying and selling it costs more: the record counts {cost}."
