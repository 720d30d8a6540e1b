"""The lean of stocks whose window has no gap: one filter of their standardised returns.

With Z the clipped standardised returns, momentum is a multiple of the running sum of Z_{t-21} -
Z_{t-252}. So it, the last three values of Z and what all stocks have in common are one product of
matrices for each block of sessions. The numbers are those of `mean`, but for rounding.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.block_filters import BlockFilter, block_filter
from oracle.forecasting.mean import (
    LEAN_CLIP,
    MOMENTUM_FIRST_LAG,
    MOMENTUM_SESSIONS,
    RESIDUAL_LAGS,
    STANDARD_CLIP,
)
from oracle.forecasting.smoothing import BLOCK

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray

_MOMENTUM_END = MOMENTUM_FIRST_LAG + MOMENTUM_SESSIONS

_EARLIER = RESIDUAL_LAGS - 1
"""Values of Z that a block's first lean needs of the block before."""


@dataclass(frozen=True, slots=True)
class CompleteLean:
    """The filter: its input are the steps of the momentum, and Z itself stands after them."""

    filter: BlockFilter

    @classmethod
    def of(cls, shared: FloatArray, residual: FloatArray) -> CompleteLean:
        """Return the filter of the coefficients [4]; `shared` [N] is added to all stocks' leans."""
        running = _running_sum(len(shared))
        blocks, ends = len(shared) // BLOCK, running.gains.shape[2]
        lags = np.zeros((BLOCK, _EARLIER + BLOCK))
        for lag, coefficient in enumerate(residual[1:]):
            lags[range(BLOCK), range(_EARLIER - lag, _EARLIER - lag + BLOCK)] = coefficient
        gains = np.empty((blocks, BLOCK, ends + 1 + lags.shape[1]))
        gains[:, :, :ends] = running.gains * (residual[0] / np.sqrt(MOMENTUM_SESSIONS))
        gains[:, :, ends] = shared.reshape(blocks, BLOCK)
        gains[:, :, ends + 1 :] = lags
        return cls(BlockFilter(gains, running.ends, running.between))

    def errors(self, standard: FloatArray, first: int) -> tuple[FloatArray, FloatArray]:
        """Return the last lean [C] and r_{t+1} / A_t - lean_t [n, C] from the session `first` on.

        `standard` [N, C] are r_{t+1} / A_t, of which those before `first` enter the lean alone.
        """
        rows, columns = standard.shape
        # After as many zeros as momentum looks back, so that every lag is a slice.
        clipped = np.empty((_MOMENTUM_END + rows, columns))
        clipped[:_MOMENTUM_END] = 0.0
        np.clip(standard, -STANDARD_CLIP, STANDARD_CLIP, out=clipped[_MOMENTUM_END:])

        def lagged(sessions: int) -> FloatArray:
            start = _MOMENTUM_END - sessions
            return clipped[start : start + rows].reshape(-1, BLOCK, columns)

        room = self._room(columns)
        np.subtract(
            lagged(MOMENTUM_FIRST_LAG), lagged(_MOMENTUM_END), out=room[:, self.filter.rows(0)]
        )
        room[:, -BLOCK:] = lagged(0)
        room[:, -BLOCK - _EARLIER : -BLOCK] = lagged(_EARLIER)[:, :_EARLIER]
        block = first // BLOCK
        lean = self.filter.apply(room, block).reshape(-1, columns)[first - block * BLOCK :]
        np.clip(lean, -LEAN_CLIP, LEAN_CLIP, out=lean)
        return lean[-1], standard[first + 1 :] - lean[:-1]

    def _room(self, columns: int) -> FloatArray:
        """Return the filter's room with its row of ones, after which those of Z follow."""
        blocks, _, rows = self.filter.gains.shape
        room = np.empty((blocks, rows, columns))
        room[:, rows - BLOCK - _EARLIER - 1] = 1.0
        return room


@lru_cache(maxsize=16)
def _running_sum(rows: int) -> BlockFilter:
    """Return the sum of all sessions so far, which has the same gains in every block."""
    whole = block_filter(((np.inf,),), np.ones((1, rows)))
    return BlockFilter(whole.gains[:1], whole.ends, whole.between)
