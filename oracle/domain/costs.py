"""What acting on a prediction costs, and the words for it."""

from __future__ import annotations

from typing import Final

from oracle.domain.wording import write_share

ROUND_TRIP_COST: Final = 0.001
"""Ten basis points: what selling one liquid share and buying another costs, spread included."""


def warn_of_costs(change_percent: float) -> str:
    """Return a sentence where the costs take all of the expected change, in per cent; else ""."""
    cost = 100.0 * ROUND_TRIP_COST
    if change_percent > cost:
        return ""
    return f"Buying and selling it costs more: the record counts {write_share(cost, 2)}."
