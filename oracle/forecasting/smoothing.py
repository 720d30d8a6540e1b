"""Means over the recent past of many series at once, in which missing values weigh nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray

BLOCK = 32
"""Sessions per matrix product; measured fastest between 16 and 64."""


def exponential_sums(values: FloatArray, half_lives: Sequence[float]) -> FloatArray:
    """Return s[h, t] = sum over k >= 0 of 2^(-k / half_life_h) v[t-k], [H, T, C] from [T, C].

    Blocks of sessions are multiplied by the lower-triangular Toeplitz matrix of the decays, and
    the last row of a block is carried into the next one: the recursion s[t] = d s[t-1] + v[t]
    without a step per session. `values` must be finite.
    """
    decays = 0.5 ** (1.0 / np.asarray(half_lives, dtype=np.float64))
    steps = np.arange(BLOCK)
    lags = steps[:, None] - steps[None, :]
    kernel = np.where(lags >= 0, decays[:, None, None] ** np.maximum(lags, 0), 0.0)
    fading = decays[:, None] ** (steps + 1.0)
    sums = np.empty((len(decays), *values.shape))
    carried = np.zeros((len(decays), values.shape[1]))
    for start in range(0, len(values), BLOCK):
        block = values[start : start + BLOCK]
        rows = len(block)
        part = sums[:, start : start + rows]
        np.matmul(kernel[:, :rows, :rows], block, out=part)
        part += fading[:, :rows, None] * carried[:, None, :]
        carried = part[:, -1].copy()
    return sums


def exponential_means(values: FloatArray, half_lives: Sequence[float]) -> FloatArray:
    """Return bias-corrected exponential means E_h(v) as [H, T, C] from [T, C].

    The weights 2^(-k / half_life) of the values that are there are divided by their sum; NaN
    values have weight zero. NaN where nothing is there yet.
    """
    there = np.isfinite(values)
    # Complete panels, the usual case, need the weights of one column only.
    columns = there[:, :1] if np.all(there == there[:, :1]) else there
    sums = exponential_sums(np.hstack([np.where(there, values, 0.0), columns]), half_lives)
    split = values.shape[1]
    return ratio(sums[:, :, :split], sums[:, :, split:])


def trailing_means(values: FloatArray, sessions: int) -> FloatArray:
    """Return S_k(v), the mean of the last k rows' values that are there, [T, C]; NaN if none is."""
    there = np.isfinite(values)
    columns = there[:, :1] if np.all(there == there[:, :1]) else there
    return ratio(
        trailing_sums(np.where(there, values, 0.0), sessions),
        trailing_sums(columns.astype(np.float64), sessions),
    )


def trailing_sums(values: FloatArray, sessions: int) -> FloatArray:
    """Return the sums of the last k rows, [T, C]; fewer at the start. `values` must be finite."""
    running = np.cumsum(values, axis=0)
    sums = running.copy()
    sums[sessions:] -= running[:-sessions]
    return sums


def known_or_zero(values: FloatArray) -> FloatArray:
    """Return the values with zero in place of NaN: several times faster than `nan_to_num`."""
    return np.where(np.isnan(values), 0.0, values)


def lagged(values: FloatArray, sessions: int) -> FloatArray:
    """Return the values [T, ...] moved `sessions` rows later, with NaN before the first."""
    moved = np.full(values.shape, np.nan)
    moved[sessions:] = values[: max(0, len(values) - sessions)]
    return moved


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return numerator / denominator where the denominator is above zero, else NaN."""
    return numerator / np.where(denominator > 0.0, denominator, np.nan)


def mean_of_present(values: FloatArray, present: NDArray[np.bool_]) -> FloatArray:
    """Return the mean of each row over the columns that are present, [T]; NaN where none is."""
    total = np.where(present, values, 0.0).sum(axis=1)
    return ratio(total, present.sum(axis=1).astype(np.float64))
