"""Why a forecast is what it is: the exact parts it is the sum of, and the largest in words.

The model is linear, so nothing is approximated. The scale is A = sum of b_i x_i (when its floor
does not bind) and is compared with the stock's own average of the same terms over the last 250
sessions; the expected return is A times the sum of the market's and the residual part's terms.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.wording import write_change, write_share
from oracle.forecasting.mean import MEAN_CLIP
from oracle.forecasting.smoothing import known_or_zero

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray
    from oracle.forecasting.fit import Fit
    from oracle.forecasting.mean import MeanFeatures
    from oracle.forecasting.scale import ScaleFeatures

USUAL_SESSIONS = 250
"""The past over which the usual width is averaged."""

_NOTABLE = 0.05

_SUBJECTS: tuple[tuple[str, tuple[int, ...]], ...] = (
    ("the stock's own moves of the last weeks", (0, 1, 2)),
    ("the stock's moves over the past year", (3,)),
    ("the whole market's moves of the last weeks", (4, 5)),
    ("recent falls of the stock itself", (6, 10, 11)),
    ("recent falls of the whole market", (7, 8, 9)),
)


@dataclass(frozen=True, slots=True, eq=False)
class Contributions:
    """The additive parts of each stock's forecast (S stocks).

    `scale` [S, 12] are b_i x_i now and `usual_scale` [S, 12] their means over the last 250
    sessions, in log return; `floor` [S] is what the scale's lower bound adds, mostly zero.
    `market` [S, 5] and `residual` [S, 4] are the parts of the expected log return; `clip` [S] is
    what its bound takes away, mostly zero.
    """

    scale: FloatArray
    usual_scale: FloatArray
    floor: FloatArray
    market: FloatArray
    residual: FloatArray
    clip: FloatArray


def contributions_of(
    fit: Fit, features: ScaleFeatures, drift: MeanFeatures, scale: FloatArray
) -> Contributions:
    """Return the parts, whose sums are exactly the forecast's scale and expected log return."""
    terms = fit.scale_coefficients[:, None, None] * features.values[:, -USUAL_SESSIONS:]
    days = np.maximum(1, features.usable[-USUAL_SESSIONS:].sum(axis=0))
    now = terms[:, -1].T
    width = known_or_zero(scale[-1])
    market = width[:, None] * (fit.market_coefficients * drift.market[:, -1])
    residual = width[:, None] * (fit.residual_coefficients[:, None] * drift.residual[:, -1]).T
    wished = market.sum(axis=1) + residual.sum(axis=1)
    return Contributions(
        scale=now,
        usual_scale=(terms.sum(axis=1) / days).T,
        floor=width - now.sum(axis=1),
        market=market,
        residual=residual,
        clip=np.clip(wished, -MEAN_CLIP * width, MEAN_CLIP * width) - wished,
    )


def explain_forecasts(contributions: Contributions) -> tuple[tuple[str, ...], ...]:
    """Return per stock a sentence on its range and one on its expected return."""
    return tuple(
        (
            *_explain_range(contributions.scale[row], contributions.usual_scale[row]),
            _explain_expectation(contributions, row),
        )
        for row in range(len(contributions.scale))
    )


def _explain_range(now: FloatArray, usual: FloatArray) -> tuple[str, ...]:
    if now.sum() <= 0.0 or usual.sum() <= 0.0:
        return ()
    change = now.sum() / usual.sum() - 1.0
    if abs(change) < _NOTABLE:
        return ("The range is about as wide as it usually was over the past year.",)
    wider = change > 0.0
    steps = [(float((now - usual)[list(terms)].sum()), name) for name, terms in _SUBJECTS]
    size, subject = max(steps) if wider else min(steps)
    turn, turns = ("wider", "widens") if wider else ("narrower", "narrows")
    sentence = (
        f"The range is {write_share(100.0 * abs(change))} {turn} than its average over the past "
        f"year; what {turns} it most, by {100.0 * abs(size) / usual.sum():.0f} points, "
        f"are {subject}."
    )
    return (sentence,)


def _explain_expectation(contributions: Contributions, row: int) -> str:
    market = 100.0 * contributions.market[row].sum()
    own = 100.0 * contributions.residual[row].sum()
    return (
        f"Of the expected change, {write_change(market)} comes from the market as a whole and "
        f"{write_change(own)} from the stock itself."
    )
