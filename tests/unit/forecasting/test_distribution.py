"""Quantiles of the standardised errors."""

from __future__ import annotations

import numpy as np

from oracle.domain.forecasts import LEVELS
from oracle.forecasting.distribution import own_quantiles, pooled_quantiles


def test_pooled_quantiles_are_those_of_all_errors() -> None:
    """They are interpolated as usual, and what is missing does not count."""
    errors = np.random.default_rng(6).standard_t(4, (400, 9))
    errors[:20] = np.nan
    errors[100, 3] = np.nan

    expected = np.nanquantile(errors, LEVELS)

    np.testing.assert_allclose(pooled_quantiles(errors), expected, rtol=1e-12)
    side_by_side = np.asfortranarray(errors)
    np.testing.assert_array_equal(pooled_quantiles(side_by_side), pooled_quantiles(errors))


def test_own_quantiles_leave_the_errors_alone() -> None:
    """Sorting happens in a copy, in whichever order the errors lie in memory."""
    errors = np.asfortranarray(np.random.default_rng(7).standard_normal((50, 2)))
    before = errors.copy()

    quantiles, counts = own_quantiles(errors)

    np.testing.assert_array_equal(errors, before)
    np.testing.assert_allclose(quantiles, np.quantile(errors, LEVELS, axis=0).T, rtol=1e-12)
    assert counts.tolist() == [50, 50]
