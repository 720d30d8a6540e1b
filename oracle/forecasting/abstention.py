"""When nothing can be said about a stock, and the sentences that say so."""

from __future__ import annotations

from math import log
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.forecasts import MIN_SESSIONS
from oracle.forecasting.panel import ODD_MOVE
from oracle.forecasting.smoothing import first_of_all, known_or_zero

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.panel import Panel

RECENT_SESSIONS = 21
"""A close that did not change in this time, or moved oddly, is not forecast."""

ODD_LAST_MOVE = log(1.5)
ODD_LAST_SCALES = 10.0
USUAL_SESSIONS = 250
"""A last move beyond this factor, and this many times the mean size of those in the sessions before
it, is not forecast from until a later session confirms it (decision 11)."""


def usable_sessions(window: Panel, returns: FloatArray) -> NDArray[np.int64]:
    """Return [S]: the sessions whose close has a usable close before it, and the first one."""
    there = np.isfinite(returns)
    first = first_of_all(there)
    if first is not None:
        return np.full(returns.shape[1], len(returns) - first + 1)
    count = there.sum(axis=0)
    any_close = np.isfinite(window.usable_closes()).any(axis=0)
    return np.where(any_close, count + 1, 0).astype(np.int64)


def refusals(
    window: Panel, observations: NDArray[np.int64], usable: NDArray[np.bool_]
) -> tuple[tuple[str, ...], ...]:
    """Return per stock the sentences on why nothing can be said; none where something can.

    `usable` [S] tells whose scale can be measured on the last session.
    """
    latest = window.latest(RECENT_SESSIONS + 1)
    recent = known_or_zero(latest.log_moves()[-RECENT_SESSIONS:])
    newest = np.isfinite(latest.usable_closes()[-1])
    last = recent[-1] if len(recent) else np.zeros(len(window.symbols))
    short = observations < MIN_SESSIONS
    too_far = np.any(np.abs(recent) > ODD_MOVE, axis=0)
    odd = ~too_far & has_odd_last_move(window, last)
    still = newest & ~short & ~(usable & np.any(recent != 0.0, axis=0))
    if not (short | ~newest | too_far | odd | still).any():
        return ((),) * len(window.symbols)
    checks = (
        (
            short,
            (
                "Only {observations} usable sessions of prices are known; "
                f"at least {MIN_SESSIONS} are needed."
            ),
        ),
        (~newest, f"The close of {window.sessions[-1]} is missing: the last price is out of date."),
        (
            too_far,
            (
                f"The price moved by more than a factor of 2.5 within the last {RECENT_SESSIONS} "
                "sessions, which may be an error of the feed."
            ),
        ),
        (
            odd,
            (
                f"The close of {window.sessions[-1]} moved by {{change:+.0%}} in one session, "
                "which may be an error of the feed or a split that is not known yet."
            ),
        ),
        (
            still,
            (
                f"The close has hardly moved in the last {RECENT_SESSIONS} sessions: "
                "there is no range to measure."
            ),
        ),
    )
    return tuple(
        tuple(
            sentence.format(observations=observations[column], change=np.expm1(last[column]))
            for applies, sentence in checks
            if applies[column]
        )
        for column in range(len(window.symbols))
    )


def has_odd_last_move(window: Panel, last: FloatArray) -> NDArray[np.bool_]:
    """Return [S] whose last log move, of `last` [S], is far, and far beyond what is usual."""
    far = np.asarray(np.abs(last) > ODD_LAST_MOVE)
    if not far.any():
        return far
    before = window.on(window.sessions[-USUAL_SESSIONS - 2 : -1]).log_returns()
    known = np.isfinite(before)
    usual = np.abs(known_or_zero(before)).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.asarray(far & (np.abs(last) > ODD_LAST_SCALES * usual))
