"""Means over the recent past of many series at once, in which missing values weigh nothing."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray

BLOCK = 20
"""Sessions per matrix product; measured fastest between 16 and 32."""


def exponential_sums(values: FloatArray, half_lives: Sequence[float]) -> FloatArray:
    """Return s[h, t] = sum over k >= 0 of 2^(-k / half_life_h) v[t-k], [H, T, C] from [T, C].

    The recursion s[t] = d s[t-1] + v[t] without a step per session: blocks of sessions are
    multiplied by the lower-triangular Toeplitz matrix of the decays, and so are the last rows of
    the blocks, by those of whole blocks, for what each block inherits. `values` must be finite.
    """
    sessions, columns = values.shape
    blocks = -(-sessions // BLOCK)
    # Blocks end with the last session; zeros before the first change nothing.
    missing = blocks * BLOCK - sessions
    if missing:
        values = np.concatenate([np.zeros((missing, columns)), values])
    within, between, fading = decay_kernels(tuple(half_lives), blocks)
    sums = np.empty((len(within), blocks, BLOCK, columns))
    if columns == 1:  # A series alone is one product per half-life, not one per block.
        series = values.reshape(blocks, BLOCK)
        np.matmul(series, within.transpose(0, 2, 1), out=sums[..., 0])
    else:
        np.matmul(within[:, None], values.reshape(blocks, BLOCK, columns), out=sums)
    inherited = between @ sums[:, :, -1]
    for row, rate in enumerate(fading):
        sums[row, 1:] += rate * inherited[row, :, None]
    return sums.reshape(len(within), blocks * BLOCK, columns)[:, missing:]


@lru_cache(maxsize=64)
def decay_kernels(half_lives: tuple[float, ...], blocks: int) -> tuple[FloatArray, ...]:
    """Return what a block's rows weigh in it, whole blocks in the next ones, and the fading.

    [H, B, B], [H, blocks - 1, blocks] and [H, B, 1]. Constants, which take longer to make than to
    use where the stocks are few; so they are kept, and read-only.
    """
    decays = 0.5 ** (1.0 / np.asarray(half_lives, dtype=np.float64))
    kernels = (
        _decays_between(decays, BLOCK),
        _decays_between(decays**BLOCK, blocks)[:, :-1],
        (decays[:, None] ** np.arange(1.0, BLOCK + 1.0))[:, :, None],
    )
    for kernel in kernels:
        kernel.setflags(write=False)
    return kernels


def _decays_between(decays: FloatArray, steps: int) -> FloatArray:
    """Return the lower-triangular matrices [H, steps, steps] of decays to the power of the lag."""
    lags = np.subtract.outer(np.arange(steps), np.arange(steps))
    powers = decays[:, None] ** np.arange(float(steps))
    return np.where(lags >= 0, powers[:, np.maximum(lags, 0)], 0.0)


def exponential_weights(there: NDArray[np.bool_], half_lives: Sequence[float]) -> FloatArray:
    """Return the sums of weights of the values that are `there` [T, C].

    [H, T, C], or [H, T, 1] where all columns are alike; then, if every row but the first few is
    there, by the formula of the geometric series.
    """
    if not np.array_equal(there, np.broadcast_to(there[:, :1], there.shape)):
        return exponential_sums(there.astype(np.float64), half_lives)
    if not there.size:
        return np.zeros((len(half_lives), *there.shape))
    column = there[:, :1]
    counts = np.cumsum(column)
    if not column[len(column) - int(column.sum()) :].all():
        return exponential_sums(column.astype(np.float64), half_lives)
    return series_weights(counts, half_lives)[:, :, None]


def series_weights(counts: NDArray[np.generic], half_lives: Sequence[float]) -> FloatArray:
    """Return sum over k < n of 2^(-k / half_life) for the `counts` n [T], as [H, T]."""
    rate = -np.log(2.0) / np.asarray(half_lives, dtype=np.float64)[:, None]
    weights: FloatArray = np.expm1(rate * counts) / np.expm1(rate)
    return weights


def counts_of(there: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Return how many values are `there` [T, C] up to each row, [T, C] or [T, 1] if all alike."""
    alike = np.array_equal(there, np.broadcast_to(there[:, :1], there.shape))
    return np.cumsum(there[:, :1] if alike else there, axis=0)


def exponential_means(values: FloatArray, half_lives: Sequence[float]) -> FloatArray:
    """Return bias-corrected exponential means E_h(v) as [H, T, C] from [T, C].

    The weights 2^(-k / half_life) of the values that are there are divided by their sum; NaN
    values have weight zero. Zero where nothing is there yet.
    """
    there = np.isfinite(values)
    means = exponential_sums(np.where(there, values, 0.0), half_lives)
    weights = exponential_weights(there, half_lives)
    means *= np.divide(1.0, weights, out=np.zeros(weights.shape), where=weights > 0.0)
    return means


def trailing_means(values: FloatArray, sessions: int) -> FloatArray:
    """Return S_k(v), the mean of what is there of the last k rows, [T, C]; zero if nothing is."""
    there = np.isfinite(values)
    if there[1:].all():
        first = int(there[:1].any())
        counts = np.minimum(np.arange(len(values)) + first, sessions).astype(np.float64)[:, None]
        if not first or there[0].all():
            return trailing_sums(known_or_zero(values), sessions) / np.maximum(counts, 1.0)
    counts = trailing_sums(there.astype(np.float64), sessions)
    return trailing_sums(known_or_zero(values), sessions) / np.maximum(counts, 1.0)


def trailing_sums(values: FloatArray, sessions: int) -> FloatArray:
    """Return the sums of the last k rows, [T, C]; fewer at the start. `values` must be finite.

    Sums of 1, 2, 4 ... rows are each the last one twice, and k is made of them: several times
    faster than the difference of running sums, and exact where values are whole.
    """
    total = np.zeros(values.shape)
    done, size, sums = 0, 1, values
    while done < sessions:
        if sessions & size:
            total[done:] += sums[: max(0, len(values) - done)]
            done += size
        if done < sessions:
            doubled = sums.copy()
            doubled[size:] += sums[:-size]
            sums, size = doubled, 2 * size
    return total


def known_or_zero(values: FloatArray) -> FloatArray:
    """Return the values with zero in place of NaN: several times faster than `nan_to_num`."""
    return np.where(np.isnan(values), 0.0, values)


def fall(values: FloatArray) -> FloatArray:
    """Return x^- = max(-x, 0), and zero where the value is missing."""
    return np.fmax(-values, 0.0)


def lagged(values: FloatArray, sessions: int) -> FloatArray:
    """Return the values [T, ...] moved `sessions` rows later, with NaN before the first."""
    moved = np.full(values.shape, np.nan)
    moved[sessions:] = values[: max(0, len(values) - sessions)]
    return moved


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return numerator / denominator where the denominator is above zero, else NaN."""
    return numerator / np.where(denominator > 0.0, denominator, np.nan)


def mean_of_present(values: FloatArray) -> FloatArray:
    """Return the mean of each row [T, S] over the values that are there, [T]; NaN if none is."""
    present = np.isfinite(values)
    total = np.where(present, values, 0.0).sum(axis=1)
    return ratio(total, present.sum(axis=1).astype(np.float64))
