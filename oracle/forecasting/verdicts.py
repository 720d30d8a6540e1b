"""What the record's figures say, in plain words: generated from the numbers and nothing else.

A statement that something is better or worse is made only where its whole 95 % confidence interval
lies on that side; in every other case the verdict is that there is no difference to be seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.track_record import MIN_SETTLED_SESSIONS
from oracle.domain.wording import write_change, write_share

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.domain.track_record import BestBuyScores, Coverage, Direction, Estimate, Scores

HEADLINE_LEVEL = 0.8


def judge_record(scores: Scores, best_buys: BestBuyScores | None) -> tuple[str, ...]:
    """Return one sentence on each thing that was measured, the ranges first."""
    if scores.sessions < MIN_SETTLED_SESSIONS:
        return (say_too_few(scores.sessions),)
    return tuple(_judge(scores, best_buys))


def say_too_few(sessions: int) -> str:
    """Return the verdict on a record that is too short for one."""
    return f"Too few settled sessions to say ({sessions} of at least {MIN_SETTLED_SESSIONS})."


def _judge(scores: Scores, best_buys: BestBuyScores | None) -> Iterator[str]:
    for coverage in scores.coverages:
        if coverage.level == HEADLINE_LEVEL:
            yield _judge_ranges(coverage)
    if scores.mae_ratio is not None:
        yield _judge_error(scores.mae_ratio, scores.sessions)
    if scores.crps_gaussian_ratio is not None:
        yield _judge_sharpness(scores.crps_gaussian_ratio, "an EWMA Gaussian range")
    if scores.crps_empirical_ratio is not None:
        yield _judge_sharpness(scores.crps_empirical_ratio, "the range of the last 250 sessions")
    if scores.direction is not None:
        yield _judge_direction(scores.direction)
    if best_buys is not None:
        yield _judge_best_buys(best_buys)


def _judge_ranges(coverage: Coverage) -> str:
    share = coverage.share
    fell = (
        f"{write_share(100.0 * share.value, 1)} of closes fell into "
        f"the {write_share(100.0 * coverage.level)} range."
    )
    if not share.excludes(coverage.level):
        return f"Ranges held: {fell}"
    return f"Ranges were too {'narrow' if share.value < coverage.level else 'wide'}: {fell}"


def _judge_error(ratio: Estimate, sessions: int) -> str:
    if not ratio.excludes(1.0):
        return f"No better than naive over {sessions} sessions."
    difference = write_share(abs(100.0 * (ratio.value - 1.0)), 1)
    better, size = ("Better", "smaller") if ratio.value < 1.0 else ("Worse", "larger")
    return f"{better} than naive over {sessions} sessions: errors were {difference} {size}."


def _judge_sharpness(ratio: Estimate, baseline: str) -> str:
    difference = write_share(abs(100.0 * (ratio.value - 1.0)), 1)
    if not ratio.excludes(1.0):
        return f"Ranges no better than {baseline} (CRPS {_compare(ratio.value)})."
    better, size = ("better", "lower") if ratio.value < 1.0 else ("worse", "higher")
    return f"Ranges {better} than {baseline}: CRPS {difference} {size}."


def _compare(ratio: float) -> str:
    return f"{write_change(100.0 * (ratio - 1.0), 1)} against it"


def _judge_direction(direction: Direction) -> str:
    shares = (
        f"right in {write_share(100.0 * direction.right.value, 1)} of closes, "
        f"always saying up in {write_share(100.0 * direction.always_up.value, 1)}"
    )
    if not direction.edge.excludes(0.0):
        return f"Direction no better than always saying up: {shares}."
    better = "better" if direction.edge.value > 0.0 else "worse"
    return f"Direction {better} than always saying up: {shares}."


def _judge_best_buys(scores: BestBuyScores) -> str:
    if scores.sessions < MIN_SETTLED_SESSIONS:
        return (
            f"Too few rankings to say whether the best buy pays "
            f"({scores.sessions} of at least {MIN_SETTLED_SESSIONS})."
        )
    edge = (
        f"{write_change(100.0 * scores.edge.value, 3)} a session against holding all, "
        f"costs included"
    )
    if not scores.edge.excludes(0.0):
        return f"The best buy did no better than holding all ({edge})."
    better = "better" if scores.edge.value > 0.0 else "worse"
    return f"The best buy did {better} than holding all: {edge}."
