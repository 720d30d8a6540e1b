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
_LEAST_WEIGHT = float(np.finfo(np.float64).tiny)


def exponential_sums(values: FloatArray, half_lives: Sequence[float]) -> FloatArray:
    """Return s[h, t] = sum over k >= 0 of 2^(-k / half_life_h) v[t-k], [H, T, C] from [T, C].

    The recursion s[t] = d s[t-1] + v[t] without a step per session: blocks of sessions, and beside
    each what it inherits from those before it, are multiplied by the triangular Toeplitz matrix of
    the decays. `values` must be finite. The sums of a column lie side by side in memory.
    """
    return _sums_from(values, half_lives, 0, None)


def room_for(count: int, shape: tuple[int, ...]) -> FloatArray:
    """Return room for so many arrays of the shape [T, C], see `by_session`."""
    return np.empty((count, shape[1], -(-shape[0] // BLOCK) * BLOCK))


def by_session(room: FloatArray, sessions: int) -> FloatArray:
    """Return the arrays [H, T, C] that the room holds, in which a column lies side by side."""
    return room[:, :, room.shape[2] - sessions :].transpose(0, 2, 1)


def _sums_from(
    values: FloatArray, half_lives: Sequence[float], first: int, into: FloatArray | None
) -> FloatArray:
    """Return the exponential sums as if the rows before the `first` were zero."""
    sessions, columns = values.shape
    # Blocks end with the last session; zeros before the first change nothing.
    blocks = -(-sessions // BLOCK)
    missing = blocks * BLOCK - sessions
    kernels, ends, between = _sum_kernels(tuple(half_lives), blocks)
    room = np.empty((columns, blocks, kernels.shape[1]))
    series = values.T
    if sessions:
        room[:, 0, missing:BLOCK] = series[:, : BLOCK - missing]
        room[:, 1:, :BLOCK] = series[:, BLOCK - missing :].reshape(columns, blocks - 1, BLOCK)
    empty, rest = divmod(missing + first, BLOCK)
    room[:, :empty, :BLOCK] = 0.0
    room[:, empty : empty + 1, :rest] = 0.0
    flat = room.reshape(-1, room.shape[2])
    finals = np.matmul(ends, flat[:, :BLOCK].T).reshape(len(kernels), columns, blocks)
    room[:, :1, BLOCK:] = 0.0
    room[:, 1:, BLOCK:] = np.matmul(finals, between).transpose(1, 2, 0)
    if into is None:
        into = room_for(len(kernels), values.shape)
    np.matmul(flat, kernels, out=into.reshape(len(kernels), columns * blocks, BLOCK))
    return by_session(into, sessions)


@lru_cache(maxsize=64)
def _sum_kernels(half_lives: tuple[float, ...], blocks: int) -> tuple[FloatArray, ...]:
    """Return what makes the sums of blocks, their last rows, and what later blocks inherit of it.

    [H, B + H, B], where the last H rows are for what the block inherits, of which each half-life
    has its own; [H, B]; and [H, blocks, blocks - 1].
    """
    within, between, fading = decay_kernels(half_lives, blocks)
    count = len(half_lives)
    kernels = np.zeros((count, BLOCK + count, BLOCK))
    kernels[:, :BLOCK] = within.transpose(0, 2, 1)
    kernels[range(count), range(BLOCK, BLOCK + count)] = fading[:, :, 0]
    return _constants(
        kernels, within[:, -1].copy(), np.ascontiguousarray(between.transpose(0, 2, 1))
    )


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
    return _constants(*kernels)


def _constants(*arrays: FloatArray) -> tuple[FloatArray, ...]:
    """Return the arrays, which from now on cannot be written to: callers share them."""
    for array in arrays:
        array.setflags(write=False)
    return arrays


def _decays_between(decays: FloatArray, steps: int) -> FloatArray:
    """Return the lower-triangular matrices [H, steps, steps] of decays to the power of the lag."""
    lags = np.subtract.outer(np.arange(steps), np.arange(steps))
    powers = decays[:, None] ** np.arange(float(steps))
    return np.where(lags >= 0, powers[:, np.maximum(lags, 0)], 0.0)


def first_of_all(there: NDArray[np.bool_]) -> int | None:
    """Return the row from which on every value is `there` [T, C], none before; None if no row is.

    None as well where there is a gap: so a number tells that nothing but the start is missing.
    """
    if not there.size:
        return None
    first = int(there[:, 0].argmax())
    whole = bool(there[first:].all()) and not there[:first].any()
    return first if whole else None


def one_if_alike(there: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return the first column [T, 1] of [T, C] if all columns are the same, else all."""
    alike = first_of_all(there) is not None or bool((there == there[:, :1]).all())
    return there[:, :1] if alike else there


def exponential_weights(there: NDArray[np.bool_], half_lives: Sequence[float]) -> FloatArray:
    """Return the sums of weights of the values that are `there` [T, C].

    [H, T, C], or [H, T, 1] where all columns are alike; then, if every row but the first few is
    there, by the formula of the geometric series.
    """
    first = first_of_all(there)
    if first is not None:
        return weights_from(first, len(there), tuple(half_lives))[0][:, :, None]
    return exponential_sums(one_if_alike(there).astype(np.float64), half_lives)


@lru_cache(maxsize=64)
def weights_from(
    first: int, sessions: int, half_lives: tuple[float, ...]
) -> tuple[FloatArray, ...]:
    """Return the sums of weights [H, T] of a series that begins at `first`, and one over them.

    Both are zero before it.
    """
    counts = np.maximum(np.arange(1.0 - first, sessions + 1.0 - first), 0.0)
    weights = series_weights(counts, half_lives)
    return _constants(weights, inverse_or_zero(weights))


def series_weights(counts: NDArray[np.generic], half_lives: Sequence[float]) -> FloatArray:
    """Return sum over k < n of 2^(-k / half_life) for the `counts` n [T], as [H, T]."""
    rate = -np.log(2.0) / np.asarray(half_lives, dtype=np.float64)[:, None]
    weights: FloatArray = np.expm1(rate * counts) / np.expm1(rate)
    return weights


def exponential_means(
    values: FloatArray, half_lives: Sequence[float], into: FloatArray | None = None
) -> FloatArray:
    """Return bias-corrected exponential means E_h(v) as [H, T, C] from [T, C].

    The weights 2^(-k / half_life) of the values that are there are divided by their sum; NaN
    values have weight zero. Zero where nothing is there yet. They may be put `into` a room for
    them, part of a larger one.
    """
    there = np.isfinite(values)
    first = first_of_all(there)
    if first is not None:
        means = _sums_from(values, half_lives, first, into)
        means *= weights_from(first, len(values), tuple(half_lives))[1][:, :, None]
        return means
    means = _sums_from(np.where(there, values, 0.0), half_lives, 0, into)
    means *= inverse_or_zero(exponential_weights(there, half_lives))
    return means


def present_sums(values: FloatArray, half_lives: Sequence[float]) -> tuple[FloatArray, FloatArray]:
    """Return the exponential sums [H, T, C] of the values that are there, and of their weights.

    The latter are [H, T, 1] where all columns are alike.
    """
    there = np.isfinite(values)
    first = first_of_all(there)
    known = values if first is not None else np.where(there, values, 0.0)
    return _sums_from(known, half_lives, first or 0, None), exponential_weights(there, half_lives)


def inverse_or_zero(weights: FloatArray) -> FloatArray:
    """Return 1 / w, and zero where w is zero, or so small that 1 / w is beyond all numbers."""
    return np.divide(1.0, weights, out=np.zeros_like(weights), where=weights >= _LEAST_WEIGHT)


def trailing_means(values: FloatArray, sessions: Sequence[int]) -> list[FloatArray]:
    """Return S_k(v), the means of what is there of the last k rows, [T, C]; zero if nothing is."""
    there = np.isfinite(values)
    first = first_of_all(there)
    if first is not None:
        means = _trailing_sums_from(values, sessions, first)
        counts = _trailing_counts(first, len(values), tuple(sessions))
    else:
        means = trailing_sums(known_or_zero(values), sessions)
        sums = trailing_sums(there.astype(np.float64), sessions)
        counts = tuple(np.maximum(some, 1.0) for some in sums)
    for mean, count in zip(means, counts, strict=True):
        np.divide(mean, count, out=mean)
    return means


def trailing_sums(values: FloatArray, sessions: Sequence[int]) -> list[FloatArray]:
    """Return the sums of the last k rows, [T, C]; fewer at the start. `values` must be finite."""
    return _trailing_sums_from(values, sessions, 0)


def _trailing_sums_from(
    values: FloatArray, sessions: Sequence[int], first: int
) -> list[FloatArray]:
    """Return the sums as if the rows before the `first` were zero."""
    # Faster than the recursion of `cumsum`.
    running = _sums_from(values, (np.inf,), first, None)[0]
    sums = []
    for some in sessions:
        total = np.empty_like(running)
        total[:some] = running[:some]
        np.subtract(running[some:], running[:-some], out=total[some:])
        sums.append(total)
    return sums


@lru_cache(maxsize=64)
def _trailing_counts(first: int, rows: int, sessions: tuple[int, ...]) -> tuple[FloatArray, ...]:
    """Return how many of the last k rows, [T, 1], a series has that begins at `first`; or one."""
    counts = np.arange(1.0 - first, rows + 1.0 - first)[:, None]
    return _constants(*(np.clip(counts, 1.0, some) for some in sessions))


def known_or_zero(values: FloatArray) -> FloatArray:
    """Return the values with zero in place of NaN: several times faster than `nan_to_num`."""
    known = values.copy(order="K")
    np.copyto(known, 0.0, where=np.isnan(values))
    return known


def fall(values: FloatArray) -> FloatArray:
    """Return x^- = max(-x, 0), and zero where the value is missing."""
    return np.fmax(-values, 0.0)


def lagged(values: FloatArray, sessions: int) -> FloatArray:
    """Return the values [T, ...] moved `sessions` rows later, with NaN before the first."""
    moved = np.full_like(values, np.nan)
    moved[sessions:] = values[: max(0, len(values) - sessions)]
    return moved


def ratio(numerator: FloatArray, denominator: FloatArray) -> FloatArray:
    """Return numerator / denominator where the denominator is above zero, else NaN."""
    return numerator / np.where(denominator > 0.0, denominator, np.nan)


def sums_of_present(values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return per row the sum of the values [T, S] that are there, and how many they are, [T]."""
    total = values.sum(axis=1)
    counts = np.full(len(total), float(values.shape[1]))
    # Nearly always all are there: only the other rows are looked at value by value.
    partial = np.flatnonzero(~np.isfinite(total))
    if len(partial):
        at_start = partial[-1] == len(partial) - 1
        rows = values[: len(partial)] if at_start else values[partial]
        present = np.isfinite(rows)
        if present.any():
            total[partial] = np.where(present, rows, 0.0).sum(axis=1)
            counts[partial] = present.sum(axis=1)
        else:  # The first session, as a rule: no return of it is known.
            total[partial] = counts[partial] = 0.0
    return total, counts


def mean_of_present(values: FloatArray) -> FloatArray:
    """Return the mean of each row [T, S] over the values that are there, [T]; NaN if none is."""
    return ratio(*sums_of_present(values))
