"""Outcomes are compared in the prices that the prediction was made in."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from oracle.domain.outcomes import Move
from oracle.domain.prices import Split
from oracle.forecasting.settlement import Comparison, compare, settle
from tests.unit.forecasting.examples import (
    NOW,
    TARGET,
    history,
    outcome,
    prediction,
    rescaled,
)

BARS = history()
CLOSE = float(BARS.close[-1])
MADE = prediction(BARS)


def test_without_events_the_actual_is_the_close() -> None:
    """Nothing to take back: the target's close is compared as it is."""
    seen = compare(MADE, BARS)
    assert seen is not None
    assert seen.actual == pytest.approx(CLOSE, rel=1e-12)
    assert not seen.input_healed


def test_a_split_on_the_target_day_is_taken_back() -> None:
    """The shares close at a quarter from that day on, and all bars before it become quarters."""
    traded = replace(BARS, close=BARS.close * 0.25, adj_close=BARS.adj_close * 0.25)
    seen = compare(MADE, traded, (Split(TARGET, 4.0),))
    assert seen is not None
    assert seen.actual == pytest.approx(CLOSE, rel=1e-12)
    assert not seen.input_healed


def test_a_split_after_the_target_is_taken_back() -> None:
    """When the bars become quarters later, the outcome stays what it was."""
    longer = history(until=TARGET + timedelta(days=1))
    made = prediction(longer)
    plain = compare(made, longer)
    split = compare(
        made,
        rescaled(longer, TARGET + timedelta(days=1), 0.25, 0.25),
        (Split(TARGET + timedelta(days=1), 4.0),),
    )
    assert plain is not None
    assert split is not None
    assert split.actual == pytest.approx(plain.actual, rel=1e-12)
    assert not split.input_healed


def test_a_split_that_the_bars_do_not_show_yet_explains_nothing() -> None:
    """A split announced for a later session leaves the comparison alone."""
    assert compare(MADE, BARS, (Split(TARGET + timedelta(days=3), 4.0),)) == compare(MADE, BARS)


def test_a_dividend_on_the_target_day_counts_as_return() -> None:
    """The share opens lower by the dividend; its holder has lost nothing, and was promised that."""
    dividend = 2.0
    closed_at = MADE.current_price - dividend
    paid = replace(
        BARS,
        close=np.append(BARS.close[:-1], closed_at),
        adj_close=np.append(BARS.adj_close[:-1] * (1.0 - dividend / MADE.current_price), closed_at),
    )
    seen = compare(MADE, paid)
    assert seen is not None
    assert seen.actual == pytest.approx(MADE.current_price, rel=1e-12)
    assert not seen.input_healed


def test_a_dividend_after_the_target_changes_nothing() -> None:
    """Adjusted closes before it all shrink alike, so that their ratio stays."""
    later = rescaled(BARS, TARGET + timedelta(days=1), 1.0, 0.97)
    seen, plain = compare(MADE, later), compare(MADE, BARS)
    assert seen is not None
    assert plain is not None
    assert seen.actual == pytest.approx(plain.actual, rel=1e-12)


@pytest.mark.parametrize("wrong", [0.5, 1.003, 2.0])
def test_a_corrected_input_is_noticed_and_not_believed_again(wrong: float) -> None:
    """A prediction made from a wrong close is held against the true one of its target session."""
    made = replace(MADE, current_price=MADE.current_price * wrong)
    seen = compare(made, BARS)
    assert seen is not None
    assert seen.input_healed
    assert seen.actual == pytest.approx(CLOSE, rel=1e-12)


def test_a_correction_is_noticed_across_a_split() -> None:
    """What the split explains is taken back first; what is left is a correction."""
    split = rescaled(BARS, TARGET + timedelta(days=1), 0.25 * 1.01, 0.25)
    seen = compare(MADE, split, (Split(TARGET, 4.0),))
    assert seen is not None
    assert seen.input_healed


@pytest.mark.parametrize("row", [-1, -2])
def test_a_missing_bar_leaves_the_prediction_pending(row: int) -> None:
    """Without the close of `as_of` or of the target there is nothing to compare."""
    kept = np.arange(len(BARS)) != len(BARS) + row
    gap = replace(
        BARS,
        **{
            name: getattr(BARS, name)[kept]
            for name in ("sessions", "open", "high", "low", "close", "adj_close", "volume")
        },
    )
    assert compare(MADE, gap) is None


def test_rounding_of_the_feed_is_no_correction() -> None:
    """Half a basis point is not a new close; a whole one is."""
    known = outcome(actual=100.0)
    assert Comparison(100.004, input_healed=False).agrees_with(known)
    assert not Comparison(100.01, input_healed=False).agrees_with(known)
    assert not Comparison(100.0, input_healed=True).agrees_with(known)


def test_an_outcome_holds_errors_bands_and_directions() -> None:
    """Losses are shares of the last close; the bands and the direction are as they fell."""
    last = MADE.current_price
    made = settle(MADE, BARS, Comparison(last * 1.0125, input_healed=False), NOW)
    assert made.naive_error == pytest.approx(0.0125)
    assert made.error == pytest.approx(0.0115)
    assert (made.inside_50, made.inside_80, made.inside_95) == (False, True, True)
    assert (made.predicted_move, made.actual_move) == (Move.UP, Move.UP)
    assert made.score == MADE.score
    assert made.settled_at == NOW
    assert made.revisions == 0


def test_baselines_see_nothing_after_as_of() -> None:
    """Rows after `as_of` may be anything: the baselines' scores are the same."""
    wild = replace(BARS, adj_close=np.append(BARS.adj_close[:-1], 9_999.0))
    seen = Comparison(100.0, input_healed=False)
    assert settle(MADE, wild, seen, NOW) == settle(MADE, BARS, seen, NOW)


def test_a_short_history_has_no_baselines() -> None:
    """With too few sessions the baselines' scores are unknown, and nothing else is."""
    made = settle(MADE, BARS.latest(30), Comparison(100.0, input_healed=False), NOW)
    assert made.crps_gaussian is None
    assert made.crps_empirical is None
    assert made.crps > 0.0


def test_an_abstained_prediction_has_no_outcome() -> None:
    """Nothing was said, so there is nothing to settle."""
    silent = replace(MADE, point=None, quantiles=(), abstained=True)
    with pytest.raises(ValueError, match="without numbers"):
        settle(silent, BARS, Comparison(100.0, input_healed=False), NOW)
