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

    `gains` [blocks or 1, B, I B + H], one column more with a constant, `ends` [blocks or 1, H, I B]
    for the sums at the ends of blocks, and `between` [H, blocks - 1, blocks] for what each next
    block inherits of them. The inputs stand in reverse order, so that the rows of the first are
    followed by its first sum: with those alone another sum can be made of the same room.
    """

    gains: FloatArray
    ends: FloatArray
    between: FloatArray

    def room(self, columns: int) -> FloatArray:
        """Return an array [blocks, I B + H, columns], in which the inputs' rows are to be filled.

        With a constant it has a row of ones as well.
        """
        room = np.empty((self.between.shape[2], self.gains.shape[2], columns))
        room[:, self.ends.shape[2] + len(self.between) :] = 1.0
        return room

    def rows(self, place: int) -> slice:
        """Return where an input stands in the room."""
        end = self.ends.shape[2] - place * BLOCK
        return slice(end - BLOCK, end)

    def apply(self, room: FloatArray, first: int = 0) -> FloatArray:
        """Return the sum as [blocks, B, C] and complete the room, whose inputs are filled in.

        Only the blocks from the `first` on are returned. Every column is computed by itself: what
        is not finite stays in its own.
        """
        given = self.ends.shape[2]
        sums = slice(given, given + len(self.between))
        ends = np.matmul(self.ends, room[:, :given]).transpose(1, 0, 2)
        room[0, sums] = 0.0
        room[1:, sums] = np.matmul(self.between, ends).transpose(1, 0, 2)
        total: FloatArray = np.matmul(self.gains[first:], room[first:])
        return total


def block_filter(
    inputs: Sequence[tuple[float, ...]],
    weights: FloatArray,
    entering: FloatArray | None = None,
    constant: FloatArray | None = None,
) -> BlockFilter:
    """Return the filter of inputs that are each summed with the half-lives of a tuple.

    `weights` [H, N] are the w_h(t) of all half-lives, input by input, N a multiple of B; each
    input's session t is multiplied by `entering` [N] first, if that is given, and `constant` [N]
    is added to the sum.
    """
    half_lives = tuple(half_life for some in inputs for half_life in some)
    blocks = weights.shape[1] // BLOCK
    within, between, fading = decay_kernels(half_lives, blocks)
    by_place = weights.reshape(len(weights), blocks, BLOCK).transpose(2, 1, 0)
    given = len(inputs) * BLOCK
    gains = np.empty((blocks, BLOCK, given + len(half_lives) + (constant is not None)))
    ends = np.zeros((1, len(half_lives), given))
    first = 0
    for place, some in enumerate(inputs, 1):
        states = slice(first, first + len(some))
        rows = slice(given - place * BLOCK, given - (place - 1) * BLOCK)
        inside = np.matmul(by_place[:, :, states], within[states].transpose(1, 0, 2))
        gains[:, :, rows] = inside.transpose(1, 0, 2)
        ends[0, states, rows] = within[states, -1]
        first = states.stop
    inherited = by_place * fading[:, :, 0].T[:, None]
    gains[:, :, given : given + len(half_lives)] = inherited.transpose(1, 0, 2)
    if constant is not None:
        gains[:, :, -1] = constant.reshape(blocks, BLOCK)
    if entering is not None:
        each = np.tile(entering.reshape(blocks, 1, BLOCK), (1, 1, len(inputs)))
        gains[:, :, :given] *= each
        ends = ends * each
    return BlockFilter(gains, ends, between)
