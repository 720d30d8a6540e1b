"""A slow, literal reading of the model's formulas, one number at a time.

It shares no code and no constants with `oracle.forecasting`, so that the two can only agree by
both being right. Closes are lists of rows, `closes[t][s]`; a missing close is None.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

Number = float | None
Rows = list[list[Number]]


@dataclass
class Answer:
    """All that the formulas give: the shared numbers, and per stock mu, A and quantiles."""

    b: list[float]
    market: list[float]
    residual: list[float]
    z_quantiles: list[float]
    mu: list[float]
    scale: list[float]
    quantiles: list[list[float]]


def exponential(series: list[Number], t: int, half_life: float) -> Number:
    """Bias-corrected exponential mean of what is known up to row t."""
    above = below = 0.0
    for k in range(t + 1):
        value = series[t - k]
        if value is not None:
            weight = 0.5 ** (k / half_life)
            above += weight * value
            below += weight
    return above / below if below > 0 else None


def last_mean(series: list[Number], t: int, k: int) -> float:
    """Mean of what is known in rows t-k+1 to t; zero when nothing is."""
    known = [x for x in series[max(0, t - k + 1) : t + 1] if x is not None]
    return sum(known) / len(known) if known else 0.0


def minus(x: Number) -> float:
    """x^- = max(-x, 0)."""
    return max(-x, 0.0) if x is not None else 0.0


def clipped(x: float, bound: float) -> float:
    """X between -bound and bound."""
    return max(-bound, min(bound, x))


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gaussian elimination with pivoting; an all-zero row and column gives zero."""
    size = len(right)
    rows = [[*matrix[i], right[i]] for i in range(size)]
    for i in range(size):
        if rows[i][i] == 0.0 and right[i] == 0.0 and not any(matrix[i]):
            rows[i][i] = 1.0
    for i in range(size):
        pivot = max(range(i, size), key=lambda j: abs(rows[j][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for j in range(i + 1, size):
            factor = rows[j][i] / rows[i][i]
            for k in range(i, size + 1):
                rows[j][k] -= factor * rows[i][k]
    solution = [0.0] * size
    for i in reversed(range(size)):
        rest = sum(rows[i][k] * solution[k] for k in range(i + 1, size))
        solution[i] = (rows[i][size] - rest) / rows[i][i]
    return solution


def log_returns(closes: Rows) -> Rows:
    """ln(P_t / P_{t-1}) where both are known and the move is below a factor of 2.5."""
    rows: Rows = [[None] * len(closes[0])]
    for before, now in pairwise(closes):
        row: list[Number] = []
        for p, q in zip(before, now, strict=True):
            move = None if p is None or q is None else math.log(q / p)
            row.append(None if move is not None and abs(move) > math.log(2.5) else move)
        rows.append(row)
    return rows


def mean_or_none(values: list[Number]) -> Number:
    """Mean of the known values."""
    known = [x for x in values if x is not None]
    return sum(known) / len(known) if known else None


def columns_of(rows: Rows) -> list[list[Number]]:
    """Rows turned into columns."""
    return [[row[s] for row in rows] for s in range(len(rows[0]))]


def scale_terms(r: list[Number], m: list[Number], ma: list[Number], t: int) -> list[float] | None:
    """The twelve terms x_t of one stock, or None before 20 returns or without movement."""
    if sum(x is not None for x in r[: t + 1]) < 20:
        return None
    size: list[Number] = [abs(x) if x is not None else None for x in r]
    n = exponential(size, t, 60)
    if n is None or n <= 1e-5:
        return None
    own = [exponential(size, t, h) or 0.0 for h in (1, 8, 21, 250)]
    same_days: list[Number] = [y if x is not None else None for x, y in zip(r, ma, strict=True)]
    usual = exponential(same_days, t, 250)
    assert usual
    rel = own[3] / usual
    return [
        *own,
        rel * (ma[t] or 0.0),
        rel * (exponential(ma, t, 21) or 0.0),
        minus(r[t]),
        rel * minus(m[t]),
        rel * minus(last_mean(m, t, 5)),
        rel * minus(last_mean(m, t, 21)),
        minus(last_mean(r, t, 5)),
        minus(last_mean(r, t, 21)),
    ]


def forecast(closes: Rows) -> Answer:
    """Fit on these closes and forecast the session after the last row, for the same stocks."""
    rows = log_returns(closes)
    r = columns_of(rows)
    m = [mean_or_none(row) for row in rows]
    ma = [mean_or_none([abs(x) if x is not None else None for x in row]) for row in rows]
    x = [[scale_terms(own, m, ma, t) for t in range(len(own))] for own in r]
    n = [[norm_at(own, t) for t in range(len(own))] for own in r]
    b = scale_coefficients(r, x, n)
    a = [
        [width(b, terms, norm) for terms, norm in zip(x[s], n[s], strict=True)]
        for s in range(len(r))
    ]
    z = [standardised(own, widths) for own, widths in zip(r, a, strict=True)]
    zbar = [mean_or_none(list(day)) for day in zip(*z, strict=True)]
    u = [market_terms(zbar, m, t) for t in range(len(rows))]
    market = market_coefficients(u, zbar)
    e = [[minus_known(one, bar) for one, bar in zip(own, zbar, strict=True)] for own in z]
    v = [[residual_terms(own, t) for t in range(len(own))] for own in e]
    residual = residual_coefficients(v, e)
    mu = [
        [
            None
            if size is None
            else size * clipped(dot(market, u[t]) + dot(residual, v[s][t]), 0.25)
            for t, size in enumerate(a[s])
        ]
        for s in range(len(r))
    ]
    q = error_quantiles(r, mu, a)
    centres = [math.nan if own[-1] is None else own[-1] for own in mu]
    widths_now = [math.nan if own[-1] is None else own[-1] for own in a]
    spread = [
        [centre + size * z_p for z_p in q] for centre, size in zip(centres, widths_now, strict=True)
    ]
    return Answer(b, market, residual, q, centres, widths_now, spread)


def dot(left: list[float], right: list[float]) -> float:
    """Sum of products."""
    return sum(p * q for p, q in zip(left, right, strict=True))


def minus_known(x: Number, y: Number) -> Number:
    """X - y if both are known."""
    return None if x is None or y is None else x - y


def norm_at(r: list[Number], t: int) -> Number:
    """n_t = E_60|r|."""
    return exponential([abs(x) if x is not None else None for x in r], t, 60)


def width(b: list[float], terms: list[float] | None, norm: Number) -> Number:
    """A_t = n_t max(0.2, b'x_t / n_t)."""
    return None if terms is None or norm is None else norm * max(0.2, dot(b, terms) / norm)


def standardised(r: list[Number], a: list[Number]) -> list[Number]:
    """Z_t = clip(r_t / A_{t-1}, +-6)."""
    z: list[Number] = [None]
    for t in range(1, len(r)):
        past, now = a[t - 1], r[t]
        z.append(None if past is None or now is None else clipped(now / past, 6.0))
    return z


def market_coefficients(u: list[list[float]], zbar: list[Number]) -> list[float]:
    """Ridge of zbar_{t+1} on u_t, 5,400 pseudo-days towards a constant of 0.03."""
    inputs: list[list[float]] = []
    outputs: list[float] = []
    for t, (now, after) in enumerate(pairwise(zbar)):
        if now is not None and after is not None:
            inputs.append(u[t])
            outputs.append(clipped(after, 3.0) - 0.03)
    market = shrunk(inputs, outputs, 5400.0)
    market[0] += 0.03
    return market


def residual_coefficients(v: list[list[list[float]]], e: list[list[Number]]) -> list[float]:
    """Pooled ridge of e_{t+1} on v_t, 108,000 pseudo stock-days towards zero."""
    inputs: list[list[float]] = []
    outputs: list[float] = []
    for terms, own in zip(v, e, strict=True):
        for t, (now, after) in enumerate(pairwise(own)):
            if now is not None and after is not None:
                inputs.append(terms[t])
                outputs.append(after)
    return shrunk(inputs, outputs, 108_000.0)


def error_quantiles(
    r: list[list[Number]], mu: list[list[Number]], a: list[list[Number]]
) -> list[float]:
    """Quantiles of (r_{t+1} - mu_t) / A_t over the last 1,000 days of all stocks."""
    errors = []
    for s in range(len(r)):
        for t in range(max(0, len(r[s]) - 1001), len(r[s]) - 1):
            size, centre, after = a[s][t], mu[s][t], r[s][t + 1]
            if size is not None and centre is not None and after is not None:
                errors.append((after - centre) / size)
    return [quantile(sorted(errors), 0.025 * i) for i in range(1, 40)]


def scale_coefficients(
    r: list[list[Number]], x: list[list[list[float] | None]], n: list[list[Number]]
) -> list[float]:
    """(G + N0 G/W) b = g + N0 G/W b0, and a ridge of 1e-8 diag(G) towards b0."""
    b0 = [0.063, 0.112, 0.436, 0.058, 0.151, 0.091, 0.013, -0.039, 0.314, 0.633, 0.083, 0.203]
    gram = [[0.0] * 12 for _ in range(12)]
    g = [0.0] * 12
    total = 0.0
    for s in range(len(r)):
        days = len(r[s])
        for t in range(days - 1):
            terms, norm, after = x[s][t], n[s][t], r[s][t + 1]
            if terms is None or norm is None or after is None:
                continue
            weight = 0.5 ** ((days - 2 - t) / 1250)
            total += weight
            row = [term / norm for term in terms]
            for i in range(12):
                g[i] += weight * row[i] * abs(after) / norm
                for j in range(12):
                    gram[i][j] += weight * row[i] * row[j]
    left = [[gram[i][j] * (1 + 2000 / total) for j in range(12)] for i in range(12)]
    right = [g[i] + 2000 / total * sum(gram[i][j] * b0[j] for j in range(12)) for i in range(12)]
    for i in range(12):
        left[i][i] += 1e-8 * gram[i][i]
        right[i] += 1e-8 * gram[i][i] * b0[i]
    return solve(left, right)


def market_terms(zbar: list[Number], m: list[Number], t: int) -> list[float]:
    """[1, zbar_t, zbar_{t-1}, (sum of lags 2 to 4) / sqrt 3, zbar_t vr_t]."""
    lags = [clipped(zbar[t - k] or 0.0, 3.0) if t >= k else 0.0 for k in range(5)]
    sizes: list[Number] = [abs(x) if x is not None else None for x in m]
    fast, slow = exponential(sizes, t, 10), exponential(sizes, t, 250)
    turmoil = max(0.3, min(4.0, fast / slow)) - 1.0 if fast is not None and slow else 0.0
    return [1.0, lags[0], lags[1], sum(lags[2:]) / math.sqrt(3.0), lags[0] * turmoil]


def residual_terms(e: list[Number], t: int) -> list[float]:
    """[momentum of lags 21 to 251, e_t, e_{t-1}, e_{t-2}]; what is missing counts zero."""
    momentum = sum(e[t - k] or 0.0 for k in range(21, 252) if t >= k) / math.sqrt(231.0)
    return [momentum, *((e[t - k] or 0.0) if t >= k else 0.0 for k in range(3))]


def shrunk(inputs: list[list[float]], outputs: list[float], pseudo: float) -> list[float]:
    """Ridge towards zero with `pseudo` observations of each input's own mean square."""
    size = len(inputs[0])
    gram = [[sum(row[i] * row[j] for row in inputs) for j in range(size)] for i in range(size)]
    g = [sum(row[i] * y for row, y in zip(inputs, outputs, strict=True)) for i in range(size)]
    for i in range(size):
        gram[i][i] += pseudo * gram[i][i] / len(inputs)
    return solve(gram, g)


def quantile(ordered: list[float], p: float) -> float:
    """Linear interpolation between order statistics at position p (N - 1)."""
    place = p * (len(ordered) - 1)
    below = min(math.floor(place), len(ordered) - 2)
    return ordered[below] + (place - below) * (ordered[below + 1] - ordered[below])
