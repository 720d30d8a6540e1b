"""Walking forward through the past: nothing later is seen, and an interruption costs nothing."""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from oracle.adapters.checkpoints import MemoryCheckpoints
from oracle.domain.errors import InvalidForecaster, InvalidPriceFile, InvalidSelection
from oracle.domain.forecasts import LEVELS
from oracle.domain.price_tables import PriceTable
from oracle.forecasting import forecast
from oracle.services.backtest_forecaster import (
    Backtest,
    backtest_forecaster,
    fingerprint_backtest,
)
from oracle.services.plan_backtest import BacktestPlan, plan_backtest
from tests.unit.forecasting.simulated_market import panel_of, simulate_closes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.evaluation import Baseline


def table_of(closes: FloatArray) -> PriceTable:
    """Return a table of these closes with bars around them."""
    panel = panel_of(closes)
    return PriceTable(
        "a test", panel.symbols, panel.sessions, closes, closes, closes * 1.01, closes * 0.99
    )


TABLE = table_of(simulate_closes(200, 3))
PLAN = plan_backtest(TABLE, window=100)


def spread(closes: FloatArray, **_: Any) -> dict[str, FloatArray]:
    """Forecast the last close with a fixed spread around it."""
    last = closes[-1]
    return {
        "point": last * 1.0001,
        "quantiles": last[:, None] * np.linspace(0.97, 1.03, len(LEVELS)),
        "levels": np.array(LEVELS),
    }


@dataclass(frozen=True)
class Named:
    """A forecaster made for one test."""

    forecast: Callable[..., Mapping[str, Any]] = spread
    name: str = "tests:forecaster"
    source_digest: str = "1"


def run(
    forecaster: Named | None = None, table: PriceTable = TABLE, plan: BacktestPlan = PLAN
) -> Backtest:
    """Return a backtest that keeps nothing."""
    return backtest_forecaster(table, forecaster or Named(), plan, MemoryCheckpoints())


def crps_of(backtest: Backtest) -> dict[Baseline, float]:
    """Return the CRPS ratios against each baseline."""
    return {one.baseline: one.crps_ratio.value for one in backtest.evaluation.comparisons}


def test_each_forecast_sees_its_window_and_nothing_else() -> None:
    """Arrays end at the origin, hold at most the window, and share no memory with the table."""
    seen: list[int] = []

    def look(closes: FloatArray, **bars: Any) -> dict[str, FloatArray]:
        origin = int(np.flatnonzero((TABLE.closes == closes[-1]).all(axis=1))[0])
        start = max(0, origin - 99)
        np.testing.assert_array_equal(closes, TABLE.closes[start : origin + 1])
        np.testing.assert_array_equal(bars["high"], closes * 1.01)
        np.testing.assert_array_equal(bars["levels"], LEVELS)
        assert closes.base is None
        seen.append(origin)
        answer = spread(closes)
        # What a forecaster does to its arrays is its own.
        closes[:] = 0.0
        return answer

    run(Named(look))
    assert seen[: len(PLAN.origins)] == PLAN.origins.tolist()


def test_our_own_function_passes_the_audit() -> None:
    """The product's method gives the same scores once the future is destroyed."""
    plan = plan_backtest(TABLE, start=date(2016, 9, 1), window=150)
    backtest = run(Named(forecast), plan=plan)
    assert len(backtest.audit.sessions) == 5
    assert backtest.evaluation.abstained == 0
    assert str(backtest.last_target) == str(TABLE.sessions[-1])


def test_a_forecaster_that_changes_its_mind_is_found_out() -> None:
    """What it was asked in the meantime must not change its answer to the same question."""
    calls = 0

    def fickle(closes: FloatArray, **_: Any) -> dict[str, FloatArray]:
        nonlocal calls
        calls += 1
        answer = spread(closes)
        answer["point"] = answer["point"] * (1.0 + 1e-6 * calls)
        return answer

    with pytest.raises(InvalidForecaster, match="no forecast that can be reproduced"):
        run(Named(fickle))


