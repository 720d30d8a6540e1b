"""One forecast of the past: a forecaster is shown the rows up to an origin, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from oracle.domain.errors import InvalidForecaster
from oracle.domain.forecasts import LEVELS
from oracle.forecasting.evaluation import Scores, read_answer, score_forecasts

if TYPE_CHECKING:
    from oracle.domain.price_tables import PriceTable
    from oracle.domain.prices import FloatArray
    from oracle.forecasting.evaluation import Forecaster
    from oracle.services.plan_backtest import BacktestPlan


class NamedForecaster(Protocol):
    """A forecaster with its name and a digest of its source."""

    @property
    def name(self) -> str:
        """What it is called, such as `module:function`."""
        ...

    @property
    def forecast(self) -> Forecaster:
        """The function itself."""
        ...

    @property
    def source_digest(self) -> str:
        """What changes when its source does."""
        ...


def score_origin(
    table: PriceTable,
    forecaster: NamedForecaster,
    plan: BacktestPlan,
    origin: int,
    actual: FloatArray,
) -> Scores:
    """Return the scores [1, S] of the forecast from that row against the closes `actual` [S].

    Raises InvalidForecaster when the forecaster fails or answers in another form.
    """
    # A copy shares no memory with the table, so later rows cannot even be reached by accident.
    seen = table.rows(plan.seen_from(origin), origin)
    last = table.closes[origin]
    try:
        answer = forecaster.forecast(
            seen.closes, open=seen.open, high=seen.high, low=seen.low, levels=np.array(LEVELS)
        )
    except (Exception, SystemExit) as error:
        raise InvalidForecaster(
            f"{forecaster.name} failed on the session after {table.sessions[origin]}: "
            f"{type(error).__name__}: {error}"
        ) from error
    try:
        point, quantiles = read_answer(answer, len(table.symbols))
    except InvalidForecaster as error:
        raise InvalidForecaster(
            f"{forecaster.name}, asked for the session after {table.sessions[origin]}: {error}"
        ) from error
    return score_forecasts(point[None], quantiles[None], actual=actual[None], last=last[None])
