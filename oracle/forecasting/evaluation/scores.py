"""The scores of many forecasts: all that the evaluation needs to remember of each of them."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oracle.domain.forecasts import LEVELS
from oracle.forecasting.evaluation.losses import absolute_error, crps, rearrange

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from oracle.domain.prices import FloatArray, SessionArray

Mask = NDArray[np.bool_]
Counts = NDArray[np.int8]

BANDS: tuple[float, ...] = (0.5, 0.8, 0.95)
"""The central intervals that are looked at by themselves."""

NOT_SCORED = -1


def band_ends(level: float) -> tuple[int, int]:
    """Return the places in LEVELS of the ends of the central interval of that level."""
    lower = LEVELS.index(round((1.0 - level) / 2.0, 3))
    return lower, len(LEVELS) - 1 - lower


@dataclass(frozen=True, slots=True, eq=False)
class Outcomes:
    """What happened: for N target sessions and S stocks the close and the one before it.

    `sessions` [N] are the targets; `last` and `actual` [N, S] are prices, NaN where missing.
    """

    sessions: SessionArray
    symbols: tuple[str, ...]
    last: FloatArray
    actual: FloatArray

    @property
    def log_returns(self) -> FloatArray:
        """The realised log returns [N, S]."""
        return np.log(self.actual / self.last)


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """One method's scores for N target sessions and S stocks, NaN (or -1) where there is none.

    `absolute_error` and `crps` [N, S] are over the last close, `expected` [N, S] is the predicted
    relative change, `widths` [N, S, 3] are those of BANDS over the last close. `below` and
    `at_or_below` [N, S] count the quantiles that lie below the outcome, or not above it: from them
    follows exactly in which intervals the outcome fell.
    """

    absolute_error: FloatArray
    crps: FloatArray
    expected: FloatArray
    widths: FloatArray
    below: Counts
    at_or_below: Counts

    @classmethod
    def empty(cls, sessions: int, stocks: int) -> Scores:
        """Return scores of forecasts that nobody has made yet."""
        shape = (sessions, stocks)
        return cls(
            absolute_error=np.full(shape, np.nan),
            crps=np.full(shape, np.nan),
            expected=np.full(shape, np.nan),
            widths=np.full((*shape, len(BANDS)), np.nan),
            below=np.full(shape, NOT_SCORED, dtype=np.int8),
            at_or_below=np.full(shape, NOT_SCORED, dtype=np.int8),
        )

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[np.generic]]) -> Scores:
        """Return the scores that `to_arrays` took apart; raise KeyError when one is missing."""
        return cls(**{field.name: np.array(arrays[field.name]) for field in fields(cls)})

    @classmethod
    def join(cls, parts: Iterable[Scores]) -> Scores:
        """Return the scores of consecutive sessions as one."""
        taken = [part.to_arrays() for part in parts]
        names = [field.name for field in fields(cls)]
        return cls(**{name: np.concatenate([part[name] for part in taken]) for name in names})

    def to_arrays(self) -> dict[str, NDArray[np.generic]]:
        """Return the arrays by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def write(self, rows: slice, part: Scores) -> None:
        """Put the scores of some sessions into their rows."""
        for name, values in part.to_arrays().items():
            getattr(self, name)[rows] = values

    @property
    def scored(self) -> Mask:
        """Where there is a forecast with an outcome, [N, S]."""
        return np.isfinite(self.crps) & np.isfinite(self.absolute_error)

    def inside(self, level: float) -> Mask:
        """Return where the outcome lay in the central interval of that level, ends included."""
        lower, upper = band_ends(level)
        return (self.at_or_below > lower) & (self.below <= upper) & (self.below >= 0)


def score_forecasts(
    point: FloatArray, quantiles: FloatArray, *, actual: FloatArray, last: FloatArray
) -> Scores:
    """Return the scores of `point` [N, S] and `quantiles` [N, S, 39], prices at LEVELS.

    A forecast that is not wholly finite, or whose outcome is missing, has no score: weight zero.
    """
    there = np.isfinite(point) & np.isfinite(actual) & np.isfinite(last)
    there &= np.isfinite(quantiles).all(axis=-1)
    ordered = np.where(there[..., None], rearrange(quantiles), np.nan)
    truth = np.where(there, actual, np.nan)
    ends = [band_ends(level) for level in BANDS]
    widths = np.stack([ordered[..., upper] - ordered[..., lower] for lower, upper in ends], axis=-1)
    return Scores(
        absolute_error=absolute_error(point, truth, last),
        crps=crps(ordered, truth, last),
        expected=np.where(there, point / last - 1.0, np.nan),
        widths=widths / last[..., None],
        below=_count(ordered < truth[..., None], there),
        at_or_below=_count(ordered <= truth[..., None], there),
    )


def _count(quantiles: Mask, there: Mask) -> Counts:
    return np.where(there, quantiles.sum(axis=-1), NOT_SCORED).astype(np.int8)
