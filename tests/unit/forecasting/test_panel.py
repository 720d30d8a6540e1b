"""Panels: what is aligned, what is missing, what is not believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.domain.prices import PriceHistory
from oracle.forecasting import Panel
from tests.unit.forecasting.simulated_market import (
    history_of,
    panel_of,
    simulated_panel,
    with_bars,
)

if TYPE_CHECKING:
    from datetime import date


def test_alignment_leaves_missing_sessions_empty() -> None:
    """A session that a history has no row for is NaN, and every known close stays in place."""
    panel = simulated_panel(sessions=30, stocks=3)
    panel.closes[10, 0] = np.nan
    panel.closes[:5, 1] = np.nan

    aligned = Panel.align([history_of(panel, column) for column in range(3)])

    np.testing.assert_array_equal(aligned.sessions, panel.sessions)
    np.testing.assert_array_equal(aligned.closes, panel.closes)
    assert aligned.symbols == panel.symbols


def test_alignment_stops_at_the_session_it_is_told() -> None:
    """Rows after `until` are left out."""
    panel = simulated_panel(sessions=30, stocks=2)
    until: date = panel.sessions[19].item()

    aligned = Panel.align([history_of(panel, 0), history_of(panel, 1)], until=until)

    np.testing.assert_array_equal(aligned.closes, panel.closes[:20])


def test_alignment_on_given_sessions_ignores_all_others() -> None:
    """A stock is put on the sessions of a fit; its extra rows vanish, absent ones are NaN."""
    panel = simulated_panel(sessions=30, stocks=1)
    wanted = np.concatenate([panel.sessions[3:9:2], np.array(["2030-01-02"], "datetime64[D]")])

    aligned = Panel.align([history_of(panel, 0)], sessions=wanted)

    np.testing.assert_array_equal(aligned.closes[:3], panel.closes[3:9:2])
    assert np.isnan(aligned.closes[3, 0])


def test_alignment_of_nothing_is_empty() -> None:
    """No histories give a panel without sessions and stocks, not an error."""
    assert Panel.align([]).closes.shape == (0, 0)


def test_gap_leaves_both_returns_undefined() -> None:
    """Neither the return into a missing close nor the one out of it exists."""
    returns = panel_of(np.array([[10.0], [np.nan], [11.0], [12.0]])).log_returns()

    np.testing.assert_array_equal(np.isnan(returns[:, 0]), [True, True, True, False])
    assert returns[3, 0] == pytest.approx(np.log(12.0 / 11.0))


@pytest.mark.parametrize("close", [0.0, -3.0, np.inf, np.nan])
def test_impossible_closes_are_missing(close: float) -> None:
    """Zero, negative and infinite closes are treated like absent ones, without a warning."""
    returns = panel_of(np.array([[10.0], [close], [11.0]])).log_returns()

    assert np.isnan(returns).all()


def test_moves_beyond_belief_are_no_returns() -> None:
    """A move by more than a factor of 2.5 has weight zero; one of 2.4 counts."""
    returns = panel_of(np.array([[10.0, 10.0], [24.0, 26.0], [24.0, 26.0]])).log_returns()

    assert returns[1, 0] == pytest.approx(np.log(2.4))
    assert np.isnan(returns[1, 1])


def test_parts_that_do_not_fit_are_refused() -> None:
    """Wrong shapes, repeated symbols and unordered sessions are errors at once."""
    sessions = np.array(["2020-01-02", "2020-01-03"], "datetime64[D]")
    with pytest.raises(ValueError, match="one row per session"):
        Panel(("A",), sessions, np.ones((3, 1)))
    with pytest.raises(ValueError, match="once"):
        Panel(("A", "A"), sessions, np.ones((2, 2)))
    with pytest.raises(ValueError, match="shape of the closes"):
        Panel(("A",), sessions, np.ones((2, 1)), np.ones((2, 2)), np.ones((2, 1)), np.ones((2, 1)))
    with pytest.raises(ValueError, match="strictly increasing"):
        Panel(("A",), sessions[::-1], np.ones((2, 1)))


def history_with_bars(volume: list[float], adjustment: float = 0.5) -> PriceHistory:
    """Return four sessions of one stock, the third of which repeats the close of the second."""
    closes = np.array([10.0, 11.0, 11.0, 12.0])
    return PriceHistory(
        symbol="A",
        currency="USD",
        sessions=np.arange("2020-01-06", "2020-01-10", dtype="datetime64[D]"),
        open=closes - 0.5,
        high=closes + 1.0,
        low=closes - 1.0,
        close=closes,
        adj_close=adjustment * closes,
        volume=np.array(volume),
    )


def test_bars_are_brought_to_the_adjusted_basis() -> None:
    """Open, high and low are scaled by what dividends do to the close."""
    panel = Panel.align([history_with_bars([1e6] * 4)])

    assert panel.open is not None
    assert panel.high is not None
    assert panel.low is not None
    np.testing.assert_allclose(panel.open[:, 0], [4.75, 5.25, 5.25, 5.75])
    np.testing.assert_allclose(panel.high[:, 0], [5.5, 6.0, 6.0, 6.5])
    np.testing.assert_allclose(panel.low[:, 0], [4.5, 5.0, 5.0, 5.5])


@pytest.mark.parametrize("silent", [0.0, np.nan])
def test_session_without_a_trade_is_missing(silent: float) -> None:
    """A repeated close without a volume is no return of zero, and its bar is no range."""
    panel = Panel.align([history_with_bars([1e6, 1e6, silent, silent])])

    np.testing.assert_array_equal(np.isnan(panel.closes[:, 0]), [False, False, True, False])
    assert panel.high is not None
    np.testing.assert_array_equal(np.isnan(panel.high[:, 0]), [False, False, True, True])


def test_history_that_never_tells_a_volume_keeps_its_rows() -> None:
    """An index has no volume, and an unchanged level of it is one."""
    panel = Panel.align([history_with_bars([np.nan] * 4)])

    assert np.isfinite(panel.closes).all()
    assert panel.high is not None
    assert np.isfinite(panel.high).all()


def test_histories_of_closes_make_a_panel_of_closes() -> None:
    """Where no feed gave a high, there are no arrays of missing ones."""
    panel = Panel.align([history_of(simulated_panel(sessions=30, stocks=1), 0)])

    assert panel.open is None


def test_bars_stay_beside_their_closes_on_other_sessions() -> None:
    """Alignment, selection of columns and other sessions treat all four prices alike."""
    panel = with_bars(simulated_panel(sessions=30, stocks=3))
    aligned = Panel.align([history_of(panel, column) for column in (2, 0)])
    chosen = panel.columns([2, 0]).on(panel.sessions[5:])

    for name in ("closes", "open", "high", "low"):
        np.testing.assert_allclose(getattr(aligned, name)[5:], getattr(chosen, name), rtol=1e-15)
