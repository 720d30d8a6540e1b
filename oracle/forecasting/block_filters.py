"""Weighted sums of many exponential sums at once, without making those sums.

A sum over half-lives h of w_h(t) s_h(t), with s_h(t) = sum over k >= 0 of d_h^k v(t-k), is what a
linear form of exponential means is where nothing is missing: its bias corrections and coefficients
are numbers w_h(t) of the session alone. With sessions in blocks of B it is

    out[b, i] = sum_j (sum_h w_h(b, i) d_h^(i-j)) v[b, j] + sum_h w_h(b, i) d_h^(i+1) c_h[b],

where c_h[b] is the sum s_h at the end of the block before: one matrix product of what stands in the
brackets with [v, c], whatever the number of half-lives.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.smoothing import BLOCK, decay_kernels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.prices import FloatArray


@dataclass(frozen=True, slots=True)
class BlockFilter:
    """The matrices of one such sum over I inputs with H half-lives in all.

    `gains` [blocks, B, I B + H], `ends` [blocks or 1, H, I B] for the sums at the ends of blocks,
    and `between` [H, blocks - 1, blocks] for what each next block inherits of them.
    """

    gains: FloatArray
    ends: FloatArray
    between: FloatArray

    def room(self, columns: int) -> FloatArray:
        """Return an array [blocks, I B + H, columns], whose first I B rows are to be filled."""
        return np.empty((len(self.gains), self.gains.shape[2], columns))

    def apply(self, room: FloatArray) -> FloatArray:
        """Return the sum as [blocks, B, C]; `room`, whose first rows hold the inputs, is used up.

        Every column is computed by itself: what is not finite stays in its own.
        """
        given = self.ends.shape[2]
        ends = np.matmul(self.ends, room[:, :given]).transpose(1, 0, 2)
        room[0, given:] = 0.0
        room[1:, given:] = np.matmul(self.between, ends).transpose(1, 0, 2)
        total: FloatArray = np.matmul(self.gains, room)
        return total


def block_filter(
    inputs: Sequence[tuple[float, ...]], weights: FloatArray, entering: FloatArray | None = None
) -> BlockFilter:
    """Return the filter of inputs that are each summed with the half-lives of a tuple.

    `weights` [H, N] are the w_h(t) of all half-lives, input by input, N a multiple of B; each
    input's session t is multiplied by `entering` [N] first, if that is given.
    """
    half_lives = tuple(half_life for some in inputs for half_life in some)
    blocks = weights.shape[1] // BLOCK
    within, between, fading = decay_kernels(half_lives, blocks)
    by_place = weights.reshape(len(weights), blocks, BLOCK).transpose(2, 1, 0)
    given = len(inputs) * BLOCK
    gains = np.empty((blocks, BLOCK, given + len(half_lives)))
    ends = np.zeros((1, len(half_lives), given))
    first = 0
    for place, some in enumerate(inputs):
        states = slice(first, first + len(some))
        rows = slice(place * BLOCK, (place + 1) * BLOCK)
        inside = np.matmul(by_place[:, :, states], within[states].transpose(1, 0, 2))
        gains[:, :, rows] = inside.transpose(1, 0, 2)
        ends[0, states, rows] = within[states, -1]
        first = states.stop
    gains[:, :, given:] = (by_place * fading[:, :, 0].T[:, None]).transpose(1, 0, 2)
    if entering is not None:
        each = np.tile(entering.reshape(blocks, 1, BLOCK), (1, 1, len(inputs)))
        gains[:, :, :given] *= each
        ends = ends * each
    return BlockFilter(gains, ends, between)
