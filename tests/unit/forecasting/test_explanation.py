"""The reasons of a forecast are exact sums, told in plain sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.domain.wording import MINUS, THIN_SPACE
from oracle.forecasting import fit_pool, forecast_panel
from oracle.forecasting.contributions import (
    RETURN_PARTS,
    USUAL_SESSIONS,
    WIDTH_PARTS,
    Contributions,
)
from oracle.forecasting.explanation import Reasons, explain_forecast
from tests.unit.forecasting.simulated_market import panel_of, simulated_panel, with_bars

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray
    from oracle.forecasting import Panel

POOL = simulated_panel(sessions=400, stocks=5)
POOL.closes[-30:, 2] = POOL.closes[-30, 2] * (1.0 + 1e-4 * (np.arange(30) % 2))


def half_ranges() -> Panel:
    """Return the pool with bars that ceased some sessions ago for one stock."""
    panel = with_bars(POOL)
    assert panel.high is not None
    panel.high[-5:, 1] = np.nan
    return panel


@pytest.mark.parametrize("panel", [POOL, with_bars(POOL), half_ranges()])
def test_parts_add_up_to_the_forecast(panel: Panel) -> None:
    """Width and expected return are the sums of their parts: floor, bound, corrections included."""
    forecast = forecast_panel(fit_pool(panel), panel)
    parts = forecast.contributions

    np.testing.assert_allclose(parts.width.sum(axis=1), forecast.scale, rtol=1e-12)
    np.testing.assert_allclose(
        parts.expected.sum(axis=1), forecast.expected_log_return, rtol=1e-12, atol=1e-17
    )


def test_floor_and_bound_take_part_where_they_bind() -> None:
    """A width without terms is its floor, and a wild lean is cut back to its bound."""
    fit = replace(fit_pool(POOL), close_coefficients=np.zeros(13), market_coefficient=50.0)
    forecast = forecast_panel(fit, POOL)
    parts = forecast.contributions
    floor = parts.width[:, WIDTH_PARTS.index("floor")]
    corrections = parts.width[:, -2:].sum(axis=1)

    assert (floor > 0.0).all()
    np.testing.assert_allclose(floor + corrections, forecast.scale, rtol=1e-12)
    np.testing.assert_allclose(
        np.abs(parts.expected[:, :-1].sum(axis=1)), 0.25 * forecast.scale, rtol=1e-12
    )


def test_usual_width_is_the_average_of_the_widths() -> None:
    """The parts' averages are those of the forecasts that were made over the past year."""
    panel = panel_of(POOL.closes[:, :2])
    fit = fit_pool(panel)
    usual = forecast_panel(fit, panel).contributions.usual_width.sum(axis=1)

    widths = []
    for rows in range(400 - USUAL_SESSIONS + 1, 401):
        # The coefficients are today's; only what they are applied to is of then.
        part = slice(None, rows)
        then = type(fit)(
            symbols=fit.symbols,
            sessions=fit.sessions[part],
            market_mean=fit.market_mean[part],
            market_magnitude=fit.market_magnitude[part],
            market_range=fit.market_range[part],
            market_z=fit.market_z[part],
            pool_factor=fit.pool_factor[part],
            close_coefficients=fit.close_coefficients,
            range_coefficients=fit.range_coefficients,
            usual_surprise=fit.usual_surprise,
            market_coefficient=fit.market_coefficient,
            residual_coefficients=fit.residual_coefficients,
            z_quantiles=fit.z_quantiles,
        )
        widths.append(forecast_panel(then, panel).scale)

    np.testing.assert_allclose(usual, np.mean(widths, axis=0), rtol=1e-10)


def contributions(now: dict[str, float], usual: dict[str, float]) -> Contributions:
    """Return one stock's parts with these parts of the width now and on average."""
    return Contributions(
        width=row_of(WIDTH_PARTS, now),
        usual_width=row_of(WIDTH_PARTS, usual),
        expected=row_of(RETURN_PARTS, {"market": 0.0005, "e_t": -0.0001, "centre": 0.0003}),
    )


def row_of(names: tuple[str, ...], parts: dict[str, float]) -> FloatArray:
    """Return [1, K] with these parts in their places and zero elsewhere."""
    return np.array([[parts.get(name, 0.0) for name in names]])


def plain(sentences: tuple[str, ...]) -> list[str]:
    """Return the sentences with the signs of a keyboard."""
    return [text.replace(THIN_SPACE, " ").replace(MINUS, "-") for text in sentences]


def test_wider_range_names_its_largest_cause() -> None:
    """Twice the usual width because the market fell: that is what the sentence says."""
    usual = {"closes: E_21|r|": 0.008, "closes: rel S_5(m)^-": 0.002}
    now = {"closes: E_21|r|": 0.008, "closes: rel S_5(m)^-": 0.012}

    reasons = plain(explain_forecast(contributions(now, usual), 0))

    assert " ".join(reasons) == (
        "The range is 100 % wider than its average over the past year; what widens it most, "
        "by 100 points, are recent falls of the whole market. "
        "Of the expected change, +0.05 % comes from the market's last move, -0.01 % from the "
        "stock's own past, and +0.03 % is what stocks usually gain."
    )


def test_narrower_range_names_its_largest_cause() -> None:
    """Half the usual width because the stock itself is calm, whatever form measured it."""
    usual = {"closes: E_1|r|": 0.006, "closes: rel E_3 ma": 0.004}
    now = {"ranges: E_.5 gk": 0.001, "ranges: rel E_1 mrv": 0.004}

    reasons = plain(explain_forecast(contributions(now, usual), 0))

    assert reasons[0].startswith("The range is 50 % narrower")
    assert "narrows it most, by 50 points, are the stock's own moves" in reasons[0]


def test_usual_range_is_called_usual() -> None:
    """A change of less than five per cent is not explained away."""
    parts = contributions({"closes: E_8|r|": 0.012}, {"closes: E_8|r|": 0.0121})

    assert "about as wide as it usually was" in explain_forecast(parts, 0)[0]


def test_notable_surprises_have_a_sentence_of_their_own() -> None:
    """What the corrections add is told apart: for all stocks, and for this one."""
    now = {"closes: E_8|r|": 0.010, "pool surprises": 0.002, "own surprises": -0.0005}
    parts = contributions(now, {"closes: E_8|r|": 0.010})

    reasons = plain(explain_forecast(parts, 0))

    assert "by 15 points, are recent moves larger than were expected" in reasons[0]
    assert reasons[1] == (
        "Moves lately turned out larger than expected: next to a range that leaves this out, those "
        "of all stocks make this one 20 % wider, and the stock's own make this one 5 % narrower."
    )
    assert len(reasons) == 3


def test_a_surprise_that_rounds_to_nothing_is_not_counted() -> None:
    """Where all of it is the market's, the stock's own part is said to change nothing."""
    now = {"closes: E_8|r|": 0.010, "pool surprises": -0.001, "own surprises": 0.00002}
    reasons = plain(explain_forecast(contributions(now, {"closes: E_8|r|": 0.010}), 0))

    assert "make this one 10 % narrower, and the stock's own hardly change this one." in reasons[1]


def test_refusal_stands_in_the_place_of_reasons() -> None:
    """A stock that is refused has that sentence alone, and slices work as for any sequence."""
    parts = contributions({"closes: E_8|r|": 0.01}, {"closes: E_8|r|": 0.01})
    refused = Reasons((("No.",),), parts)
    told = Reasons(((),), parts)

    assert tuple(refused) == (("No.",),)
    assert told[:1] == (told[0],)
    assert len(told[0]) == 2
