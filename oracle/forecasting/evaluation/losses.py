"""What a single forecast lost against its outcome, in units of the last close.

Dividing by the last close lets stocks of any price be pooled. All functions work elementwise on
arrays of any leading shape; a missing (NaN) input gives a missing loss, never a made-up one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oracle.domain.forecasts import LEVELS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.prices import FloatArray


def absolute_error(point: FloatArray, actual: FloatArray, last: FloatArray) -> FloatArray:
    """Return |P - forecast| / P_last."""
    return np.abs(actual - point) / last


def pinball_loss(
    quantiles: FloatArray, actual: FloatArray, levels: Sequence[float] = LEVELS
) -> FloatArray:
    """Return (P - q_p) (p - 1{P < q_p}) as [..., Q] for quantiles [..., Q].

    The loss whose expectation the p-quantile minimises (Koenker and Bassett 1978).
    """
    distance = actual[..., None] - quantiles
    weight = np.asarray(levels, dtype=np.float64)
    loss: FloatArray = np.where(distance < 0.0, weight - 1.0, weight) * distance
    return loss


def crps(
    quantiles: FloatArray,
    actual: FloatArray,
    last: FloatArray,
    levels: Sequence[float] = LEVELS,
) -> FloatArray:
    """Return the continuous ranked probability score over P_last, [...] from quantiles [..., Q].

    The mean over the levels of twice the pinball loss, which tends to the integral of Matheson and
    Winkler (1976) as the levels grow dense (Gneiting and Ranjan 2011). It is proper: no one scores
    better in expectation than by stating the true distribution (Gneiting and Raftery 2007).
    """
    mean: FloatArray = 2.0 * pinball_loss(quantiles, actual, levels).mean(axis=-1)
    return mean / last


def rearrange(quantiles: FloatArray) -> FloatArray:
    """Return the quantiles [..., Q] in increasing order.

    Quantiles estimated one by one may cross; sorting them never raises the expected loss
    (Chernozhukov, Fernandez-Val and Galichon 2010).
    """
    return np.sort(quantiles, axis=-1)
