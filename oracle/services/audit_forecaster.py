"""The audit of a backtest: later rows are destroyed, and nothing may change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.errors import InvalidForecaster
from oracle.services.walk_forward import score_origin

if TYPE_CHECKING:
    from oracle.domain.price_tables import PriceTable
    from oracle.domain.prices import FloatArray
    from oracle.forecasting.evaluation import Scores
    from oracle.services.plan_backtest import BacktestPlan
    from oracle.services.walk_forward import NamedForecaster

DEFAULT_AUDITED = 5
_SEED = 12_345
_HINT = (
    "If it has changed since an interrupted run (data it reads, modules it loads by name), "
    "begin anew with --restart."
)
_TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class Audit:
    """The sessions whose forecasts were made twice more, each time to the same scores.

    Once from the table as it is, which shows that they can be reproduced, and once from a table
    whose rows after the origin hold rubbish, which shows that those rows are not used.
    """

    sessions: tuple[str, ...]


def audit_forecaster(
    table: PriceTable,
    forecaster: NamedForecaster,
    plan: BacktestPlan,
    scores: Scores,
    count: int = DEFAULT_AUDITED,
) -> Audit:
    """Return the audit of `count` origins spread over the plan, whose scores are known already.

    It comes after the walk: a forecaster that remembers what it was shown later is found out as
    well. Raises InvalidForecaster at the first score that is not the same.
    """
    places = np.unique(np.linspace(0, len(plan.origins) - 1, count).round().astype(np.intp))
    for place in places.tolist():
        origin = int(plan.origins[place])
        actual = table.closes[origin + 1]
        trials = (
            (table, "asked the same again, which is no forecast that can be reproduced"),
            (
                destroy_rows_after(table, origin),
                "once later prices were destroyed: it knows the future",
            ),
        )
        for shown, reproach in trials:
            again = score_origin(shown, forecaster, plan, origin, actual)
            if not _same(again, scores, place):
                raise InvalidForecaster(
                    f"{forecaster.name} answers otherwise for the session "
                    f"{table.sessions[origin + 1]} {reproach}.",
                    hint=_HINT,
                )
    targets = table.sessions[plan.origins[places] + 1]
    return Audit(tuple(str(session) for session in targets))


def destroy_rows_after(table: PriceTable, row: int) -> PriceTable:
    """Return the table with wild prices and gaps in every row after that one."""
    generator = np.random.default_rng(_SEED)

    def destroy(prices: FloatArray) -> FloatArray:
        rubbish = np.exp(generator.normal(0.0, 5.0, prices[row + 1 :].shape))
        rubbish[generator.random(rubbish.shape) < 0.2] = np.nan  # noqa: PLR2004 - some gaps
        return np.vstack([prices[: row + 1], rubbish])

    return replace(table.map(destroy), name=f"{table.name}, destroyed after {table.sessions[row]}")


def _same(again: Scores, scores: Scores, place: int) -> bool:
    known = scores.to_arrays()
    return all(
        np.allclose(values[0], known[name][place], rtol=_TOLERANCE, atol=1e-13, equal_nan=True)
        for name, values in again.to_arrays().items()
    )
