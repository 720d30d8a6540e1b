"""Means over the recent past equal their definitions, across blocks and gaps."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from oracle.forecasting.smoothing import exponential_means, lagged, trailing_means


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


def test_mean_of_a_constant_is_the_constant() -> None:
    """The bias correction makes the first rows as right as the last."""
    means = exponential_means(np.full((100, 1), 3.0), (1, 8, 250))

    np.testing.assert_allclose(means, 3.0, rtol=1e-12)


def test_trailing_mean_uses_what_is_there() -> None:
    """Missing values count neither above nor below the line; a window of gaps is zero."""
    values = np.array([[1.0], [np.nan], [3.0], [np.nan], [np.nan], [6.0]])

    np.testing.assert_allclose(
        trailing_means(values, 2)[:, 0], [1.0, 1.0, 3.0, 3.0, 0.0, 6.0], rtol=1e-12
    )


def test_lag_longer_than_the_rows_is_all_missing() -> None:
    """Moving values beyond the end leaves nothing."""
    assert np.isnan(lagged(np.ones(3), 5)).all()