def test_a_forecaster_that_reads_the_table_is_found_out() -> None:
    """One that reaches around its arguments, here to the outcome itself, fails the audit."""
    shown: list[PriceTable] = []
    original = PriceTable.rows

    def spy(table: PriceTable, first: int, last: int) -> PriceTable:
        shown.append(table)
        return original(table, first, last)

    def peek(closes: FloatArray, **_: Any) -> dict[str, FloatArray]:
        table = shown[-1]
        origin = int(np.flatnonzero((table.closes == closes[-1]).all(axis=1))[0])
        return spread(np.nan_to_num(table.closes[: origin + 2], nan=1.0))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PriceTable, "rows", spy)
        with pytest.raises(InvalidForecaster, match="it knows the future"):
            run(Named(peek))


class Stop(BaseException):
    """Somebody pressed Ctrl-C."""


@pytest.mark.parametrize("after", [0, 1, 57, 99])
def test_interrupted_run_equals_an_uninterrupted_one(after: int) -> None:
    """What was done is kept, nothing is done twice, and every figure is the same to the bit."""
    whole = run()
    checkpoints = MemoryCheckpoints()
    calls = 0

    def interrupted(closes: FloatArray, **_: Any) -> dict[str, FloatArray]:
        nonlocal calls
        if calls == after:
            raise Stop
        calls += 1
        return spread(closes)

    with pytest.raises(Stop):
        backtest_forecaster(TABLE, Named(interrupted), PLAN, checkpoints)
    calls = after + 1
    told: list[int] = []
    resumed = backtest_forecaster(TABLE, Named(interrupted), PLAN, checkpoints, observe=told.append)
    assert resumed.resumed == after
    assert told[0] == after
    assert calls == 1 + len(PLAN.origins) + 2 * len(resumed.audit.sessions)
    assert resumed.evaluation.mean_crps == whole.evaluation.mean_crps
    assert resumed.evaluation.comparisons == whole.evaluation.comparisons
    assert resumed.evaluation.reliability == whole.evaluation.reliability
    assert resumed.evaluation.by_stock == whole.evaluation.by_stock


def test_finished_run_is_not_computed_again() -> None:
    """Giving the same command twice costs the audit only."""
    checkpoints = MemoryCheckpoints()
    first = backtest_forecaster(TABLE, Named(), PLAN, checkpoints)
    second = backtest_forecaster(TABLE, Named(), PLAN, checkpoints)
    assert second.resumed == len(PLAN.origins)
    assert second.seconds == first.seconds
    assert second.evaluation.comparisons == first.evaluation.comparisons


def test_checkpoint_of_other_inputs_is_not_used() -> None:
    """Prices, window, sessions, the function's name and its source each make another run."""
    touched = TABLE.closes.copy()
    touched[60, 1] *= 1.0001
    variants = [
        fingerprint_backtest(TABLE, Named(), PLAN),
        fingerprint_backtest(table_of(touched), Named(), PLAN),
        fingerprint_backtest(replace(TABLE, open=None), Named(), PLAN),
        fingerprint_backtest(TABLE.select(["S1", "S0", "S2"]), Named(), PLAN),
        fingerprint_backtest(TABLE, Named(source_digest="2"), PLAN),
        fingerprint_backtest(TABLE, Named(name="other:forecaster"), PLAN),
        fingerprint_backtest(TABLE, Named(), BacktestPlan(PLAN.origins, 99)),
        fingerprint_backtest(TABLE, Named(), BacktestPlan(PLAN.origins[1:], 100)),
    ]
    assert len(set(variants)) == len(variants)


def test_checkpoint_of_another_form_is_begun_anew() -> None:
    """Arrays that are not those of this run are no reason to fail or to believe them."""
    for saved in ({"done": np.array(5)}, {"crps": np.zeros((1, 1))}):
        checkpoints = MemoryCheckpoints()
        checkpoints.save_checkpoint(fingerprint_backtest(TABLE, Named(), PLAN), saved)
        assert backtest_forecaster(TABLE, Named(), PLAN, checkpoints).resumed == 0


