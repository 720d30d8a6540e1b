"""Small pictures of a stock's last closes, for tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.web import formatting

if TYPE_CHECKING:
    from oracle.domain.prices import PriceHistory

SESSIONS = 60
STEP = 4
HEIGHT = 56
_MARGIN = 4


@dataclass(frozen=True, slots=True)
class Sparkline:
    """A line in a box of `width` x HEIGHT, and the same in words."""

    line: str
    width: int
    summary: str


def draw_sparkline(history: PriceHistory | None, currency: str) -> Sparkline | None:
    """Return the line of the last closes, or None with fewer than two known ones."""
    if history is None:
        return None
    closes = history.latest(SESSIONS).close
    closes = closes[np.isfinite(closes)]
    if closes.size < 2:  # noqa: PLR2004 - a line needs two points
        return None
    lowest, highest = float(closes.min()), float(closes.max())
    room = HEIGHT - 2 * _MARGIN
    shares = (highest - closes) / (highest - lowest) if highest > lowest else closes * 0.0 + 0.5
    # Whole numbers and steps from point to point keep fifty of these small.
    down: list[int] = np.rint(_MARGIN + room * shares).astype(int).tolist()
    steps = " ".join(f"{STEP} {step}" for step in np.diff(down).tolist()).replace(" -", "-")
    change = formatting.change(100.0 * (float(closes[-1]) / float(closes[0]) - 1.0))
    return Sparkline(
        line=f"M0 {down[0]}l{steps}",
        width=STEP * (closes.size - 1),
        summary=(
            f"Last {closes.size} closes: {change.text}, "
            f"lowest {formatting.money(lowest, currency)}, "
            f"highest {formatting.money(highest, currency)}"
        ),
    )
