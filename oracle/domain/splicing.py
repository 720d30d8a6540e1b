"""Joins a newly delivered history to older rows that the feed no longer delivers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray, PriceHistory

COMMON_SESSIONS = 20
"""How many of the oldest common sessions the factor between both scales is the median of."""

SAME_SCALE = 1e-6
"""A factor this close to 1 is rounding, not a split or a dividend."""


def splice_history(stored: PriceHistory | None, delivered: PriceHistory) -> PriceHistory:
    """Return the delivered rows, and before them the older stored ones on the delivered scale.

    A split or dividend changes every earlier price by one factor, which the common sessions show.
    Older rows that share no session with the delivered ones cannot be put on their scale: they are
    left out.
    """
    if stored is None or not len(delivered):
        return delivered
    older = stored.sessions < delivered.sessions[0]
    common, here, there = np.intersect1d(
        delivered.sessions, stored.sessions, assume_unique=True, return_indices=True
    )
    if not older.any() or not common.size:
        return delivered
    here, there = here[:COMMON_SESSIONS], there[:COMMON_SESSIONS]
    price = _factor(delivered.close[here], stored.close[there])
    adjusted = _factor(delivered.adj_close[here], stored.adj_close[there])
    return replace(
        delivered,
        sessions=np.concatenate([stored.sessions[older], delivered.sessions]),
        open=np.concatenate([stored.open[older] * price, delivered.open]),
        high=np.concatenate([stored.high[older] * price, delivered.high]),
        low=np.concatenate([stored.low[older] * price, delivered.low]),
        close=np.concatenate([stored.close[older] * price, delivered.close]),
        adj_close=np.concatenate([stored.adj_close[older] * adjusted, delivered.adj_close]),
        volume=np.concatenate([stored.volume[older] / price, delivered.volume]),
    )


def _factor(delivered: FloatArray, stored: FloatArray) -> float:
    factor = float(np.median(delivered / stored))
    return 1.0 if abs(factor - 1.0) < SAME_SCALE else factor
