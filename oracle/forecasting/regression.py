"""The least squares of the model: weighted, shrunk towards a prior, reweighted once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.scale import FLOOR

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
_CHUNK = 16_384


def fit_scale(
    form: LinearForm,
    norm: FloatArray,
    used: NDArray[np.bool_],
    absolute: FloatArray,
    prior: FloatArray,
) -> FloatArray:
    """Return b, the coefficients of one form of the scale; the prior itself without evidence.

    Weighted least squares of y = |r_{t+1}| / n_t on x_t / n_t over the stock-days that are `used`
    [T, S] and have a next return in `absolute` [T, S], twice. The weights halve every 1,250
    sessions; the second time they are also divided by max(0.2, b'x / n)^2 as the first fit gives
    it, since the noise of |r| is proportional to A (feasible generalised least squares).
    """
    usable = used[:-1] & np.isfinite(absolute[1:])
    if not usable.any():
        return prior.copy()
    ages = np.arange(len(usable) - 1, -1, -1.0)
    roots = 0.5 ** (0.5 * ages / FORGETTING_HALF_LIFE)[:, None] * usable
    sizes = norm[:-1]
    target = np.where(usable, absolute[1:], 0.0)
    first = _solve_towards(prior, *_moments(form, roots, sizes, target, sizes))
    expected = np.maximum(form.value(first)[:-1], FLOOR * sizes)
    return _solve_towards(prior, *_moments(form, roots, sizes, target, expected))


def _moments(
    form: LinearForm, roots: FloatArray, norm: FloatArray, target: FloatArray, size: FloatArray
) -> tuple[FloatArray, float]:
    """Return sum w zz' [K + 1, K + 1] of z = (x, y), and the sum of the weights of x / n.

    The stock-days [T, S] of x and y are divided by `size` and weighted by the squares of `roots`,
    which are zero where the size may be. Terms of the market are one series each times `relative`:
    of those the sums per session suffice, so that only the stocks' own terms are worked through.
    """
    own, sessions = len(form.own), len(roots)
    count = own + len(form.shared)
    gram, total = np.zeros((count + 1, count + 1)), 0.0
    # Where y stands among the rows of each step: after the own terms, and before `relative`.
    direct = [*range(own), count]
    step = max(1, _CHUNK // roots.shape[1])
    for start in range(0, sessions, step):
        part = slice(start, min(start + step, sessions))
        factor = np.zeros_like(roots[part])
        np.divide(roots[part], size[part], out=factor, where=roots[part] > 0.0)
        rows = np.empty((own + 2, *factor.shape))
        for place, term in enumerate((*form.own, target, form.relative)):
            np.multiply(term[part], factor, out=rows[place])
        flat = rows[:-1].reshape(own + 1, -1)
        gram[np.ix_(direct, direct)] += flat @ flat.T
        shared, ones = form.shared[:, part], np.ones(roots.shape[1])
        with_market = (rows * rows[-1]) @ ones
        across = with_market[:-1] @ shared.T
        gram[np.ix_(direct, range(own, count))] += across
        gram[np.ix_(range(own, count), direct)] += across.T
        gram[own:count, own:count] += (shared * with_market[-1]) @ shared.T
        factor *= norm[part]
        total += float(np.vdot(factor, factor))
    return gram, total


def _solve_towards(prior: FloatArray, gram: FloatArray, total: float) -> FloatArray:
    """Return b of the regression of y on x from the sums over (x, y) and the sum of weights W.

    With G = sum w xx', g = sum w xy and N0 = 2,000 the g-prior (Zellner 1986) gives
    (G + N0 G/W) b = g + (N0 G/W) b0, which is (1 + N0/W) G (b - b0) = g - G b0.
    """
    inputs, moments = gram[:-1, :-1], gram[:-1, -1]
    return prior + solve_ridge(
        (1.0 + PRIOR_STOCK_DAYS / total) * inputs,
        moments - inputs @ prior,
        _RIDGE * np.diag(inputs),
    )


def solve_ridge(gram: FloatArray, moments: FloatArray, penalty: FloatArray) -> FloatArray:
    """Return the solution c of (G + diag(penalty)) c = g, with zero for columns that are all zero.

    Columns are scaled to one first, so that their sizes do not spoil the accuracy.
    """
    diagonal = np.diag(gram) + penalty
    active = diagonal > 0.0
    size = np.sqrt(diagonal[active])
    matrix = (gram + np.diag(penalty))[np.ix_(active, active)] / np.outer(size, size)
    solution = np.zeros(len(moments))
    solution[active] = np.linalg.solve(matrix, moments[active] / size) / size
    return solution
