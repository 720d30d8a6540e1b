"""The evaluation's figures on markets whose truth is known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from oracle.forecasting.evaluation import (
    BANDS,
    Baseline,
    Evaluation,
    NothingToScore,
    Scores,
    edge,
    evaluate,
    standing,
    state_verdict,
)
from oracle.forecasting.evaluation.inference import Estimate
from oracle.forecasting.evaluation.selection import rank_correlations, top_pick_excess
from tests.unit.forecasting.evaluation import reference
from tests.unit.forecasting.evaluation.examples import Example

EXAMPLE = Example()


def judged(scores: Scores, example: Example = EXAMPLE) -> Evaluation:
    """Return the evaluation of these scores with a fixed seed."""
    return evaluate(example.outcomes, scores, example.baselines, np.random.default_rng(0))


TRUTH = judged(EXAMPLE.gaussian())


def test_pooled_ratios_are_sums_over_sums() -> None:
    """Relative MAE and CRPS ratio pool all stock-days before they divide."""
    scores, last = EXAMPLE.gaussian(mean=0.002), EXAMPLE.outcomes.last
    evaluation = judged(scores)
    outcomes = EXAMPLE.outcomes
    there = np.logical_and.reduce([one.scored for one in EXAMPLE.baselines.values()])
    forecast = last * np.exp(0.002)
    expected = (np.abs(outcomes.actual - forecast) / last)[there].sum()
    expected /= (np.abs(outcomes.actual - last) / last)[there].sum()
    assert evaluation.against(Baseline.LAST_CLOSE).error_ratio.value == pytest.approx(expected)
    crps = scores.crps[there].sum() / EXAMPLE.baselines[Baseline.EWMA].crps[there].sum()
    assert evaluation.against(Baseline.EWMA).crps_ratio.value == pytest.approx(crps)


def test_who_knows_the_truth_wins_and_is_calibrated() -> None:
    """The true distribution beats every baseline, with coverage close to what it states."""
    for comparison in TRUTH.comparisons:
        assert comparison.crps_ratio.value < 1.0
    assert TRUTH.against(Baseline.EWMA).crps_ratio.t < -2.0
    for coverage in TRUTH.coverage:
        assert abs(coverage.error) < 0.03
        assert coverage.observed.lower < coverage.level < coverage.observed.upper
    observed = [point.observed.value for point in TRUTH.reliability]
    np.testing.assert_allclose(observed, [point.level for point in TRUTH.reliability], atol=0.035)
    assert "sharper" in state_verdict(TRUTH).headline
    assert "no edge" in state_verdict(TRUTH).sentences[-1]


@pytest.mark.parametrize(
    ("share", "lower", "upper", "said"),
    [
        (0.805, 0.70, 0.90, "they hold what they promise"),
        (0.75, 0.60, 0.85, "cannot be told from these sessions"),
        (0.75, float("nan"), float("nan"), "cannot be told from these sessions"),
        (0.75, 0.72, 0.78, "they do not hold what they promise"),
    ],
)
def test_only_a_miss_that_is_no_chance_is_condemned(
    share: float, lower: float, upper: float, said: str
) -> None:
    """A coverage off by points is called broken only if its interval excludes what was stated."""
    seen = replace(TRUTH.coverage[1], observed=Estimate(share, lower, upper))
    others = (TRUTH.coverage[0], TRUTH.coverage[2])
    right = [replace(one, observed=Estimate(one.level, 0.0, 1.0)) for one in others]
    evaluation = replace(TRUTH, coverage=(right[0], seen, right[1]))
    assert said in state_verdict(evaluation).headline


@pytest.mark.parametrize(
    ("lower", "upper", "t", "said"),
    [
        (-0.02, -0.01, -3.0, "better"),
        (-0.02, 0.001, -3.0, "no different"),
        (-0.02, -0.001, -1.9, "no different"),
        (0.01, 0.02, 3.0, "worse"),
        (-0.001, 0.02, 3.0, "no different"),
        (float("nan"), float("nan"), -3.0, "no different"),
    ],
)
def test_a_difference_is_told_where_interval_and_t_agree(
    lower: float, upper: float, t: float, said: str
) -> None:
    """An interval that holds no difference, or none at all, leaves a large t a matter of chance."""
    middle = (lower + upper) / 2.0
    assert standing(Estimate(1.0 + middle, 1.0 + lower, 1.0 + upper, t)) == said
    opposite = {"better": "worse", "worse": "better"}
    assert edge(Estimate(middle, lower, upper, t)) == opposite.get(said, said)


def test_ranges_too_narrow_are_found_out() -> None:
    """Half the true width loses by CRPS, misses its coverage, and the verdict says both."""
    evaluation = judged(EXAMPLE.gaussian(deviation=0.005))
    assert evaluation.against(Baseline.EWMA).crps_ratio.t > 2.0
    assert evaluation.coverage[-1].observed.value == pytest.approx(0.673, abs=0.03)
    verdict = state_verdict(evaluation)
    assert "worse" in verdict.headline
    assert "do not hold what they promise" in verdict.headline


def test_a_method_compared_with_itself_is_no_different() -> None:
    """The EWMA baseline as the forecaster has ratios of exactly one and no t."""
    evaluation = judged(EXAMPLE.baselines[Baseline.EWMA])
    against = evaluation.against(Baseline.EWMA)
    assert (against.crps_ratio.value, against.crps_ratio.lower) == (1.0, 1.0)
    assert np.isnan(against.crps_ratio.t)
    assert "no better" in state_verdict(evaluation).headline
    assert evaluation.selection.direction.calls == 0


def test_all_methods_are_judged_on_the_same_stock_days() -> None:
    """Where the forecaster abstains the baselines do not count either, and it is told."""
    scores = EXAMPLE.gaussian()
    partial = Scores.from_arrays(scores.to_arrays())
    partial.crps[:, 0] = np.nan
    evaluation = judged(partial)
    alone = Example(stocks=4)
    assert evaluation.stocks == 3
    assert evaluation.abstained == 400
    assert evaluation.forecasts == TRUTH.forecasts - 400
    kept = alone.baselines[Baseline.EWMA].crps[:, 1:].mean()
    assert evaluation.against(Baseline.EWMA).own_crps == pytest.approx(kept)


def test_nothing_to_score_is_an_error() -> None:
    """Where no stock-day has everything there is no figure made of nothing."""
    with pytest.raises(NothingToScore):
        judged(Scores.empty(400, 4))


def test_slices_add_up_to_the_whole() -> None:
    """Years and stocks each hold every forecast once, with coverages that average to the whole."""
    for slices in (TRUTH.years, TRUTH.by_stock):
        assert sum(one.forecasts for one in slices) == TRUTH.forecasts
        for band in range(len(BANDS)):
            mean = sum(one.forecasts * one.coverage[band] for one in slices) / TRUTH.forecasts
            assert mean == pytest.approx(TRUTH.coverage[band].observed.value)
    assert [one.name for one in TRUTH.years] == ["2016", "2017"]


def test_worst_window_and_stock_are_the_worst() -> None:
    """They are found again by looking at every window and every stock."""
    example = EXAMPLE
    inside = example.gaussian().inside(0.95)
    windows = [inside[start : start + 250].mean() for start in range(400 - 249)]
    distances = np.abs(np.array(windows) - 0.95)
    worst = TRUTH.coverage[-1].worst_window
    assert worst is not None
    assert abs(worst[1] - 0.95) == pytest.approx(distances.max())
    assert worst[0] in {str(session) for session in example.outcomes.sessions[249:]}
    np.testing.assert_allclose(TRUTH.rolling.coverage[:, -1], windows)
    stock = TRUTH.coverage[-1].worst_stock
    assert stock is not None
    assert abs(stock[1] - 0.95) == pytest.approx(np.abs(inside.mean(axis=0) - 0.95).max())


def test_too_short_an_evaluation_names_no_worst() -> None:
    """Under 250 days neither a window nor a stock is called the worst."""
    example = Example(days=100)
    evaluation = judged(example.gaussian(), example)
    assert evaluation.coverage[-1].worst_window is None
    assert evaluation.coverage[-1].worst_stock is None
    assert evaluation.rolling.coverage.size == 0


def test_rank_correlation_equals_spearmans_formula() -> None:
    """Ties share their mean rank; too few stocks or no differences give none."""
    generator = np.random.default_rng(11)
    expected = np.round(generator.standard_normal((30, 6)), 1)
    realised = np.round(generator.standard_normal((30, 6)), 1)
    there = generator.random((30, 6)) < 0.8
    expected[0] = 0.5
    correlations = rank_correlations(expected, realised, there)
    assert np.isnan(correlations[0])
    for row in range(1, 30):
        chosen = there[row]
        if chosen.sum() < 3:
            assert np.isnan(correlations[row])
            continue
        literal = reference.spearman(expected[row, chosen].tolist(), realised[row, chosen].tolist())
        assert correlations[row] == pytest.approx(literal, abs=1e-12)


def test_foreknowledge_shows_as_an_edge() -> None:
    """A forecaster that knows tomorrow's return is right in direction, ranking and top pick."""
    scores = EXAMPLE.gaussian()
    scores.expected[:] = EXAMPLE.outcomes.actual / EXAMPLE.outcomes.last - 1.0
    evaluation = judged(scores)
    selection = evaluation.selection
    assert selection.direction.right.value == 1.0
    assert selection.direction.advantage.t > 2.0
    assert selection.rank_correlation is not None
    assert selection.rank_correlation.value == pytest.approx(1.0)
    assert selection.top_pick is not None
    assert selection.top_pick.t > 2.0
    assert "direction" in state_verdict(evaluation).sentences[-1]


def test_top_pick_has_the_highest_expected_return_for_its_range() -> None:
    """A narrow range can beat a larger expected return."""
    example = Example(days=60, stocks=3)
    scores = example.gaussian()
    scores.expected[:] = [0.001, 0.002, 0.0015]
    scores.widths[:] = np.array([0.01, 0.05, 0.05])[None, :, None]
    realised = np.tile([0.03, 0.0, 0.0], (60, 1))
    excess = top_pick_excess(scores, realised, np.ones((60, 3), dtype=np.bool_))
    np.testing.assert_allclose(excess, 0.02)