def test_crossing_quantiles_and_abstentions_are_taken() -> None:
    """Crossing quantiles are put in order; a stock left NaN counts as abstained."""

    def careless(closes: FloatArray, **_: Any) -> dict[str, FloatArray]:
        answer = spread(closes)
        answer["quantiles"] = answer["quantiles"][:, ::-1].copy()
        answer["point"][0] = np.nan
        answer["quantiles"][1, 3] = np.nan
        return answer

    backtest = run(Named(careless))
    assert backtest.evaluation.abstained == 2 * len(PLAN.origins)
    only = run(table=TABLE.select(["S2"]))
    assert crps_of(backtest) == pytest.approx(crps_of(only))


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"point": np.zeros(2)}, "point of the shape"),
        ({"quantiles": np.zeros((3, 5))}, "quantiles of the shape"),
        ({"levels": np.linspace(0.1, 0.9, 39)}, "other levels than it was asked for"),
        ({"point": ["a", "b", "c"]}, "no numbers as point"),
        ({"point": np.array([10.0, -1.0, 10.0])}, "It answered -1; a price is above 0"),
        ({"point": np.full(3, 1e300)}, "It answered 1e.300; a price is above 0"),
        ({"point": np.full(3, np.inf)}, "It answered inf; a price is above 0 and at most"),
        ({"quantiles": np.full((3, 39), -np.inf)}, "It answered -inf; a price is above 0"),
    ],
)
def test_an_answer_of_another_form_is_told(change: dict[str, Any], sentence: str) -> None:
    """The sentence says what is wrong with it, and for which session."""
    with pytest.raises(InvalidForecaster, match=sentence) as refused:
        run(Named(lambda closes, **_: {**spread(closes), **change}))
    assert str(TABLE.sessions[PLAN.origins[0]]) in str(refused.value)


def test_a_forecaster_that_fails_is_told() -> None:
    """Its own error stands in the sentence, with the session it failed on."""

    def fail(closes: FloatArray, **_: Any) -> dict[str, FloatArray]:
        raise ZeroDivisionError(f"{len(closes)} rows")

    with pytest.raises(InvalidForecaster, match="ZeroDivisionError: 100 rows"):
        run(Named(fail))
    with pytest.raises(InvalidForecaster, match="has no point"):
        run(Named(lambda _, **__: {}))
    with pytest.raises(InvalidForecaster, match="SystemExit: 3"):
        run(Named(lambda _, **__: sys.exit(3)))


def test_nothing_to_score_is_told() -> None:
    """A table whose stocks end before the first target gives a sentence and no figure."""
    closes = TABLE.closes.copy()
    closes[80:] = np.nan
    with pytest.raises(InvalidPriceFile, match="Nothing in a test could be scored"):
        run(table=table_of(closes))


def test_swapped_dates_are_called_that() -> None:
    """A start after the end is no lack of sessions."""
    start, end = date(2020, 3, 2), date(2019, 3, 1)
    with pytest.raises(InvalidSelection, match="The start, 2020-03-02, lies after the end, 2019-0"):
        plan_backtest(TABLE, start=start, end=end)


def test_plan_follows_the_dates() -> None:
    """Start and end are targets, both included; the defaults leave a past to learn from."""
    sessions = TABLE.sessions
    start, end = (sessions[row].astype("M8[D]").item() for row in (150, 160))
    plan = plan_backtest(TABLE, start=start, end=end)
    assert (plan.origins + 1).tolist() == list(range(150, 161))
    assert plan_backtest(TABLE).origins[0] == 99
    assert plan_backtest(TABLE, window=80).origins[0] == 79
    assert plan_backtest(TABLE, start=date(1990, 1, 1)).origins[0] == 60
    assert plan.seen_from(150) == 0
    assert BacktestPlan(plan.origins, 100).seen_from(150) == 51


@pytest.mark.parametrize(
    "wishes",
    [
        {"start": date(2030, 1, 1)},
        {"end": date(2016, 1, 10)},
        {"start": date(2016, 6, 4), "end": date(2016, 6, 5)},
        {"window": 60},
    ],
)
def test_a_plan_without_sessions_is_refused(wishes: dict[str, Any]) -> None:
    """Dates that leave nothing to forecast, or no past, are told as such."""
    with pytest.raises(InvalidSelection, match=r"no session to forecast|too short"):
        plan_backtest(TABLE, **wishes)
