"""Everything that is computed of some stocks on all sessions: the general path, and the reasons.

It takes any gaps. With a fit of a large pool stocks without a gap are forecast in fewer passes
(`complete_stocks`); why their forecast is what it is, is worked out here as well, once somebody
asks for it. With a fit of a small pool that preparation costs more than it saves: all stocks go
this way, and the pool's own forecast begins with what its fit has just computed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.bars import ranges_of
from oracle.forecasting.contributions import Contributions, Path, contributions_of
from oracle.forecasting.distribution import MEDIAN, standardised_errors, stock_quantiles
from oracle.forecasting.mean import (
    centred_market,
    lean_of,
    residual_features,
    residual_part,
    standardise,
)
from oracle.forecasting.scale import scale_features
from oracle.forecasting.surprise import own_surprises, stock_factors, surprises

if TYPE_CHECKING:
    from collections.abc import Iterator

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.fit import Fit
    from oracle.forecasting.panel import Panel
    from oracle.forecasting.scale import ScaleFeatures

STOCKS_AT_ONCE = 32
"""So many stocks' arrays stay in the processor's cache; more at once are slower, and not better."""


SMALL_POOL = 32
"""A fit of so many stocks or fewer is applied by the general path alone."""


@dataclass(frozen=True, slots=True)
class Workings:
    """The returns, features, path, lean and standardised errors of some stocks."""

    returns: FloatArray
    features: ScaleFeatures
    path: Path
    lean: FloatArray
    errors: FloatArray


class PoolWorkings:
    """The workings of a small pool, and a copy of the prices that they were made of."""

    __slots__ = ("_prices", "_sessions", "_symbols", "workings")

    def __init__(self, window: Panel, workings: Workings) -> None:
        self._symbols, self._sessions = window.symbols, window.sessions
        self._prices = [None if part is None else part.copy() for part in window.prices()]
        self.workings = workings

    def are_of(self, window: Panel) -> bool:
        """Tell whether the stocks, sessions and prices are the same, bit by bit."""
        return (
            self._symbols == window.symbols
            and np.array_equal(self._sessions, window.sessions)
            and all(map(_same, self._prices, window.prices()))
        )


def _same(first: FloatArray | None, second: FloatArray | None) -> bool:
    if first is None or second is None:
        return first is second
    # Nearly always nothing is missing, and the first look is enough.
    return first.shape == second.shape and (
        bool((first == second).all()) or np.array_equal(first, second, equal_nan=True)
    )


def work_out(fit: Fit, window: Panel) -> Workings:
    """Return the workings of the window's stocks, all of which are computed side by side."""
    window = window.by_stock()
    returns = window.log_returns()
    features = scale_features(returns, ranges_of(window, returns), fit.market)
    before = features.scale(fit.close_coefficients, fit.range_coefficients)
    own = own_surprises(surprises(returns, before), fit.pool_factor)
    factor = stock_factors(own, fit.usual_surprise)
    scale = before * fit.pool_factor[:, None] * factor
    residuals = standardise(returns, scale) - fit.market_z[:, None]
    market = fit.market_coefficient * centred_market(fit.market_z)
    lean = lean_of(market, residual_part(residual_features(residuals), fit.residual_coefficients))
    path = Path(before, fit.pool_factor, factor, scale, residuals)
    return Workings(returns, features, path, lean, standardised_errors(returns, scale, lean))


def in_parts(window: Panel) -> Iterator[tuple[slice, Panel]]:
    """Yield the stocks in parts that fit the processor's cache: their columns, and their panel."""
    for start in range(0, len(window.symbols), STOCKS_AT_ONCE):
        part = slice(start, start + STOCKS_AT_ONCE)
        yield part, window.columns(part)


class PartsOnDemand:
    """The contributions to the forecasts of a window's stocks, made when first asked for.

    The window's prices must not change before that.
    """

    def __init__(self, fit: Fit, window: Panel) -> None:
        self._fit = fit
        self._window = window

    @cached_property
    def contributions(self) -> Contributions:
        """The exact parts, by the general path for all stocks."""
        fit = self._fit
        market = float(fit.market_coefficient * centred_market(fit.market_z)[-1])
        parts = [
            contributions_of(fit, workings.features, workings.path, market, centre[:, MEDIAN])
            for _, some in in_parts(self._window)
            for workings in (work_out(fit, some),)
            for centre in (stock_quantiles(workings.errors, fit.z_quantiles),)
        ]
        return Contributions.joined(parts)
