"""Verdicts claim a difference only where the whole interval does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from oracle.domain.track_record import BestBuyScores, Coverage, Direction, Estimate, Scores
from oracle.forecasting.verdicts import judge_record
from tests.unit.forecasting.examples import AS_OF, TARGET

EVEN = Estimate(1.0, 0.98, 1.02)
DIRECTION = Direction(
    600, Estimate(0.52, 0.5, 0.54), Estimate(0.53, 0.5, 0.56), Estimate(-0.01, -0.03, 0.01)
)
SCORES = Scores(
    n=600,
    sessions=60,
    first=AS_OF,
    last=TARGET,
    coverages=tuple(
        Coverage(level, Estimate(level - 0.01, level - 0.03, level + 0.01))
        for level in (0.5, 0.8, 0.95)
    ),
    mae_ratio=EVEN,
    crps_gaussian_ratio=EVEN,
    crps_empirical_ratio=EVEN,
    direction=DIRECTION,
    revised=0,
    input_healed=0,
)
BEST_BUYS = BestBuyScores(
    sessions=60,
    picked=60,
    switches=40,
    cost=0.001,
    best_return=Estimate(0.0, -0.001, 0.001),
    all_return=Estimate(0.0005, -0.001, 0.002),
    edge=Estimate(-0.0005, -0.002, 0.001),
    best_value=100.0,
    all_value=103.0,
)


def plain(verdicts: tuple[str, ...]) -> list[str]:
    """Return the verdicts with plain spaces and signs."""
    return [each.replace("\u202f", " ").replace("\u2212", "-") for each in verdicts]


def test_a_record_like_the_baselines_claims_nothing() -> None:
    """Every verdict says that there is no difference, with the figures that show it."""
    assert plain(judge_record(SCORES, BEST_BUYS)) == [
        "Ranges held: 79.0 % of closes fell into the 80 % range.",
        "No better than naive over 60 sessions.",
        "Ranges no better than an EWMA Gaussian range (CRPS 0.0 % against it).",
        "Ranges no better than the range of the last 250 sessions (CRPS 0.0 % against it).",
        (
            "Direction no better than always saying up: right in 52.0 % of closes, "
            "always saying up in 53.0 %."
        ),
        (
            "The best buy did no better than holding all (-0.050 % a session against holding all, "
            "costs included)."
        ),
    ]


def test_a_short_record_says_nothing_but_that() -> None:
    """Below thirty sessions there is one verdict, with how many there are."""
    assert judge_record(replace(SCORES, sessions=12), BEST_BUYS) == (
        "Too few settled sessions to say (12 of at least 30).",
    )


@pytest.mark.parametrize(
    ("ratio", "sentence"),
    [
        (Estimate(0.97, 0.95, 0.99), "Better than naive over 60 sessions: errors were 3.0 %"),
        (Estimate(1.04, 1.01, 1.07), "Worse than naive over 60 sessions: errors were 4.0 %"),
        (Estimate(0.97, 0.95, 1.0), "No better than naive over 60 sessions."),
        (Estimate(0.90), "No better than naive over 60 sessions."),
    ],
)
def test_error_is_called_better_or_worse_only_when_it_surely_is(
    ratio: Estimate, sentence: str
) -> None:
    """The interval has to lie wholly below or above one; without an interval nothing is claimed."""
    verdict = plain(judge_record(replace(SCORES, mae_ratio=ratio), None))[1]
    assert verdict.startswith(sentence)


@pytest.mark.parametrize(
    ("share", "sentence"),
    [
        (Estimate(0.74, 0.71, 0.77), "Ranges were too narrow: 74.0 % of closes fell"),
        (Estimate(0.86, 0.83, 0.89), "Ranges were too wide: 86.0 % of closes fell"),
        (Estimate(0.78, 0.75, 0.81), "Ranges held: 78.0 % of closes fell"),
    ],
)
def test_ranges_are_judged_by_their_coverage(share: Estimate, sentence: str) -> None:
    """Too few closes in the range is too narrow, too many too wide; both are faults."""
    scores = replace(SCORES, coverages=(Coverage(0.8, share),))
    assert plain(judge_record(scores, None))[0].startswith(sentence)


def test_gains_and_losses_are_named_as_such() -> None:
    """Sharper ranges, a better direction and a better best buy are said where they are sure."""
    scores = replace(
        SCORES,
        crps_gaussian_ratio=Estimate(0.987, 0.98, 0.99),
        crps_empirical_ratio=Estimate(1.02, 1.01, 1.03),
        direction=replace(DIRECTION, edge=Estimate(0.02, 0.01, 0.03)),
    )
    best = replace(BEST_BUYS, edge=Estimate(0.001, 0.0005, 0.0015))
    verdicts = plain(judge_record(scores, best))
    assert verdicts[2] == "Ranges better than an EWMA Gaussian range: CRPS 1.3 % lower."
    assert verdicts[3] == "Ranges worse than the range of the last 250 sessions: CRPS 2.0 % higher."
    assert verdicts[4].startswith("Direction better than always saying up:")
    assert verdicts[5].startswith("The best buy did better than holding all: +0.100 %")


def test_a_young_ranking_says_so() -> None:
    """A long record with few rankings judges all but the best buys."""
    verdicts = judge_record(SCORES, replace(BEST_BUYS, sessions=7))
    assert verdicts[-1] == "Too few rankings to say whether the best buy pays (7 of at least 30)."


def test_what_was_not_measured_is_not_judged() -> None:
    """Without baselines, directions and rankings only the rest is said."""
    bare = replace(
        SCORES,
        mae_ratio=None,
        crps_gaussian_ratio=None,
        crps_empirical_ratio=None,
        direction=None,
    )
    assert len(judge_record(bare, None)) == 1
