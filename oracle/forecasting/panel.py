"""Adjusted prices of several stocks, side by side on common sessions."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import log
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray, PriceHistory, SessionArray

ODD_MOVE = log(2.5)
"""A larger log move within one session is not believed."""


_AT_ONCE = 50_000
"""Closes looked through at once, which stay in the processor's cache for the second look."""


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Adjusted closes [T, S] of `symbols` (S) on `sessions` (T, strictly increasing).

    A close is missing where it is NaN, infinite, zero or negative. Missing closes are never
    filled in: what cannot be computed without them gets weight zero. `open`, `high` and `low`
    [T, S] stand on the same adjusted basis; NaN, or None for all, where they are not known.
    """

    symbols: tuple[str, ...]
    sessions: SessionArray
    closes: FloatArray
    open: FloatArray | None = None
    high: FloatArray | None = None
    low: FloatArray | None = None

    def __post_init__(self) -> None:
        """Raise ValueError when the parts do not fit together."""
        shape = (len(self.sessions), len(self.symbols))
        if self.closes.shape != shape:
            raise ValueError("closes must have one row per session and one column per symbol")
        if any(part is not None and part.shape != shape for part in self._ends()):
            raise ValueError("open, high and low must have the shape of the closes")
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

        Sessions after `until` are left out. A session that a history has no row for is missing,
        and so is one on which nothing was traded. Open, high and low are brought to the basis of
        the adjusted close.
        """
        if sessions is None:
            parts = [history.sessions.astype("datetime64[D]") for history in histories]
            # Most stocks have the same sessions: each calendar is merged once.
            distinct = {part.tobytes(): part for part in parts}.values()
            sessions = np.unique(np.concatenate([np.empty(0, "datetime64[D]"), *distinct]))
        if until is not None:
            sessions = sessions[sessions <= np.datetime64(until, "D")]
        # Each stock's prices are put side by side, and turned round once all are there.
        by_stock = np.empty((4, len(histories), len(sessions)))
        for place, history in enumerate(histories):
            bars = _adjusted_bars(history)
            if not np.array_equal(history.sessions, sessions):
                bars = _place(bars, history.sessions, sessions, axis=1)
            by_stock[:, place] = bars
        closes, opens, highs, lows = (np.ascontiguousarray(part.T) for part in by_stock)
        symbols = tuple(history.symbol for history in histories)
        if not np.isfinite(highs).any():
            return cls(symbols, sessions, closes)
        return cls(symbols, sessions, closes, opens, highs, lows)

    def on(self, sessions: SessionArray) -> Panel:
        """Return the same stocks on other sessions; those the panel does not have are missing."""
        if sessions is self.sessions or np.array_equal(sessions, self.sessions):
            return self
        placed = (
            None if part is None else _place(part, self.sessions, sessions)
            for part in (self.closes, *self._ends())
        )
        return Panel(self.symbols, sessions, *placed)  # type: ignore[arg-type]

    def columns(self, chosen: Sequence[int] | slice) -> Panel:
        """Return the panel of these columns only, in the order given."""
        symbols = (
            self.symbols[chosen]
            if isinstance(chosen, slice)
            else tuple(self.symbols[column] for column in chosen)
        )
        return self._with(symbols, self.sessions, lambda part: part[:, chosen])

    def latest(self, sessions: int) -> Panel:
        """Return the panel's last sessions, at most so many, without copying them."""
        return self._with(self.symbols, self.sessions[-sessions:], lambda part: part[-sessions:])

    def by_stock(self) -> Panel:
        """Return the panel in arrays in which each stock's prices lie side by side.

        What is computed of them keeps that order, in which sums over sessions and those over
        stocks are fast both, however few the stocks.
        """
        return self._with(self.symbols, self.sessions, np.asfortranarray)

    def usable_closes(self) -> FloatArray:
        """Return the closes [T, S] with NaN for every one that is missing."""
        usable = np.isfinite(self.closes) & (self.closes > 0.0)
        return self.closes if usable.all() else np.where(usable, self.closes, np.nan)

    def usable_counts(self) -> NDArray[np.int64]:
        """Return how many closes of each session are not missing, [T]."""
        counts = np.full(len(self.sessions), len(self.symbols))
        step = max(1, _AT_ONCE // max(1, len(self.symbols)))
        for start in range(0, len(counts), step):
            rows = self.closes[start : start + step]
            # NaN fails both comparisons. Nearly always all are there, which two looks tell.
            if rows.size and not (rows.min() > 0.0 and rows.max() < np.inf):
                there = (rows > 0.0) & (rows < np.inf)
                counts[start : start + step] = there.sum(axis=1)
        return counts

    def log_moves(self) -> FloatArray:
        """Return ln(P_t / P_{t-1}) as [T, S]; the first row is NaN.

        The moves into a missing close and out of it are undefined, thus NaN: a move over several
        sessions is not a daily return, and sharing it out would invent closes.
        """
        logs = np.log(self.usable_closes())
        moves = np.empty_like(logs)
        moves[:1] = np.nan
        np.subtract(logs[1:], logs[:-1], out=moves[1:])
        return moves

    def log_returns(self) -> FloatArray:
        """Return the moves [T, S] with NaN for odd ones too, those beyond a factor of 2.5.

        Such a move is nearly always a wrong bar or an unadjusted split, and a single one would
        outweigh all other stock-days of a least-squares fit.
        """
        return believable(self.log_moves())

    def prices(self) -> tuple[FloatArray | None, ...]:
        """Return closes, open, high and low."""
        return self.closes, self.open, self.high, self.low

    def _with(
        self,
        symbols: tuple[str, ...],
        sessions: SessionArray,
        change: Callable[[FloatArray], FloatArray],
    ) -> Panel:
        """Return the panel of changed prices, whose parts fit together as those of this one do.

        They are not looked at again: that took a good part of the time of a forecast of few stocks.
        """
        panel = object.__new__(Panel)
        values = (None if part is None else change(part) for part in self.prices())
        for name, value in zip(_FIELDS, (symbols, sessions, *values), strict=True):
            object.__setattr__(panel, name, value)
        return panel

    def _ends(self) -> tuple[FloatArray | None, FloatArray | None, FloatArray | None]:
        return self.open, self.high, self.low


_FIELDS = tuple(field.name for field in fields(Panel))


def believable(moves: FloatArray) -> FloatArray:
    """Return the log moves with NaN for those beyond a factor of 2.5."""
    # NaN is never the larger: `fmax` is, as against `max`, the largest of what is there.
    largest = max(
        np.fmax.reduce(moves, axis=None, initial=0.0),
        -np.fmin.reduce(moves, axis=None, initial=0.0),
    )
    return np.where(np.abs(moves) > ODD_MOVE, np.nan, moves) if largest > ODD_MOVE else moves


def quiet_sessions(
    close: FloatArray, volume: FloatArray
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which sessions [T] of a stock have no volume, and which of those repeat the close.

    A feed repeats the last close on a session without a trade, with no volume. That is no return
    of zero followed by one of twice the size: such a close counts as missing. The range of a
    session without a volume is not believed either. A history without any volume, such as an
    index, says nothing of the kind. `close` [T] is as it was traded, since a dividend moves the
    adjusted one.
    """
    silent = ~(volume > 0.0)
    if silent.all():
        silent = np.zeros_like(silent)
    unchanged = silent.copy()
    unchanged[1:] &= close[1:] == close[:-1]
    unchanged[:1] = False
    return silent, unchanged


def _adjusted_bars(history: PriceHistory) -> FloatArray:
    """Return adjusted close, open, high and low as [4, T]; NaN where nothing was traded."""
    bars = np.array([history.adj_close, history.open, history.high, history.low], dtype=np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        bars[1:] *= history.adj_close / history.close
    silent, unchanged = quiet_sessions(history.close, history.volume)
    bars[1:, silent] = np.nan
    bars[:, unchanged] = np.nan
    return bars


def _place(
    values: FloatArray, given: SessionArray, wanted: SessionArray, axis: int = 0
) -> FloatArray:
    """Return the parts of `values` (on sessions `given`) that belong to `wanted`; else NaN."""
    if not len(given):
        shape = list(values.shape)
        shape[axis] = len(wanted)
        return np.full(shape, np.nan)
    rows = np.minimum(np.searchsorted(given, wanted), len(given) - 1)
    placed = values.take(rows, axis=axis)
    missing = given[rows] != wanted
    if missing.any():
        np.moveaxis(placed, axis, 0)[missing] = np.nan
    return placed
