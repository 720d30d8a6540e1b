"""The record's figures from settled predictions, pooled over stocks and averaged over days."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.costs import ROUND_TRIP_COST
from oracle.domain.outcomes import Move, StoredChoice
from oracle.domain.rankings import MIN_SELECTION
from oracle.domain.track_record import (
    MIN_SETTLED_SESSIONS,
    BestBuyScores,
    BestBuyValue,
    Coverage,
    Direction,
    Estimate,
    RollingCoverage,
    Scores,
    StockScores,
)
from oracle.forecasting.resampling import DailyResampling

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import date

    from numpy.random import Generator

    from oracle.domain.outcomes import Outcome, ScoredPrediction
    from oracle.domain.prices import FloatArray


def latest_sessions(
    settled: Sequence[ScoredPrediction], sessions: int | None
) -> tuple[ScoredPrediction, ...]:
    """Return the predictions for the newest so many target sessions, in the order of sessions."""
    ordered = sorted(settled, key=lambda each: (each.target, each.symbol))
    if sessions is None:
        return tuple(ordered)
    kept = set(sorted({each.target for each in ordered})[-sessions:])
    return tuple(each for each in ordered if each.target in kept)


def score_predictions(settled: Sequence[ScoredPrediction], generator: Generator) -> Scores:
    """Return the scores of at least one settled prediction, ordered by session."""
    days = _Days([each.outcome for each in group] for _, group in groupby(settled, _target))
    resampling = DailyResampling(len(days.groups), generator)
    counts = days.total(lambda _: 1.0)

    def cover(level: float, inside: Callable[[Outcome], float]) -> Coverage:
        share = resampling.share(days.total(inside), counts)
        return Coverage(level, share or Estimate(0.0))

    def compare_crps(baseline: Callable[[Outcome], float | None]) -> Estimate | None:
        own = days.total(lambda each: 0.0 if baseline(each) is None else each.crps)
        return resampling.ratio(own, days.total(lambda each: baseline(each) or 0.0))

    return Scores(
        n=len(settled),
        sessions=len(days.groups),
        first=settled[0].target,
        last=settled[-1].target,
        coverages=(
            cover(0.5, lambda each: float(each.inside_50)),
            cover(0.8, lambda each: float(each.inside_80)),
            cover(0.95, lambda each: float(each.inside_95)),
        ),
        mae_ratio=resampling.ratio(
            days.total(lambda each: each.error), days.total(lambda each: each.naive_error)
        ),
        crps_gaussian_ratio=compare_crps(lambda each: each.crps_gaussian),
        crps_empirical_ratio=compare_crps(lambda each: each.crps_empirical),
        direction=_score_direction(days, resampling),
        revised=sum(each.outcome.revisions > 0 for each in settled),
        input_healed=sum(each.outcome.input_healed for each in settled),
        rolling_80=_roll_coverage(
            sorted({each.target for each in settled}),
            days.total(lambda each: float(each.inside_80)),
            counts,
        ),
    )


def score_stocks(settled: Sequence[ScoredPrediction]) -> tuple[StockScores, ...]:
    """Return each stock's own figures, by symbol."""
    ordered = sorted(settled, key=lambda each: each.symbol)
    return tuple(
        _score_stock(symbol, [each.outcome for each in group])
        for symbol, group in groupby(ordered, lambda each: each.symbol)
    )


def choose_afterwards(
    settled: Sequence[ScoredPrediction], symbols: Sequence[str]
) -> tuple[StoredChoice, ...]:
    """Return what the ranking of these symbols would have named, by the rule of the live ranking.

    For replayed predictions, of which no ranking is stored. Equal scores go by symbol.
    """
    wanted = set(symbols)
    choices = []
    for as_of, group in groupby(sorted(settled, key=_as_of), _as_of):
        ranked = sorted(
            (-each.outcome.score, each.symbol)
            for each in group
            if each.symbol in wanted and each.outcome.score is not None
        )
        if len(ranked) >= MIN_SELECTION:
            best = ranked[0][1] if ranked[0][0] < 0.0 else None
            choices.append(StoredChoice(as_of, best, tuple(sorted(each[1] for each in ranked))))
    return tuple(choices)


