"""What is learnt from the pool: recovery, weight zero, refusal, and the stored form."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.domain.errors import PoolIncomplete
from oracle.forecasting import WINDOW_SESSIONS, Fit, Panel, fit_pool, pool_version
from oracle.forecasting.distribution import pooled_quantiles, stock_quantiles
from oracle.forecasting.mean import fit_market, fit_residual, residual_features
from oracle.forecasting.regression import PRIOR_STOCK_DAYS, StockDays, fit_scale
from oracle.forecasting.scale import CLOSE_PRIOR, RANGE_PRIOR, LinearForm
from tests.unit.forecasting.simulated_market import panel_of, simulated_panel, with_bars

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray


def form_of(values: FloatArray) -> LinearForm:
    """Return a form whose terms [K, T, S] are these values."""
    rows = values.shape[1]
    return LinearForm(values, np.zeros((0, rows)), np.ones(values.shape[1:]))


def fitted(values: FloatArray, absolute: FloatArray, prior: FloatArray) -> FloatArray:
    """Return the coefficients learnt from terms [K, T, S], where n is one and all is usable."""
    ones = np.ones(absolute.shape)
    days = StockDays.of(ones, ones.astype(np.bool_), absolute)
    return fit_scale(form_of(values), days, prior)


def test_scale_recovers_coefficients_of_noiseless_data() -> None:
    """Where returns follow the formula exactly, the fit is their mixture with the prior."""
    generator = np.random.default_rng(5)
    values = generator.uniform(0.5, 2.0, (13, 300, 4))
    truth = generator.uniform(0.1, 0.4, 13)
    absolute = np.full((300, 4), np.nan)
    absolute[1:] = np.tensordot(truth, values, axes=1)[:-1]

    learnt = fitted(values, absolute, CLOSE_PRIOR)

    first = _mixture(truth, (0.5 ** (np.arange(299) / 1250.0))[::-1, None] * np.ones((1, 4)))
    size = np.tensordot(first, values[:, :-1], axes=1)
    weights = (0.5 ** (np.arange(299) / 1250.0))[::-1, None] / size**2
    np.testing.assert_allclose(learnt, _mixture(truth, weights), rtol=1e-5)


def _mixture(truth: FloatArray, weights: FloatArray) -> FloatArray:
    """Return what the evidence and the prior agree on when both hold exactly."""
    share = PRIOR_STOCK_DAYS / weights.sum()
    mixture: FloatArray = (truth + share * CLOSE_PRIOR) / (1.0 + share)
    return mixture


@pytest.mark.parametrize("prior", [CLOSE_PRIOR, RANGE_PRIOR])
def test_scale_stays_at_the_prior_where_the_prior_is_right(prior: FloatArray) -> None:
    """Returns that follow the prior's coefficients leave them unchanged."""
    values = np.random.default_rng(6).uniform(0.5, 2.0, (len(prior), 200, 3))
    absolute = np.full((200, 3), np.nan)
    absolute[1:] = np.tensordot(prior, values, axes=1)[:-1]

    np.testing.assert_allclose(fitted(values, absolute, prior), prior, atol=1e-10)


def test_scale_without_evidence_is_the_prior() -> None:
    """No stock-day at all leaves the coefficients that were measured over decades."""
    values = np.ones((13, 100, 2))

    np.testing.assert_array_equal(
        fitted(values, np.full((100, 2), np.nan), CLOSE_PRIOR), CLOSE_PRIOR
    )


def test_range_coefficients_of_a_pool_of_closes_are_the_prior() -> None:
    """What the pool cannot teach is not made up, and its series of ranges stays unknown."""
    fit = fit_pool(simulated_panel(100, 2))

    np.testing.assert_array_equal(fit.range_coefficients, RANGE_PRIOR)
    assert np.isnan(fit.market_range).all()


def test_lean_without_any_effect_is_zero() -> None:
    """A market and stocks without a pattern are expected to do nothing beyond the centre."""
    assert fit_market(np.full(100, 0.03)) == 0.0
    nothing = np.zeros((100, 3))
    coefficients = fit_residual(nothing, residual_features(nothing))
    np.testing.assert_allclose(coefficients, np.zeros(4), atol=1e-15)


def test_reversal_of_the_market_is_found_and_shrunk() -> None:
    """A market that turns round every day is believed by a twentieth after a hundred days."""
    days = 101
    slope = fit_market(np.where(np.arange(days) % 2 == 0, 1.0, -1.0))

    np.testing.assert_allclose(slope, -1.0 / (1.0 + 2000.0 / 100.0), rtol=0.01)


def test_large_pool_is_thinned_by_symbols_not_by_columns() -> None:
    """Of 300 stocks every fourth trains, whatever order they are handed over in."""
    panel = simulated_panel(sessions=80, stocks=300)
    order = list(reversed(range(300)))
    fit = fit_pool(panel)

    assert fit.symbols == tuple(sorted(panel.symbols)[::4])
    assert fit_pool(panel.columns(order)).fingerprint() == fit.fingerprint()


def test_stored_form_stays_small() -> None:
    """Five years of a pool with ranges are less than 400 kB, whatever the number of stocks."""
    fit = fit_pool(with_bars(simulated_panel(sessions=WINDOW_SESSIONS, stocks=3)))

    assert len(fit.to_json()) < 400_000


