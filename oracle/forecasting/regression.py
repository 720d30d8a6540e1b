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

# Stock-days per matrix product, so that its design matrix stays in the processor's cache.
_CHUNK = 4_096

_NOTHING = np.finfo(np.float64).tiny


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
    sessions; the second time they are also divided by (A / n)^2 as the first fit gives it, since
    the noise of |r| is proportional to A (feasible generalised least squares).
    """
    usable = used[:-1] & np.isfinite(absolute[1:])
    if not usable.any():
        return prior.copy()
    ages = np.arange(len(usable) - 1, -1, -1.0)
    roots = 0.5 ** (0.5 * ages / FORGETTING_HALF_LIFE)[:, None] * usable
    factor = np.zeros(usable.shape)
    np.divide(roots, norm[:-1], out=factor, where=usable)
    # The last row is y, so that one product gives sum w xx', sum w xy and sum w yy. Unused
    # stock-days stay in the matrix as zeros: faster than cutting them out.
    rows = np.empty((len(prior) + 1, *usable.shape))
    form.terms(factor, slice(0, -1), out=rows[:-1])
    np.multiply(np.where(usable, absolute[1:], 0.0), factor, out=rows[-1])
    design, weights = rows.reshape(len(rows), -1), roots.reshape(-1)
    first = _solve_towards(prior, design, weights, None)
    return _solve_towards(prior, design, weights, first)


def _solve_towards(
    prior: FloatArray, design: FloatArray, roots: FloatArray, guess: FloatArray | None
) -> FloatArray:
    """Return b of the regression of the last row of `design` [K + 1, N] on the others.

    All are multiplied by the roots [N] of the weights w. With G = sum w xx', g = sum w xy,
    W = sum w and N0 = 2,000 the g-prior (Zellner 1986) gives (G + N0 G/W) b = g + (N0 G/W) b0,
    which is (1 + N0/W) G (b - b0) = g - G b0. With a `guess` of b the weights are divided by the
    square of what it says, max(0.2, b'x / n).
    """
    gram, total = np.zeros((len(design), len(design))), 0.0
    for start in range(0, len(roots), _CHUNK):
        part, root = design[:, start : start + _CHUNK], roots[start : start + _CHUNK]
        if guess is not None:
            # The rows carry the roots already, so the floor has to as well; where those are zero
            # so is the size, and what it is divided by must not be.
            size = np.maximum(FLOOR * root, guess @ part[:-1])
            shrink = root / np.maximum(size, _NOTHING, out=size)
            part, root = part * shrink, root * shrink
        gram += part @ part.T
        total += float(root @ root)
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
