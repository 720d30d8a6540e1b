"""Means over the recent past equal their definitions, across blocks and gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.forecasting.smoothing import (
    exponential_means,
    exponential_sums,
    first_of_all,
    lagged,
    present_sums,
    sums_of_present,
    trailing_means,
)


@given(
    sessions=st.integers(1, 110),
    half_life=st.sampled_from([0.5, 1.0, 21.0, 250.0]),
    missing=st.floats(0.0, 0.9),
    seed=st.integers(0, 2**16),
)
def test_exponential_mean_equals_its_definition(
    sessions: int, half_life: float, missing: float, seed: int
) -> None:
    """The weighted mean of what is there, whatever the length and the gaps."""
    generator = np.random.default_rng(seed)
    values = generator.standard_normal((sessions, 2))
    values[generator.random(values.shape) < missing] = np.nan

    means = exponential_means(values, (half_life,))[0]

    for column in range(2):
        weights = 0.5 ** (np.arange(sessions - 1, -1, -1) / half_life)
        there = np.isfinite(values[:, column])
        total = weights[there].sum()
        if total == 0.0:
            assert means[-1, column] == 0.0
        else:
            expected = (weights[there] * values[there, column]).sum() / total
            np.testing.assert_allclose(means[-1, column], expected, rtol=1e-11, atol=1e-13)


@given(gap=st.integers(0, 700), half_life=st.sampled_from([0.5, 1.0, 5.0]))
def test_a_long_gap_leaves_numbers(gap: int, half_life: float) -> None:
    """A value that has lost all weight is as good as never seen; it makes no infinity."""
    values = np.full((gap + 2, 2), np.nan)
    values[0] = 3.0
    means = exponential_means(values, (half_life,))[0]
    assert np.all((means == 0.0) | np.isclose(means, 3.0, rtol=1e-6))
    assert means[0, 0] == pytest.approx(3.0)


def test_mean_of_a_constant_is_the_constant() -> None:
    """The bias correction makes the first rows as right as the last."""
    means = exponential_means(np.full((100, 1), 3.0), (1, 8, 250))

    np.testing.assert_allclose(means, 3.0, rtol=1e-12)


def test_trailing_mean_uses_what_is_there() -> None:
    """Missing values count neither above nor below the line; a window of gaps is zero."""
    values = np.array([[1.0], [np.nan], [3.0], [np.nan], [np.nan], [6.0]])

    np.testing.assert_allclose(
        trailing_means(values, (2,))[0][:, 0], [1.0, 1.0, 3.0, 3.0, 0.0, 6.0], rtol=1e-12
    )


def test_lag_longer_than_the_rows_is_all_missing() -> None:
    """Moving values beyond the end leaves nothing."""
    assert np.isnan(lagged(np.ones(3), 5)).all()


@pytest.mark.parametrize("missing", [0.0, 0.3, 1.0])
def test_sums_of_rows_count_what_is_there(missing: float) -> None:
    """A row with gaps is the sum of the rest, with its number; an empty one is zero of nothing."""
    generator = np.random.default_rng(4)
    values = generator.standard_normal((30, 7))
    values[generator.random(values.shape) < missing] = np.nan

    total, counts = sums_of_present(values)

    np.testing.assert_allclose(total, np.nansum(values, axis=1), rtol=1e-12, atol=1e-15)
    np.testing.assert_array_equal(counts, np.isfinite(values).sum(axis=1))


@pytest.mark.parametrize("first", [0, 1, 19, 20, 45])
def test_start_of_a_series_is_no_gap(first: int) -> None:
    """Sums and weights are those of zeros before the first value, wherever in a block it is."""
    values = np.random.default_rng(8).standard_normal((77, 3))
    values[:first] = np.nan

    sums, weights = present_sums(values, (2.0, 50.0))

    known = np.where(np.isnan(values), 0.0, values)
    np.testing.assert_allclose(sums, exponential_sums(known, (2.0, 50.0)), atol=1e-13)
    there = np.isfinite(values).astype(float)
    spread = np.broadcast_to(weights, sums.shape)
    np.testing.assert_allclose(spread, exponential_sums(there, (2.0, 50.0)), rtol=1e-11, atol=1e-13)


def test_first_row_of_all_is_none_where_there_is_a_gap() -> None:
    """Only a panel that is complete from one row on has such a row."""
    there = np.ones((6, 2), dtype=np.bool_)
    assert first_of_all(there) == 0
    there[:2] = False
    assert first_of_all(there) == 2
    there[1, 1] = True
    assert first_of_all(there) is None
    assert first_of_all(np.zeros((6, 2), dtype=np.bool_)) is None