def score_best_buys(
    settled: Sequence[ScoredPrediction],
    choices: Sequence[StoredChoice],
    generator: Generator,
    cost: float = ROUND_TRIP_COST,
) -> BestBuyScores | None:
    """Return how the best buys did, or None without a session of which all returns are known."""
    returns = {(each.as_of, each.symbol): each.actual_return for each in settled}
    complete = [
        choice
        for choice in sorted(choices, key=_as_of)
        if len(choice.symbols) >= MIN_SELECTION
        and all((choice.as_of, each) in returns for each in choice.symbols)
    ]
    if not complete:
        return None
    best, switches = _hold_best_buys(complete, returns, cost)
    everything = np.array(
        [np.mean([returns[choice.as_of, each] for each in choice.symbols]) for choice in complete]
    )
    resampling = DailyResampling(len(complete), generator)
    targets = {each.as_of: each.target for each in settled}
    values = 100.0 * np.cumprod(1.0 + np.array([best, everything]), axis=1)
    return BestBuyScores(
        sessions=len(complete),
        picked=sum(choice.best is not None for choice in complete),
        switches=switches,
        cost=cost,
        best_return=resampling.mean(best),
        all_return=resampling.mean(everything),
        edge=resampling.mean(best - everything),
        best_value=float(values[0, -1]),
        all_value=float(values[1, -1]),
        course=tuple(
            BestBuyValue(targets[choice.as_of], *pair)
            for choice, pair in zip(complete, values.T.tolist(), strict=True)
        ),
    )


class _Days:
    """Outcomes by target session, and their sums per session [D]."""

    def __init__(self, groups: Iterable[list[Outcome]]) -> None:
        self.groups = list(groups)

    def total(self, figure: Callable[[Outcome], float]) -> FloatArray:
        return np.array([sum(map(figure, group)) for group in self.groups], dtype=np.float64)


def _roll_coverage(
    sessions: Sequence[date], inside: FloatArray, counts: FloatArray
) -> tuple[RollingCoverage, ...]:
    """Return the pooled share of each full stretch of sessions, given both sums per session [D]."""
    width = MIN_SETTLED_SESSIONS
    sums = np.cumsum(np.array([inside, counts]), axis=1)
    sums = np.concatenate([np.zeros((2, 1)), sums], axis=1)
    stretches = sums[:, width:] - sums[:, :-width]
    return tuple(
        RollingCoverage(session, share)
        for session, share in zip(
            sessions[width - 1 :], (stretches[0] / stretches[1]).tolist(), strict=True
        )
    )


def _score_direction(days: _Days, resampling: DailyResampling) -> Direction | None:
    moved = days.total(lambda each: float(each.actual_move is not Move.NONE))
    hits = days.total(
        lambda each: float(
            each.actual_move is not Move.NONE and each.actual_move is each.predicted_move
        )
    )
    rises = days.total(lambda each: float(each.actual_move is Move.UP))
    right, always_up = resampling.share(hits, moved), resampling.share(rises, moved)
    edge = resampling.ratio(hits - rises, moved)
    if right is None or always_up is None or edge is None:
        return None
    return Direction(int(moved.sum()), right, always_up, edge)


def _score_stock(symbol: str, outcomes: Sequence[Outcome]) -> StockScores:
    measured = [each for each in outcomes if each.crps_gaussian is not None]
    return StockScores(
        symbol=symbol,
        n=len(outcomes),
        coverage_80=sum(each.inside_80 for each in outcomes) / len(outcomes),
        mae_ratio=_ratio((each.error, each.naive_error) for each in outcomes),
        crps_gaussian_ratio=_ratio((each.crps, each.crps_gaussian or 0.0) for each in measured),
    )


def _ratio(pairs: Iterable[tuple[float, float]]) -> float | None:
    above, below = np.array([*pairs, (0.0, 0.0)]).sum(axis=0)
    return float(above / below) if below > 0.0 else None


def _hold_best_buys(
    choices: Sequence[StoredChoice], returns: Mapping[tuple[date, str], float], cost: float
) -> tuple[FloatArray, int]:
    """Return the net returns [D] of holding each session's best buy, and how often it changed."""
    held: str | None = None
    switches = 0
    earned = []
    for choice in choices:
        gain = 0.0
        if choice.best is not None:
            gain = returns[choice.as_of, choice.best]
            if choice.best != held:
                switches += 1
                gain -= cost
        held = choice.best
        earned.append(gain)
    return np.array(earned), switches


def _target(each: ScoredPrediction) -> date:
    return each.target


def _as_of(each: ScoredPrediction | StoredChoice) -> date:
    return each.as_of
