"""The least squares of the model: weighted, shrunk towards a prior, reweighted once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.scale import FLOOR, SMALLEST_SCALE

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from oracle.domain.prices import FloatArray
    from oracle.forecasting.scale import LinearForm

PRIOR_STOCK_DAYS = 2000.0
"""How many stock-days of evidence the prior is worth (Zellner's g-prior)."""

FORGETTING_HALF_LIFE = 1250.0
"""Sessions after which a stock-day counts half in the fit."""

# Makes the solution unique when columns coincide (one stock alone is its own market) without
# moving any well-determined coefficient by more than about a millionth.
_RIDGE = 1e-8

# Stock-days per step, so that the step's arrays stay in the processor's cache.
_CHUNK = 8_192


@dataclass(frozen=True, slots=True)
class StockDays:
    """The stock-days that a form of the scale learns from, all [T, S].

    `target` |r_{t+1}|, `sizes` n, `unused`, and `weights`, which are those of the first fit, of a
    sum `total` once they are multiplied by n^2. Every array has a place for the last session as
    well, with weight zero: so none has a hole.
    """

    target: FloatArray
    sizes: FloatArray
    unused: NDArray[np.bool_]
    weights: FloatArray
    total: float

    @classmethod
    def of(cls, norm: FloatArray, used: NDArray[np.bool_], absolute: FloatArray) -> StockDays:
        """Return those that are `used` and have a next return in `absolute` |r|."""
        unused = ~used
        unused[:-1] |= np.isnan(absolute[1:])
        unused[-1:] = True
        target = np.zeros_like(absolute)
        np.fmax(absolute[1:], 0.0, out=target[:-1])  # Zero in place of NaN, in one pass.
        sizes = np.maximum(norm, SMALLEST_SCALE)  # Larger already where it is used.
        squares = sizes * sizes
        weights = _fading(len(norm))[:, None] / squares
        np.copyto(weights, 0.0, where=unused)
        squares *= weights
        return cls(target, sizes, unused, weights, _sum(squares))


def fit_scale(form: LinearForm, days: StockDays, prior: FloatArray) -> FloatArray:
    """Return b, the coefficients of one form of the scale; the prior itself without evidence.

    Weighted least squares of y = |r_{t+1}| / n_t on x_t / n_t, twice. The weights halve every 1,250
    sessions; the second time they are also divided by max(0.2, b'x / n)^2 as the first fit gives
    it, since the noise of |r| is proportional to A (feasible generalised least squares).
    """
    if days.unused.all():
        return prior.copy()
    first = _solve_towards(prior, *_moments(form, days.weights, days.target), days.total)
    expected = form.value(first)
    np.maximum(expected, FLOOR * days.sizes, out=expected)
    expected *= expected
    weights = np.divide(_fading(len(expected))[:, None], expected, out=expected)
    np.copyto(weights, 0.0, where=days.unused)
    total = _sum(days.sizes * days.sizes * weights)
    return _solve_towards(prior, *_moments(form, weights, days.target), total)


@lru_cache(maxsize=16)
def _fading(sessions: int) -> FloatArray:
    """Return the weights [T] that halve every 1,250 sessions, one for the last but one."""
    fading: FloatArray = np.exp2(np.arange(2.0 - sessions, 2.0) / FORGETTING_HALF_LIFE)
    fading.setflags(write=False)
    return fading


def _sum(values: FloatArray) -> float:
    return float(values.sum())


def _moments(
    form: LinearForm, weights: FloatArray, target: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return G = sum w xx' [K, K] and g = sum w xy [K] with `weights` w and `target` y [T, S].

    Terms of the market are one series each times `relative`: of those the sums per session suffice,
    so that only the stocks' own terms are worked through, some stocks at once.
    """
    own, (sessions, stocks) = len(form.own), weights.shape
    terms, relative = form.own.transpose(0, 2, 1), form.relative.T
    direct = np.zeros((own + 1, own))
    with_market = np.zeros((own + 2, sessions))
    step = max(1, _CHUNK // sessions)
    for start in range(0, stocks, step):
        some = slice(start, start + step)
        weight, part = weights.T[some], terms[:, some]
        # The own terms, the target and `relative`, all times the weight.
        rows = np.empty((own + 2, *weight.shape))
        np.multiply(part, weight, out=rows[:own])
        np.multiply(target.T[some], weight, out=rows[own])
        np.multiply(relative[some], weight, out=rows[own + 1])
        direct += rows[:-1].reshape(own + 1, -1) @ part.reshape(own, -1).T
        with_market += np.einsum("kst,st->kt", rows, relative[some])
    across = with_market[:-1] @ form.shared.T
    gram = np.empty((own + len(form.shared), own + len(form.shared)))
    gram[:own, :own] = direct[:own]
    gram[:own, own:] = across[:own]
    gram[own:, :own] = across[:own].T
    gram[own:, own:] = (form.shared * with_market[-1]) @ form.shared.T
    return gram, np.concatenate([direct[own], across[own]])


def _solve_towards(
    prior: FloatArray, inputs: FloatArray, moments: FloatArray, total: float
) -> FloatArray:
    """Return b of the regression of y on x from G, g and the sum of the weights W of x / n.

    With N0 = 2,000 the g-prior (Zellner 1986) gives (G + N0 G/W) b = g + (N0 G/W) b0, which is
    (1 + N0/W) G (b - b0) = g - G b0.
    """
    return prior + solve_ridge(
        (1.0 + PRIOR_STOCK_DAYS / total) * inputs,
        moments - inputs @ prior,
        _RIDGE * inputs.diagonal(),
    )


def solve_ridge(gram: FloatArray, moments: FloatArray, penalty: FloatArray) -> FloatArray:
    """Return the solution c of (G + diag(penalty)) c = g, with zero for columns that are all zero.

    Columns are scaled to one first, so that their sizes do not spoil the accuracy.
    """
    diagonal = gram.diagonal() + penalty
    active = diagonal > 0.0
    solution = np.zeros(len(moments))
    if not active.all():
        some = np.ix_(active, active)
        solution[active] = solve_ridge(gram[some], moments[active], penalty[active])
        return solution
    size = 1.0 / np.sqrt(diagonal)
    matrix = gram * size
    matrix *= size[:, None]
    np.fill_diagonal(matrix, 1.0)  # (G_ii + penalty_i) / (G_ii + penalty_i)
    np.multiply(np.linalg.solve(matrix, moments * size), size, out=solution)
    return solution
