"""Adjusted closes of several stocks, side by side on common sessions."""

from __future__ import annotations

from dataclasses import dataclass
from math import log
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from oracle.domain.prices import FloatArray, PriceHistory, SessionArray

ODD_MOVE = log(2.5)
"""A larger log move within one session is not believed."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Adjusted closes [T, S] of `symbols` (S) on `sessions` (T, strictly increasing).

    A close is missing where it is NaN, infinite, zero or negative. Missing closes are never
    filled in: what cannot be computed without them gets weight zero.
    """

    symbols: tuple[str, ...]
    sessions: SessionArray
    closes: FloatArray

    def __post_init__(self) -> None:
        """Raise ValueError when the parts do not fit together."""
        if self.closes.shape != (len(self.sessions), len(self.symbols)):
            raise ValueError("closes must have one row per session and one column per symbol")
        if len(set(self.symbols)) != len(self.symbols):
            raise ValueError("every symbol may stand in a panel once")
        if np.any(self.sessions[1:] <= self.sessions[:-1]):
            raise ValueError("sessions must be strictly increasing")

    @classmethod
    def align(
        cls,
        histories: Sequence[PriceHistory],
        *,
        until: date | None = None,
        sessions: SessionArray | None = None,
    ) -> Panel:
        """Return the panel of these histories on `sessions`, or on the union of their own.

        Sessions after `until` are left out. A session that a history has no row for is missing.
        """
        if sessions is None:
            parts = [history.sessions.astype("datetime64[D]") for history in histories]
            sessions = np.unique(np.concatenate([np.empty(0, "datetime64[D]"), *parts]))
        if until is not None:
            sessions = sessions[sessions <= np.datetime64(until, "D")]
        closes = np.full((len(sessions), len(histories)), np.nan)
        for column, history in enumerate(histories):
            closes[:, column] = _place(history.adj_close, history.sessions, sessions)
        return cls(tuple(history.symbol for history in histories), sessions, closes)

    def on(self, sessions: SessionArray) -> Panel:
        """Return the same stocks on other sessions; those the panel does not have are missing."""
        if np.array_equal(sessions, self.sessions):
            return self
        return Panel(self.symbols, sessions, _place(self.closes, self.sessions, sessions))

    def usable_closes(self) -> FloatArray:
        """Return the closes [T, S] with NaN for every one that is missing."""
        usable = np.isfinite(self.closes) & (self.closes > 0.0)
        return np.where(usable, self.closes, np.nan)

    def log_moves(self) -> FloatArray:
        """Return ln(P_t / P_{t-1}) as [T, S]; the first row is NaN.

        The moves into a missing close and out of it are undefined, thus NaN: a move over several
        sessions is not a daily return, and sharing it out would invent closes.
        """
        moves = np.full(self.closes.shape, np.nan)
        moves[1:] = np.diff(np.log(self.usable_closes()), axis=0)
        return moves

    def log_returns(self) -> FloatArray:
        """Return the moves [T, S] with NaN for odd ones too, those beyond a factor of 2.5.

        Such a move is nearly always a wrong bar or an unadjusted split, and a single one would
        outweigh all other stock-days of a least-squares fit.
        """
        moves = self.log_moves()
        return np.where(np.abs(moves) > ODD_MOVE, np.nan, moves)


def _place(values: FloatArray, given: SessionArray, wanted: SessionArray) -> FloatArray:
    """Return the rows of `values` (on sessions `given`) that belong to `wanted`; else NaN."""
    placed = np.full((len(wanted), *values.shape[1:]), np.nan)
    if len(given):
        rows = np.minimum(np.searchsorted(given, wanted), len(given) - 1)
        found = given[rows] == wanted
        placed[found] = values[rows[found]]
    return placed
