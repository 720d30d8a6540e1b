"""The reasons of a forecast are exact sums, told in plain sentences."""

from __future__ import annotations

import numpy as np

from oracle.domain.wording import MINUS, THIN_SPACE
from oracle.forecasting import fit_pool, forecast_panel
from oracle.forecasting.explanation import Contributions, explain_forecasts
from tests.unit.forecasting.simulated_market import panel_of, simulated_panel


def test_parts_add_up_to_the_forecast() -> None:
    """Scale and expected return are the sums of their parts, floor and bound included."""
    panel = simulated_panel(sessions=400, stocks=5)
    panel.closes[-30:, 2] = panel.closes[-30, 2] * (1.0 + 1e-4 * (np.arange(30) % 2))
    forecast = forecast_panel(fit_pool(panel), panel_of(panel.closes))
    parts = forecast.contributions

    np.testing.assert_allclose(parts.scale.sum(axis=1) + parts.floor, forecast.scale, rtol=1e-12)
    np.testing.assert_allclose(
        parts.market.sum(axis=1) + parts.residual.sum(axis=1) + parts.clip,
        forecast.expected_log_return,
        atol=1e-15,
    )


def contributions(now: list[float], usual: list[float]) -> Contributions:
    """Return one stock's parts with these terms of the scale now and on average."""
    return Contributions(
        scale=np.array([now]),
        usual_scale=np.array([usual]),
        floor=np.zeros(1),
        market=np.array([[0.0003, 0.0002, 0.0, 0.0, 0.0]]),
        residual=np.array([[-0.0001, 0.0, 0.0, 0.0]]),
        clip=np.zeros(1),
    )


def test_wider_range_names_its_largest_cause() -> None:
    """Twice the usual width because the market fell: that is what the sentence says."""
    usual = [0.001] * 10 + [0.0, 0.0]
    now = [0.001] * 8 + [0.011, 0.001, 0.0, 0.0]

    (reasons,) = explain_forecasts(contributions(now, usual))

    assert reasons[0].startswith("The range is 100\N{NARROW NO-BREAK SPACE}% wider")
    assert "by 100 points, are recent falls of the whole market" in reasons[0]
    assert reasons[1].replace(THIN_SPACE, " ").replace(MINUS, "-") == (
        "Of the expected change, +0.05 % comes from the market as a whole "
        "and -0.01 % from the stock itself."
    )


def test_narrower_range_names_its_largest_cause() -> None:
    """Half the usual width because the stock itself is calm."""
    usual = [0.006, 0.0, 0.0, 0.002, 0.002, *([0.0] * 7)]
    now = [0.001, 0.0, 0.0, 0.002, 0.002, *([0.0] * 7)]

    (reasons,) = explain_forecasts(contributions(now, usual))

    assert reasons[0].startswith("The range is 50\N{NARROW NO-BREAK SPACE}% narrower")
    assert "narrows it most, by 50 points, are the stock's own moves" in reasons[0]


def test_usual_range_is_called_usual() -> None:
    """A change of less than five per cent is not explained away."""
    (reasons,) = explain_forecasts(contributions([0.001] * 12, [0.00101] * 12))

    assert "about as wide as it usually was" in reasons[0]
