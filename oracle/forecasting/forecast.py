"""The distribution of the next session's return of any stocks, from a frozen fit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.forecasts import LEVELS
from oracle.forecasting.abstention import refusals, usable_sessions
from oracle.forecasting.allocation import keep_freed_memory
from oracle.forecasting.complete_stocks import complete_path
from oracle.forecasting.distribution import MEDIAN, blended_quantiles, own_quantiles
from oracle.forecasting.explanation import Reasons
from oracle.forecasting.workings import SMALL_POOL, PartsOnDemand, in_parts, work_out

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.contributions import Contributions
    from oracle.forecasting.fit import Fit
    from oracle.forecasting.panel import Panel
    from oracle.forecasting.workings import Workings


@dataclass(frozen=True, slots=True, eq=False)
class PanelForecast:
    """Distributions of the log return from the close of `as_of` to the next session's close.

    For S stocks: `expected_log_return` [S], the median; `scale` A [S] (expected absolute log
    return), `log_return_quantiles` [S, 39] at LEVELS, `observations` [S] the usable sessions.
    Where `abstained` [S] is set these numbers are NaN. `refusals` holds per stock the sentences
    on why it abstained, and `parts` what explains the forecasts, made when it is asked for.
    """

    symbols: tuple[str, ...]
    as_of: date
    expected_log_return: FloatArray
    scale: FloatArray
    log_return_quantiles: FloatArray
    observations: NDArray[np.int64]
    abstained: NDArray[np.bool_]
    refusals: Sequence[tuple[str, ...]]
    parts: PartsOnDemand

    @property
    def contributions(self) -> Contributions:
        """The exact parts of the expected log return and of A."""
        return self.parts.contributions

    @property
    def reasons(self) -> Sequence[tuple[str, ...]]:
        """Per stock why it abstained, or what drives its forecast."""
        return Reasons(self.refusals, self.contributions)


@dataclass(frozen=True, slots=True, eq=False)
class PriceForecast:
    """The same in prices: `point` [S] and `quantiles` [S, 39], NaN where the stock abstained."""

    point: FloatArray
    quantiles: FloatArray


@dataclass(frozen=True, slots=True)
class _Numbers:
    """What the prices of S stocks end in, filled in part by part.

    A and the lean of the last session [S], the own quantiles [S, 39] of n_j [S] errors, the usable
    sessions [S], and whether A is measured [S].
    """

    scale: FloatArray
    lean: FloatArray
    own: FloatArray
    counts: NDArray[np.int64]
    observations: NDArray[np.int64]
    usable: NDArray[np.bool_]

    @classmethod
    def room(cls, stocks: int) -> _Numbers:
        """Return arrays for so many stocks, of which nothing is known yet."""
        return cls(
            np.full(stocks, np.nan),
            np.full(stocks, np.nan),
            np.full((stocks, len(LEVELS)), np.nan),
            np.zeros(stocks, dtype=np.int64),
            np.zeros(stocks, dtype=np.int64),
            np.zeros(stocks, dtype=np.bool_),
        )


def forecast_panel(fit: Fit, panel: Panel) -> PanelForecast:
    """Return the forecasts of the panel's stocks for the session after `fit.as_of`.

    Only prices on the fit's sessions are used, so rows after `fit.as_of` change nothing. Each
    stock's numbers depend on the fit and its own prices alone, never on who else is asked for.
    The panel's prices must not change before the reasons and contributions have been looked at.
    """
    keep_freed_memory()
    window = panel.on(fit.sessions)
    numbers = _Numbers.room(len(window.symbols))
    kept = fit.workings_of(window)
    if kept is not None:
        _fill_in(numbers, slice(None), window, kept)
    elif len(fit.symbols) <= SMALL_POOL:
        for part, some in in_parts(window):
            _fill_in(numbers, part, some, work_out(fit, some))
    else:
        incomplete = np.flatnonzero(~_follow_complete(fit, window, numbers))
        for part, some in in_parts(window.columns(incomplete.tolist())):
            _fill_in(numbers, incomplete[part], some, work_out(fit, some))
    shape = blended_quantiles(numbers.own, numbers.counts, fit.z_quantiles)
    refused = refusals(window, numbers.observations, numbers.usable)
    abstained = np.array([bool(refusal) for refusal in refused], dtype=np.bool_)
    quantiles = numbers.scale[:, None] * (numbers.lean[:, None] + shape)
    quantiles[abstained] = np.nan
    return PanelForecast(
        symbols=window.symbols,
        as_of=fit.as_of,
        expected_log_return=quantiles[:, MEDIAN],
        scale=np.where(abstained, np.nan, numbers.scale),
        log_return_quantiles=quantiles,
        observations=numbers.observations,
        abstained=abstained,
        refusals=refused,
        parts=PartsOnDemand(fit, window),
    )


def _follow_complete(fit: Fit, window: Panel, numbers: _Numbers) -> NDArray[np.bool_]:
    """Fill in the numbers of the stocks without gaps and return which those are, [S]."""
    done = np.zeros(len(window.symbols), dtype=np.bool_)
    with_ranges = window.high is not None and fit.market.has_range
    path = complete_path(fit, with_ranges=with_ranges)
    if path is None:
        return done
    for part, some in in_parts(window):
        outcome = path.follow(some)
        done[part] = outcome.complete
        # The numbers of the others are written over by the general path.
        numbers.scale[part], numbers.lean[part] = outcome.scale, outcome.lean
        numbers.own[part], numbers.counts[part] = own_quantiles(outcome.errors)
    numbers.observations[done] = len(fit.sessions)
    numbers.usable[done] = True
    return done


def _fill_in(
    numbers: _Numbers, columns: NDArray[np.int64] | slice, some: Panel, workings: Workings
) -> None:
    """Fill in the numbers of these stocks, which stand in these columns."""
    numbers.scale[columns] = workings.path.scale[-1]
    numbers.lean[columns] = workings.lean[-1]
    numbers.own[columns], numbers.counts[columns] = own_quantiles(workings.errors)
    numbers.observations[columns] = usable_sessions(some, workings.returns)
    numbers.usable[columns] = workings.features.usable[-1]


def to_prices(forecast: PanelForecast, last_closes: ArrayLike) -> PriceForecast:
    """Return point and quantiles P exp(log return) for the last closes P [S].

    P is the split-adjusted close of `forecast.as_of` in currency, not adjusted for dividends.
    """
    closes = np.asarray(last_closes, dtype=np.float64)
    return PriceForecast(
        point=closes * np.exp(forecast.expected_log_return),
        quantiles=closes[:, None] * np.exp(forecast.log_return_quantiles),
    )
