"""Panels: what is aligned, what is missing, what is not believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from oracle.forecasting import Panel
from tests.unit.forecasting.simulated_market import history_of, panel_of, simulated_panel

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
    with pytest.raises(ValueError, match="strictly increasing"):
        Panel(("A",), sessions[::-1], np.ones((2, 1)))
