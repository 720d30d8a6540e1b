"""Losses and scores equal their definitions, and have the properties that make them fair."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.domain.forecasts import LEVELS
from oracle.forecasting.evaluation.losses import absolute_error, crps, pinball_loss, rearrange
from oracle.forecasting.evaluation.scores import Scores, band_ends, score_forecasts
from tests.unit.forecasting.evaluation import reference
from tests.unit.forecasting.evaluation.examples import NORMAL

PRICES = st.floats(1.0, 1000.0)


@given(
    quantiles=st.lists(PRICES, min_size=39, max_size=39).map(sorted),
    outcome=PRICES,
    last=PRICES,
)
def test_crps_equals_its_definition(quantiles: list[float], outcome: float, last: float) -> None:
    """The vectorised score is the mean of twice the pinball losses, one number at a time."""
    score = crps(np.array(quantiles), np.array(outcome), np.array(last))
    expected = reference.crps(quantiles, outcome, last, list(LEVELS))
    np.testing.assert_allclose(score, expected, rtol=1e-12, atol=1e-12)


@given(outcome=PRICES, quantile=PRICES, level=st.floats(0.01, 0.99))
def test_pinball_loss_equals_its_definition(outcome: float, quantile: float, level: float) -> None:
    """It weighs outcomes above by the level and outcomes below by the rest."""
    loss = pinball_loss(np.array([quantile]), np.array(outcome), [level])
    np.testing.assert_allclose(loss[0], reference.pinball(quantile, outcome, level), atol=1e-12)


def test_a_single_price_scores_its_absolute_error() -> None:
    """The CRPS of a forecast without any width is the absolute error, as theory has it."""
    score = crps(np.full(39, 103.0), np.array(100.0), np.array(98.0))
    np.testing.assert_allclose(score, 3.0 / 98.0, rtol=1e-12)
    assert absolute_error(np.array(103.0), np.array(100.0), np.array(98.0)) == 3.0 / 98.0


def test_crps_tends_to_the_integral_of_the_gaussian() -> None:
    """With many levels it reaches the closed form, sigma (1/sqrt pi) in expectation."""
    generator = np.random.default_rng(1)
    outcomes = 100.0 + 2.0 * generator.standard_normal(20_000)
    quantiles = np.broadcast_to(100.0 + 2.0 * NORMAL, (20_000, 39))
    mean = crps(quantiles, outcomes, np.ones(20_000)).mean()
    assert mean == pytest.approx(2.0 / np.sqrt(np.pi), rel=0.04)


@pytest.mark.parametrize("deviation", [0.5, 0.8, 1.25, 2.0])
def test_the_true_distribution_scores_best(deviation: float) -> None:
    """Too narrow and too wide both cost: the score is proper."""
    generator = np.random.default_rng(2)
    outcomes = 100.0 + generator.standard_normal(20_000)

    def score(width: float) -> float:
        quantiles = np.broadcast_to(100.0 + width * NORMAL, (20_000, 39))
        return float(crps(quantiles, outcomes, np.ones(20_000)).mean())

    assert score(1.0) < score(deviation)


@given(st.lists(PRICES, min_size=39, max_size=39), PRICES)
def test_rearranging_never_costs(quantiles: list[float], outcome: float) -> None:
    """Crossing quantiles put in order score at least as well."""
    crossing = np.array(quantiles)
    one = np.array(1.0)
    assert crps(rearrange(crossing), np.array(outcome), one) <= (
        crps(crossing, np.array(outcome), one) + 1e-9
    )


@given(factor=st.floats(1e-3, 1e3), outcome=PRICES)
def test_scores_have_no_units(factor: float, outcome: float) -> None:
    """Prices in another currency give the same scores."""
    quantiles = 100.0 * np.exp(0.02 * NORMAL)
    point, last = np.array([[101.0]]), np.array([[99.0]])
    actual = np.array([[outcome]])
    one = score_forecasts(point, quantiles[None, None], actual=actual, last=last)
    other = score_forecasts(
        factor * point, factor * quantiles[None, None], actual=factor * actual, last=factor * last
    )
    for name in ("absolute_error", "crps", "expected", "widths"):
        np.testing.assert_allclose(getattr(other, name), getattr(one, name), rtol=1e-9)


def test_an_outcome_on_the_end_of_an_interval_is_inside() -> None:
    """Counts of quantiles decide exactly: ends belong to the interval, the next price does not."""
    quantiles = np.arange(100.0, 139.0)
    lower, upper = band_ends(0.8)
    cases = [
        (quantiles[lower], True),
        (quantiles[upper], True),
        (np.nextafter(quantiles[lower], 0.0), False),
        (np.nextafter(quantiles[upper], 1e9), False),
    ]
    for outcome, expected in cases:
        scores = score_forecasts(
            np.array([[119.0]]),
            quantiles[None, None],
            actual=np.array([[outcome]]),
            last=np.array([[119.0]]),
        )
        assert bool(scores.inside(0.8)[0, 0]) is expected
    assert (lower, upper) == (LEVELS.index(0.1), LEVELS.index(0.9))


@pytest.mark.parametrize("missing", ["point", "quantile", "actual", "last"])
def test_what_is_missing_has_no_score(missing: str) -> None:
    """A forecast that is not whole, or without an outcome, weighs nothing and invents nothing."""
    point, actual, last = (np.full((1, 2), 100.0) for _ in range(3))
    quantiles = np.broadcast_to(100.0 + NORMAL, (1, 2, 39)).copy()
    {"point": point, "actual": actual, "last": last}.get(missing, point)[0, 0] = np.nan
    if missing == "quantile":
        point[0, 0] = 100.0
        quantiles[0, 0, 7] = np.inf
    scores = score_forecasts(point, quantiles, actual=actual, last=last)
    assert scores.scored.tolist() == [[False, True]]
    assert scores.inside(0.95).tolist() == [[False, True]]
    assert np.isnan(scores.widths[0, 0]).all()


def test_scores_survive_being_taken_apart() -> None:
    """Arrays by name give the same scores back, and rows can be written and joined."""
    empty = Scores.empty(2, 1)
    assert not empty.scored.any()
    made = score_forecasts(
        np.array([[10.0]]),
        (10.0 + 0.1 * NORMAL)[None, None],
        actual=np.array([[10.1]]),
        last=np.array([[9.9]]),
    )
    empty.write(slice(1, 2), made)
    joined = Scores.join([Scores.empty(1, 1), made])
    for name, values in Scores.from_arrays(empty.to_arrays()).to_arrays().items():
        np.testing.assert_array_equal(values, joined.to_arrays()[name])
