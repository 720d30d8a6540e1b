"""What is learnt from the pool: recovery, weight zero, refusal, and the stored form."""

from __future__ import annotations

import json

import numpy as np
import pytest

from oracle.domain.errors import PoolIncomplete
from oracle.forecasting import WINDOW_SESSIONS, Fit, Panel, fit_pool, pool_version
from oracle.forecasting.fit import error_quantiles
from oracle.forecasting.mean import MeanFeatures, fit_market, fit_residual
from oracle.forecasting.scale import PRIOR, PRIOR_STOCK_DAYS, ScaleFeatures, fit_scale
from tests.unit.forecasting.simulated_market import panel_of, simulated_panel


def test_scale_recovers_coefficients_of_noiseless_data() -> None:
    """Where returns follow the formula exactly, the fit is their mixture with the prior."""
    generator = np.random.default_rng(5)
    values = generator.uniform(0.5, 2.0, (12, 300, 4))
    features = ScaleFeatures(values, np.ones((300, 4)), np.ones((300, 4), dtype=np.bool_))
    truth = generator.uniform(0.1, 0.4, 12)
    returns = np.full((300, 4), np.nan)
    returns[1:] = np.tensordot(truth, values, axes=1)[:-1]

    fitted = fit_scale(features, returns)

    weight = PRIOR_STOCK_DAYS / (4 * (0.5 ** (np.arange(299) / 1250.0)).sum())
    np.testing.assert_allclose(fitted, (truth + weight * PRIOR) / (1.0 + weight), rtol=1e-5)


def test_scale_stays_at_the_prior_where_the_prior_is_right() -> None:
    """Returns that follow the prior's coefficients leave them unchanged."""
    values = np.random.default_rng(6).uniform(0.5, 2.0, (12, 200, 3))
    features = ScaleFeatures(values, np.ones((200, 3)), np.ones((200, 3), dtype=np.bool_))
    returns = np.full((200, 3), np.nan)
    returns[1:] = np.tensordot(PRIOR, values, axes=1)[:-1]

    np.testing.assert_allclose(fit_scale(features, returns), PRIOR, atol=1e-10)


def test_mean_without_any_effect_is_the_prior_drift() -> None:
    """Standardised returns that equal the prior drift leave it, and all else is zero."""
    features = MeanFeatures(
        np.vstack([np.ones(100), np.random.default_rng(1).standard_normal((4, 100))]),
        np.random.default_rng(2).standard_normal((4, 100, 3)),
    )
    market_z = np.full(100, 0.03)

    np.testing.assert_allclose(fit_market(features, market_z), [0.03, 0, 0, 0, 0], atol=1e-15)
    np.testing.assert_allclose(
        fit_residual(features, np.full((100, 3), 0.03), market_z), np.zeros(4), atol=1e-15
    )


def test_json_form_restores_every_bit() -> None:
    """A fit read back from its JSON is the same to the last bit, unknown values included."""
    fit = fit_pool(simulated_panel())

    restored = Fit.from_json(fit.to_json())

    assert restored.to_json() == fit.to_json()
    assert restored.fingerprint() == fit.fingerprint()
    assert restored.symbols == fit.symbols
    assert restored.as_of == fit.as_of
    for name in ("market_mean", "market_magnitude", "market_z", "scale_coefficients"):
        assert getattr(restored, name).tobytes() == getattr(fit, name).tobytes()
    np.testing.assert_array_equal(restored.z_quantiles, fit.z_quantiles)
    np.testing.assert_array_equal(restored.sessions, fit.sessions)


@pytest.mark.parametrize(
    "change",
    [
        {"model_version": "other"},
        {"market_z": "nothing"},
        {"market_z": [0.1]},
        {"z_quantiles": [0.1, 0.2]},
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

    np.testing.assert_allclose(with_it.scale_coefficients, without.scale_coefficients, rtol=1e-9)
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
    quantiles = error_quantiles(np.zeros((100, 2)), np.zeros((100, 2)), np.ones((100, 2)))

    assert np.all(np.diff(quantiles) > 0.0)
    np.testing.assert_allclose(quantiles, 0.0, atol=1e-4)


def test_pool_version_names_the_set_of_symbols() -> None:
    """The order of the symbols does not matter, their set does."""
    assert pool_version(["B", "A"]) == pool_version(["A", "B"])
    assert pool_version(["A", "B"]) != pool_version(["A", "C"])
    assert len(pool_version(["A"])) == 12