def test_json_form_restores_every_bit() -> None:
    """A fit read back from its JSON is the same to the last bit, unknown values included."""
    fit = fit_pool(with_bars(simulated_panel()))

    restored = Fit.from_json(fit.to_json())

    assert restored.to_json() == fit.to_json()
    assert restored.fingerprint() == fit.fingerprint()
    assert restored.symbols == fit.symbols
    assert restored.as_of == fit.as_of
    for field in fields(Fit):
        if isinstance(value := getattr(fit, field.name), np.ndarray):
            assert getattr(restored, field.name).tobytes() == value.tobytes()
    assert restored.usual_surprise == fit.usual_surprise
    assert restored.market_coefficient == fit.market_coefficient
    np.testing.assert_array_equal(restored.sessions, fit.sessions)


@pytest.mark.parametrize(
    "change",
    [
        {"model_version": "other"},
        {"market_z": "nothing"},
        {"market_z": [0.1]},
        {"z_quantiles": [0.1, 0.2]},
        {"usual_surprise": None},
        {"sessions": None},
        {"symbols": 3},
    ],
)
def test_foreign_or_damaged_fit_is_refused(change: dict[str, object]) -> None:
    """A fit of another model version, or a broken one, is a ValueError and no forecast."""
    content = json.loads(fit_pool(simulated_panel(100, 2)).to_json())

    with pytest.raises(ValueError, match="fit"):
        Fit.from_json(json.dumps(content | change))


def test_only_the_newest_sessions_count() -> None:
    """However many rows are stored, the fit is that of the newest window, bit for bit."""
    panel = simulated_panel(sessions=WINDOW_SESSIONS + 100, stocks=3)
    newest = Panel(panel.symbols, panel.sessions[100:], panel.closes[100:])

    assert fit_pool(panel).fingerprint() == fit_pool(newest).fingerprint()
    assert len(fit_pool(panel).sessions) == WINDOW_SESSIONS


def test_stray_session_of_one_feed_changes_nothing() -> None:
    """A row that only one stock has is no session of the pool."""
    panel = simulated_panel(sessions=200, stocks=4)
    saturday = np.datetime64("2016-05-21", "D")
    row = int(np.searchsorted(panel.sessions, saturday))
    sessions = np.insert(panel.sessions, row, saturday)
    closes = np.insert(panel.closes, row, [50.0, np.nan, np.nan, np.nan], axis=0)

    assert fit_pool(Panel(panel.symbols, sessions, closes)).fingerprint() == (
        fit_pool(panel).fingerprint()
    )


def test_stock_without_prices_weighs_nothing() -> None:
    """A column that is all missing leaves every coefficient as it was."""
    panel = simulated_panel(sessions=200, stocks=4)
    empty = panel_of(np.column_stack([panel.closes, np.full(200, np.nan)]))

    with_it, without = fit_pool(empty), fit_pool(panel)

    np.testing.assert_allclose(with_it.close_coefficients, without.close_coefficients, rtol=1e-9)
    np.testing.assert_allclose(with_it.z_quantiles, without.z_quantiles, rtol=1e-9)


def test_one_bar_of_a_hundred_times_barely_moves_the_pool() -> None:
    """An impossible bar costs its two returns and nothing else."""
    panel = simulated_panel(sessions=400, stocks=8)
    spoilt, missing = panel.closes.copy(), panel.closes.copy()
    spoilt[300, 2] *= 100.0
    missing[300, 2] = np.nan

    assert fit_pool(panel_of(spoilt)).fingerprint() == fit_pool(panel_of(missing)).fingerprint()


def test_pool_without_the_last_close_is_refused() -> None:
    """The fit never silently steps back to an earlier session."""
    panel = simulated_panel(sessions=100, stocks=4)
    panel.closes[-1, :2] = np.nan

    with pytest.raises(PoolIncomplete, match="last session"):
        fit_pool(panel)


@pytest.mark.parametrize("sessions", [0, 1, 59])
def test_pool_with_too_short_a_past_is_refused(sessions: int) -> None:
    """Under 60 sessions there is no fit but a sentence."""
    with pytest.raises(PoolIncomplete, match="session"):
        fit_pool(panel_of(simulated_panel(60, 2).closes[:sessions]))


def test_pool_that_never_moves_is_refused() -> None:
    """Constant prices divide nothing by zero; there is nothing to learn from."""
    with pytest.raises(PoolIncomplete, match="moves"):
        fit_pool(panel_of(np.full((100, 3), 20.0)))


def test_quantiles_of_equal_errors_are_still_strictly_increasing() -> None:
    """Ties in the errors do not make two levels of the distribution the same number."""
    pooled = pooled_quantiles(np.zeros((100, 2)))
    own = stock_quantiles(np.zeros((100, 2)), pooled)

    assert np.all(np.diff(pooled) > 0.0)
    np.testing.assert_allclose(pooled, 0.0, atol=1e-4)
    assert np.all(np.diff(own, axis=1) > 0.0)


def test_stock_with_a_long_past_gets_its_own_tails() -> None:
    """Errors twice as wide as the pool's widen the ends; a stock without errors has the pool's."""
    errors = np.random.default_rng(1).standard_normal((1000, 2))
    pooled = pooled_quantiles(errors)
    shapes = stock_quantiles(np.column_stack([2.0 * errors[:, 0], np.full(1000, np.nan)]), pooled)

    np.testing.assert_allclose(shapes[0, 0], (1000 * 2 + 500) / 1500 * pooled[0], rtol=0.1)
    np.testing.assert_allclose(shapes[1, [0, -1]], pooled[[0, -1]], atol=1e-12)
    np.testing.assert_allclose(shapes[:, 19], 0.5 * pooled[19] + 0.5 * 0.035, atol=1e-12)


def test_pool_version_names_the_set_of_symbols() -> None:
    """The order of the symbols does not matter, their set does."""
    assert pool_version(["B", "A"]) == pool_version(["A", "B"])
    assert pool_version(["A", "B"]) != pool_version(["A", "C"])
    assert len(pool_version(["A"])) == 12
