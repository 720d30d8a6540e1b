"""Use case: how good a forecaster would have been, session by session, knowing only the past."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from time import perf_counter
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from oracle.domain.errors import InvalidPriceFile
from oracle.domain.forecasts import LEVELS
from oracle.forecasting.evaluation import (
    Evaluation,
    NothingToScore,
    Outcomes,
    Scores,
    evaluate,
    score_baselines,
)
from oracle.services.audit_forecaster import DEFAULT_AUDITED, Audit, audit_forecaster
from oracle.services.walk_forward import score_origin

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from oracle.domain.price_tables import PriceTable
    from oracle.services.plan_backtest import BacktestPlan
    from oracle.services.walk_forward import NamedForecaster

SEED = 19_900_102
"""Where the bootstrap's random numbers start: the same run gives the same intervals."""

SAVE_SECONDS = 5.0
"""How often a running backtest is saved; an interruption by the keyboard loses nothing at all."""

_FORMAT = "1"


class CheckpointStore(Protocol):
    """What long computations have done so far, so that they can go on after an interruption."""

    def find_checkpoint(self, key: str) -> dict[str, NDArray[Any]] | None:
        """Return the arrays saved under that key, or None when there are none to be used."""
        ...

    def save_checkpoint(self, key: str, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Save the arrays in place of earlier ones; an interruption leaves either, never a mix."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Backtest:
    """The outcome: what was evaluated, on what, how it was audited, and all figures.

    `seconds` is what the forecasts of all sessions took, over all runs that contributed;
    `resumed` how many of them an earlier run had made.
    """

    forecaster: str
    table: PriceTable
    plan: BacktestPlan
    audit: Audit
    evaluation: Evaluation
    seconds: float
    resumed: int

    @property
    def first_target(self) -> np.datetime64:
        """The first session that was forecast."""
        first: np.datetime64 = self.table.sessions[self.plan.origins[0] + 1]
        return first

    @property
    def last_target(self) -> np.datetime64:
        """The last session that was forecast."""
        last: np.datetime64 = self.table.sessions[self.plan.origins[-1] + 1]
        return last


@dataclass(slots=True)
class Walk:
    """How far the walk is: the scores of the first `done` origins, and the time they took."""

    scores: Scores
    done: int = 0
    seconds: float = 0.0


def backtest_forecaster(
    table: PriceTable,
    forecaster: NamedForecaster,
    plan: BacktestPlan,
    checkpoints: CheckpointStore,
    *,
    audited: int = DEFAULT_AUDITED,
    observe: Callable[[int], None] = lambda _: None,
) -> Backtest:
    """Return the rolling-origin evaluation of the forecaster on the table (Tashman 2000).

    Each forecast sees the rows of its window up to its origin and nothing later. `observe` is told
    how many origins are done. When this is interrupted, what was done stays in `checkpoints` and
    the same call goes on from there. Raises InvalidForecaster when the forecaster fails, answers
    in another form or does not pass the audit, InvalidPriceFile when nothing could be scored.
    """
    key = fingerprint_backtest(table, forecaster, plan)
    walk = _resume(checkpoints, key, len(plan.origins), len(table.symbols))
    resumed = walk.done

    _go_on(table, forecaster, plan, walk, _Saving(checkpoints, key, observe))
    audit = audit_forecaster(table, forecaster, plan, walk.scores, audited)

    return Backtest(
        forecaster=forecaster.name,
        table=table,
        plan=plan,
        audit=audit,
        evaluation=_evaluate(table, plan, walk.scores),
        seconds=walk.seconds,
        resumed=resumed,
    )


def fingerprint_backtest(table: PriceTable, forecaster: NamedForecaster, plan: BacktestPlan) -> str:
    """Return the SHA-256, in hexadecimal digits, of all that the forecasts' scores depend on."""
    used = table.rows(plan.seen_from(int(plan.origins[0])), int(plan.origins[-1]) + 1)
    settings = (
        *(_FORMAT, np.__version__, forecaster.name, forecaster.source_digest),
        *(str(plan.window), ",".join(used.symbols), str(LEVELS)),
    )
    digest = hashlib.sha256("\n".join(settings).encode())
    digest.update(plan.origins.astype("<i8").tobytes())
    digest.update(used.sessions.astype("<M8[D]").tobytes())
    for prices in (used.closes, used.open, used.high, used.low):
        digest.update(b"absent" if prices is None else prices.astype("<f8").tobytes())
    return digest.hexdigest()


class _Saving:
    """Saves the walk now and then, and tells the observer how far it is."""

    def __init__(
        self, checkpoints: CheckpointStore, key: str, observe: Callable[[int], None]
    ) -> None:
        self._checkpoints = checkpoints
        self._key = key
        self._observe = observe
        self._saved_at = perf_counter()

    def note(self, walk: Walk) -> None:
        self._observe(walk.done)
        if perf_counter() - self._saved_at >= SAVE_SECONDS:
            self.save(walk)

    def save(self, walk: Walk) -> None:
        state = {"done": np.array(walk.done), "seconds": np.array(walk.seconds)}
        self._checkpoints.save_checkpoint(self._key, {**walk.scores.to_arrays(), **state})
        self._saved_at = perf_counter()


def _go_on(
    table: PriceTable,
    forecaster: NamedForecaster,
    plan: BacktestPlan,
    walk: Walk,
    saving: _Saving,
) -> None:
    """Score the origins that are left; whatever ends this early, what was done is saved."""
    saving.note(walk)
    if walk.done == len(plan.origins):
        return
    try:
        for place in range(walk.done, len(plan.origins)):
            started = perf_counter()
            origin = int(plan.origins[place])
            scores = score_origin(table, forecaster, plan, origin, table.closes[origin + 1])
            walk.scores.write(slice(place, place + 1), scores)
            walk.seconds += perf_counter() - started
            walk.done = place + 1
            saving.note(walk)
    finally:
        saving.save(walk)


def _resume(checkpoints: CheckpointStore, key: str, origins: int, stocks: int) -> Walk:
    saved = checkpoints.find_checkpoint(key)
    if saved is not None:
        try:
            walk = Walk(Scores.from_arrays(saved), int(saved["done"]), float(saved["seconds"]))
        except KeyError:
            walk = Walk(Scores.empty(0, 0))  # Written in another form: begun anew.
        if walk.scores.crps.shape == (origins, stocks) and 0 <= walk.done <= origins:
            return walk
    return Walk(Scores.empty(origins, stocks))


def _evaluate(table: PriceTable, plan: BacktestPlan, scores: Scores) -> Evaluation:
    outcomes = Outcomes(
        sessions=table.sessions[plan.origins + 1],
        symbols=table.symbols,
        last=table.closes[plan.origins],
        actual=table.closes[plan.origins + 1],
    )
    baselines = score_baselines(table.closes, plan.origins)
    try:
        return evaluate(outcomes, scores, baselines, np.random.default_rng(SEED))
    except NothingToScore as nothing:
        raise InvalidPriceFile(
            f"Nothing in {table.name} could be scored: {nothing}.",
            hint="Each stock needs 60 returns before its first forecast, and prices after it.",
        ) from nothing
