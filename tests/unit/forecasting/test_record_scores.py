"""The record's figures: pooled over stocks, resampled over days, honest where there is little."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.domain.outcomes import Move, StoredChoice
from oracle.forecasting.record_scores import (
    choose_afterwards,
    latest_sessions,
    score_best_buys,
    score_predictions,
    score_stocks,
)
from oracle.forecasting.resampling import DailyResampling
from tests.unit.forecasting.examples import FIRST, scored


def generator() -> np.random.Generator:
    """Return the same random numbers each time."""
    return np.random.default_rng(1)


def test_ratios_are_of_sums_and_not_means_of_ratios() -> None:
    """A day with large errors weighs as much as its errors do."""
    settled = [
        scored(1, error=0.01, naive_error=0.02),
        scored(2, error=0.06, naive_error=0.05),
    ]
    scores = score_predictions(settled, generator())
    assert scores.mae_ratio is not None
    assert scores.mae_ratio.value == pytest.approx(0.07 / 0.07)
    assert (scores.n, scores.sessions) == (2, 2)
    assert (scores.first, scores.last) == (FIRST + timedelta(1), FIRST + timedelta(2))


def test_coverage_is_the_share_of_closes_in_each_range() -> None:
    """Each level is counted by itself, over all stocks and days."""
    settled = [
        scored(1, inside_50=True),
        scored(1, "XOM", inside_80=False),
        scored(2),
        scored(3, inside_80=False, inside_95=False),
    ]
    scores = score_predictions(settled, generator())
    assert [each.share.value for each in scores.coverages] == [0.25, 0.5, 0.75]


def test_coverage_over_time_is_of_full_stretches_pooled_over_stocks() -> None:
    """Each point is a share of all closes of thirty sessions, named by the last of them."""
    settled = [scored(day, inside_80=day != 1) for day in range(1, 32)]
    settled.append(scored(31, "XOM", inside_80=False))
    rolling = score_predictions(latest_sessions(settled, None), generator()).rolling_80
    assert [each.session for each in rolling] == [FIRST + timedelta(days=30), FIRST + timedelta(31)]
    assert [each.share for each in rolling] == pytest.approx([29 / 30, 30 / 31])


def test_coverage_over_time_needs_a_full_stretch() -> None:
    """With fewer than thirty sessions nothing is said about time."""
    settled = [scored(day) for day in range(1, 30)]
    assert score_predictions(settled, generator()).rolling_80 == ()


def test_predictions_without_baseline_are_left_out_of_its_ratio() -> None:
    """Where a baseline could not be made the prediction is not compared with it."""
    settled = [scored(1, crps=0.005), scored(2, crps=9.0, crps_gaussian=None, crps_empirical=None)]
    scores = score_predictions(settled, generator())
    assert scores.crps_gaussian_ratio is not None
    assert scores.crps_gaussian_ratio.value == pytest.approx(5 / 6)
    alone = score_predictions(settled[1:], generator())
    assert alone.crps_gaussian_ratio is None
    assert alone.crps_empirical_ratio is None


def test_direction_leaves_out_closes_that_did_not_move() -> None:
    """Right and always-up are shares of the same closes, those that moved."""
    settled = [
        scored(1, predicted_move=Move.DOWN, actual_move=Move.DOWN),
        scored(2, predicted_move=Move.DOWN, actual_move=Move.UP),
        scored(3, predicted_move=Move.UP, actual_move=Move.NONE),
        scored(4, predicted_move=Move.DOWN, actual_move=Move.DOWN),
    ]
    direction = score_predictions(settled, generator()).direction
    assert direction is not None
    assert direction.n == 3
    assert direction.right.value == pytest.approx(2 / 3)
    assert direction.always_up.value == pytest.approx(1 / 3)
    assert direction.edge.value == pytest.approx(1 / 3)


def test_corrected_rows_are_counted() -> None:
    """The reader learns how many outcomes and inputs were corrected."""
    scores = score_predictions([scored(1, revisions=2), scored(2, input_healed=True)], generator())
    assert (scores.revised, scores.input_healed) == (1, 1)


def test_no_interval_is_given_for_a_short_record() -> None:
    """Below thirty sessions the figures stand alone; from there on they have their interval."""
    short = score_predictions([scored(day) for day in range(29)], generator())
    assert short.coverages[1].share.lower is None
    long = score_predictions([scored(day) for day in range(30)], generator())
    assert long.coverages[1].share.lower is not None


def test_full_coverage_has_an_interval_of_some_width() -> None:
    """That all of 40 closes fell into a range does not prove that all ever will."""
    share = score_predictions([scored(day) for day in range(40)], generator()).coverages[1].share
    assert share.value == 1.0
    assert share.lower is not None
    assert 0.85 < share.lower < 0.95
    assert share.upper == 1.0


def test_stocks_that_move_together_count_for_less() -> None:
    """When ten stocks hit or miss on the same days the interval is that of the days alone."""
    hits = generator().random(120) < 0.8
    alone = [scored(day, inside_80=bool(hit)) for day, hit in enumerate(hits)]
    together = [
        scored(day, f"S{stock}", inside_80=bool(hit))
        for day, hit in enumerate(hits)
        for stock in range(10)
    ]
    one = score_predictions(alone, generator()).coverages[1].share
    ten = score_predictions(together, generator()).coverages[1].share
    assert one.lower is not None
    assert one.upper is not None
    assert ten.lower is not None
    assert ten.upper is not None
    assert ten.value == pytest.approx(one.value)
    # Capped at the number of observations, which is ten times larger with ten stocks.
    assert ten.upper - ten.lower > 0.9 * (one.upper - one.lower)


def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    """Over many records of independent days 95 % intervals of a ratio hold the true one."""
    held = 0
    for seed in range(200):
        draws = np.random.default_rng(seed)
        below = draws.uniform(0.5, 1.5, 250)
        above = 0.9 * below + draws.normal(0.0, 0.3, 250)
        estimate = DailyResampling(250, draws).ratio(above, below)
        assert estimate is not None
        assert estimate.lower is not None
        assert estimate.upper is not None
        held += estimate.lower <= 0.9 <= estimate.upper
    assert 0.88 <= held / 200 <= 0.98


def test_the_window_keeps_the_newest_sessions() -> None:
    """A window counts sessions, not predictions."""
    settled = [scored(day, symbol) for symbol in ("KO", "XOM") for day in range(5)]
    kept = latest_sessions(settled, 2)
    assert [(each.target - FIRST).days for each in kept] == [3, 3, 4, 4]
    assert len(latest_sessions(settled, None)) == 10


def test_each_stock_has_its_own_figures() -> None:
    """By symbol, with nothing of the others in them."""
    settled = [scored(1, "XOM", inside_80=False), scored(1), scored(2)]
    stocks = score_stocks(settled)
    assert [(each.symbol, each.n, each.coverage_80) for each in stocks] == [
        ("KO", 2, 1.0),
        ("XOM", 1, 0.0),
    ]


def test_a_best_buy_pays_for_each_change_and_nothing_in_between() -> None:
    """Two sessions of one stock, one without a buy, one of the stock again: two round trips."""
    settled = [
        scored(day, symbol, actual=actual)
        for day, by_symbol in enumerate(
            [
                {"KO": 102.0, "XOM": 100.0},
                {"KO": 101.0, "XOM": 101.0},
                {"KO": 90.0, "XOM": 94.0},
                {"KO": 103.0, "XOM": 99.0},
            ],
            start=1,
        )
        for symbol, actual in by_symbol.items()
    ]
    choices = [
        StoredChoice(FIRST + timedelta(days=day), best, ("KO", "XOM"))
        for day, best in enumerate(["KO", "KO", None, "KO"])
    ]
    scores = score_best_buys(settled, choices, generator(), cost=0.001)
    assert scores is not None
    assert (scores.sessions, scores.picked, scores.switches) == (4, 3, 2)
    assert scores.best_return.value == pytest.approx((0.019 + 0.01 + 0.0 + 0.029) / 4)
    assert scores.all_return.value == pytest.approx((0.01 + 0.01 - 0.08 + 0.01) / 4)
    assert scores.edge.value == pytest.approx(scores.best_return.value - scores.all_return.value)
    assert scores.best_value == pytest.approx(100 * 1.019 * 1.01 * 1.029)
    assert [each.session for each in scores.course] == [
        FIRST + timedelta(days=day) for day in range(1, 5)
    ]
    assert [each.best for each in scores.course] == pytest.approx(
        [101.9, 101.9 * 1.01, 101.9 * 1.01, scores.best_value]
    )
    assert scores.course[-1].everything == scores.all_value
    assert scores.all_value == pytest.approx(100 * 1.01 * 1.01 * 0.92 * 1.01)


def test_a_session_counts_once_all_its_stocks_are_settled() -> None:
    """Holding all is not known while one of them is pending."""
    settled = [scored(1), scored(1, "XOM"), scored(2)]
    choices = [
        StoredChoice(FIRST, "KO", ("KO", "XOM")),
        StoredChoice(FIRST + timedelta(1), "KO", ("KO", "XOM")),
    ]
    scores = score_best_buys(settled, choices, generator())
    assert scores is not None
    assert scores.sessions == 1
    assert score_best_buys(settled, [], generator()) is None


def test_a_replay_chooses_as_the_ranking_does() -> None:
    """The highest score wins, nothing below zero is bought, others than those asked for are out."""
    settled = [
        scored(1, "KO", score=0.1),
        scored(1, "XOM", score=0.3),
        scored(1, "TSLA", score=9.0),
        scored(2, "KO", score=-0.1),
        scored(2, "XOM", score=-0.2),
        scored(3, "KO", score=0.2),
        scored(3, "XOM", score=0.2),
        scored(4, "KO", score=0.2),
    ]
    choices = choose_afterwards(settled, ["XOM", "KO"])
    assert [(each.best, each.symbols) for each in choices] == [
        ("XOM", ("KO", "XOM")),
        (None, ("KO", "XOM")),
        ("KO", ("KO", "XOM")),
    ]


@given(st.lists(st.floats(0.001, 0.1), min_size=30, max_size=60), st.floats(0.1, 10.0))
def test_ratios_do_not_depend_on_the_unit(errors: list[float], factor: float) -> None:
    """Ratio and interval stay when both errors are measured in another unit."""
    plain = [scored(day, error=each, naive_error=0.02) for day, each in enumerate(errors)]
    scaled = [
        replace(
            each,
            outcome=replace(
                each.outcome, error=each.outcome.error * factor, naive_error=0.02 * factor
            ),
        )
        for each in plain
    ]
    one = score_predictions(plain, generator()).mae_ratio
    other = score_predictions(scaled, generator()).mae_ratio
    assert one is not None
    assert other is not None
    assert other.value == pytest.approx(one.value)
    assert other.lower == pytest.approx(one.lower)
    assert other.upper == pytest.approx(one.upper)
