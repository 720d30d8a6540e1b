"""When nothing can be said about a stock, and the sentences that say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.forecasts import MIN_SESSIONS
from oracle.forecasting.panel import ODD_MOVE
from oracle.forecasting.smoothing import known_or_zero

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.panel import Panel

RECENT_SESSIONS = 21
"""A close that did not change in this time, or moved oddly, is not forecast."""


def usable_sessions(window: Panel, returns: FloatArray) -> NDArray[np.int64]:
    """Return [S]: the sessions whose close has a usable close before it, and the first one."""
    count = np.isfinite(returns).sum(axis=0)
    any_close = np.isfinite(window.usable_closes()).any(axis=0)
    return np.where(any_close, count + 1, 0).astype(np.int64)


def refusals(
    window: Panel, observations: NDArray[np.int64], usable: NDArray[np.bool_]
) -> tuple[tuple[str, ...], ...]:
    """Return per stock the sentences on why nothing can be said; none where something can.

    `usable` [S] tells whose scale can be measured on the last session.
    """
    rows = slice(-RECENT_SESSIONS - 1, None)
    latest = window.on(window.sessions[rows])
    recent = known_or_zero(latest.log_moves()[-RECENT_SESSIONS:])
    newest = np.isfinite(latest.usable_closes()[-1])
    checks = (
        (
            observations < MIN_SESSIONS,
            (
                "Only {observations} usable sessions of prices are known; "
                f"at least {MIN_SESSIONS} are needed."
            ),
        ),
        (~newest, f"The close of {window.sessions[-1]} is missing: the last price is out of date."),
        (
            np.any(np.abs(recent) > ODD_MOVE, axis=0),
            (
                f"The price moved by more than a factor of 2.5 within the last {RECENT_SESSIONS} "
                "sessions, which may be an error of the feed."
            ),
        ),
        (
            newest & (observations >= MIN_SESSIONS) & ~(usable & np.any(recent != 0.0, axis=0)),
            (
                f"The close has hardly moved in the last {RECENT_SESSIONS} sessions: "
                "there is no range to measure."
            ),
        ),
    )
    if not any(applies.any() for applies, _ in checks):
        return ((),) * len(window.symbols)
    return tuple(
        tuple(
            sentence.format(observations=observations[column])
            for applies, sentence in checks
            if applies[column]
        )
        for column in range(len(window.symbols))
    )
