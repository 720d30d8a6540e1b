"""From bars to the outcome of a prediction, in the prices it was made in.

Bars are kept on the feed's newest scale: a split divides all closes before it, a dividend lowers
all adjusted closes before it. The ratio of two adjusted closes of one history is free of both. It
is the very return that the forecast is about, so

    actual = current price x adjusted close[target] / adjusted close[as_of]

is the close to compare with, whatever happened to the share on or after the target session. Where
the bar of `as_of` was corrected since, the corrected close stands in the place of the current
price: what was predicted is held against what the share truly cost, not against its own mistake.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite, log, prod
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.outcomes import Outcome, move_between
from oracle.forecasting.scoring import (
    crps,
    empirical_quantiles,
    gaussian_quantiles,
    known_log_returns,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from oracle.domain.forecasts import Prediction
    from oracle.domain.prices import FloatArray, PriceHistory, Split

SAME_PRICE = 5e-5
"""Prices that differ by less than this share, half a basis point, differ by rounding alone."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """What the bars say: the actual in the prediction's prices, whether its input was healed."""

    actual: float
    input_healed: bool

    def agrees_with(self, outcome: Outcome) -> bool:
        """Return whether that outcome says the same, but for rounding."""
        return self.input_healed == outcome.input_healed and not differ(self.actual, outcome.actual)


def differ(one: float, other: float) -> bool:
    """Return whether two prices differ by more than rounding."""
    return abs(one - other) > SAME_PRICE * abs(other)


def compare(
    prediction: Prediction, history: PriceHistory, splits: Sequence[Split] = ()
) -> Comparison | None:
    """Return what the bars say of the prediction, or None while one of the two bars is missing."""
    made_from = _row(history, prediction.as_of)
    target = _row(history, prediction.target)
    if made_from is None or target is None:
        return None
    growth = float(history.adj_close[target] / history.adj_close[made_from])
    newest = history.last_session
    # Two rows were found, so there is a newest one; splits after it have not reached the bars yet.
    since = [
        split.ratio
        for split in splits
        if newest is not None and prediction.as_of < split.session <= newest
    ]
    close = float(history.close[made_from])
    # The close of `as_of` as the prediction would have seen it, had it been right then: a split may
    # be reported before the bars show it, so the nearer of the two readings is taken.
    base = min(
        (close, close * prod(since)), key=lambda price: abs(log(price / prediction.current_price))
    )
    if differ(base, prediction.current_price):
        return Comparison(base * growth, input_healed=True)
    return Comparison(prediction.current_price * growth, input_healed=False)


def settle(
    prediction: Prediction, history: PriceHistory, comparison: Comparison, settled_at: datetime
) -> Outcome:
    """Return the outcome of a prediction that has numbers.

    The baselines see the history's bars up to `as_of` only. Raises ValueError for a prediction
    that abstained.
    """
    last, actual = prediction.current_price, comparison.actual
    if prediction.point is None or not prediction.quantiles:
        raise ValueError(f"{prediction.symbol}: a prediction without numbers has no outcome")
    returns = known_log_returns(history.up_to(prediction.as_of).adj_close)
    return Outcome(
        actual=actual,
        error=abs(prediction.point - actual) / last,
        naive_error=abs(last - actual) / last,
        crps=crps(prediction.quantiles, actual, last),
        crps_gaussian=_baseline_crps(gaussian_quantiles(returns, last), actual, last),
        crps_empirical=_baseline_crps(empirical_quantiles(returns, last), actual, last),
        inside_50=_is_inside(prediction, 0.5, actual),
        inside_80=_is_inside(prediction, 0.8, actual),
        inside_95=_is_inside(prediction, 0.95, actual),
        predicted_move=move_between(last, prediction.point),
        actual_move=move_between(last, actual),
        score=prediction.score,
        input_healed=comparison.input_healed,
        settled_at=settled_at,
    )


def _baseline_crps(quantiles: FloatArray | None, actual: float, last: float) -> float | None:
    return None if quantiles is None else crps(quantiles, actual, last)


def _is_inside(prediction: Prediction, level: float, actual: float) -> bool:
    interval = prediction.interval(level)
    return interval is not None and interval.lower <= actual <= interval.upper


def _row(history: PriceHistory, session: date) -> int | None:
    """Return the place of that session's bar if it has usable closes, else None."""
    day = np.datetime64(session, "D")
    row = int(np.searchsorted(history.sessions, day))
    if row >= len(history) or history.sessions[row] != day:
        return None
    usable = all(
        isfinite(price) and price > 0.0 for price in (history.close[row], history.adj_close[row])
    )
    return row if usable else None
