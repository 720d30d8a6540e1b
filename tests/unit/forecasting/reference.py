"""A slow, literal reading of the model's formulas, one number at a time.

It shares no code and no constants with `oracle.forecasting`, so that the two can only agree by
both being right. Prices are lists of columns, `closes[s][t]`; a missing price is None.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

Number = float | None
Series = list[Number]
Columns = list[Series]


@dataclass
class Prices:
    """Columns of closes, and of opens, highs and lows if they are known."""

    closes: Columns
    opens: Columns | None = None
    highs: Columns | None = None
    lows: Columns | None = None


@dataclass
class Pool:
    """All that is learnt: the series of the pool and the shared numbers."""

    m: Series
    ma: Series
    mrv: Series
    zbar: Series
    f: list[float]
    um: float
    b_closes: list[float]
    b_ranges: list[float]
    market: float
    residual: list[float]
    z_quantiles: list[float]


@dataclass
class Stock:
    """The series of one stock: returns, ranges, n, the terms of both forms, and w."""

    r: Series
    gk: Series
    on: Series
    n: Series
    closes: list[list[float] | None]
    ranges: list[list[float] | None]
    w: list[float]


@dataclass
class Answer:
    """Per stock: A and the quantiles of the log return."""

    scale: list[float]
    quantiles: list[list[float]]


B_CLOSES = {
    "E1": 0.087, "E8": -0.058, "E21": 0.590, "E250": 0.127, "S5-": 0.074, "S21-": 0.209,
    "m-": 0.031, "m5-": 0.220, "m21-": 0.508, "E3ma": 0.496, "E60ma": -0.149, "E1am": -0.141,
    "E8am": -0.181,
}  # fmt: skip
B_RANGES = {
    "E1": 0.027, "E250": -0.025, "gk.5": 0.217, "gk3": -0.012, "gk8": 0.253, "gk21": -0.011,
    "on3": 0.062, "on21": 0.115, "m-": 0.027, "m5-": 0.219, "m21-": 0.416, "E1mrv": 0.433,
    "E8mrv": -0.004, "E1am": -0.133, "E8am": -0.081,
}  # fmt: skip


def exponential(series: Series, t: int, half_life: float) -> Number:
    """Bias-corrected exponential mean of what is known up to row t."""
    above = below = 0.0
    for k in range(t + 1):
        value = series[t - k]
        if value is not None:
            weight = 0.5 ** (k / half_life)
            above += weight * value
            below += weight
    return above / below if below > 0 else None


def shrunk_mean(series: Series, t: int, half_life: float, pseudo: float, usual: float) -> float:
    """Exponential sum with `pseudo` further observations of the usual value, over that value."""
    above = below = 0.0
    for k in range(t + 1):
        value = series[t - k]
        if value is not None:
            above += 0.5 ** (k / half_life) * value
            below += 0.5 ** (k / half_life)
    return (above + pseudo * usual) / (below + pseudo) / usual if usual > 0 else 1.0


def last_mean(series: Series, t: int, k: int) -> float:
    """Mean of what is known in rows t-k+1 to t; zero when nothing is."""
    known = [x for x in series[max(0, t - k + 1) : t + 1] if x is not None]
    return sum(known) / len(known) if known else 0.0


def minus(x: Number) -> float:
    """x^- = max(-x, 0)."""
    return max(-x, 0.0) if x is not None else 0.0


def size(series: Series) -> Series:
    """Absolute values."""
    return [None if x is None else abs(x) for x in series]


def clipped(x: float, bound: float) -> float:
    """X between -bound and bound."""
    return max(-bound, min(bound, x))


def mean_or_none(values: Series) -> Number:
    """Mean of the known values."""
    known = [x for x in values if x is not None]
    return sum(known) / len(known) if known else None


def dot(left: list[float], right: list[float]) -> float:
    """Sum of products."""
    return sum(p * q for p, q in zip(left, right, strict=True))


def solve(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Gaussian elimination with pivoting; an all-zero row and column gives zero."""
    count = len(right)
    rows = [[*matrix[i], right[i]] for i in range(count)]
    for i in range(count):
        if right[i] == 0.0 and not any(matrix[i]):
            rows[i][i] = 1.0
    for i in range(count):
        pivot = max(range(i, count), key=lambda j: abs(rows[j][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for j in range(i + 1, count):
            factor = rows[j][i] / rows[i][i]
            for k in range(i, count + 1):
                rows[j][k] -= factor * rows[i][k]
    solution = [0.0] * count
    for i in reversed(range(count)):
        rest = sum(rows[i][k] * solution[k] for k in range(i + 1, count))
        solution[i] = (rows[i][count] - rest) / rows[i][i]
    return solution


def log_returns(closes: Series) -> Series:
    """ln(P_t / P_{t-1}) where both are known and the move is below a factor of 2.5."""
    returns: Series = [None]
    for t in range(1, len(closes)):
        before, now = closes[t - 1], closes[t]
        move = None if before is None or now is None else math.log(now / before)
        returns.append(None if move is not None and abs(move) > math.log(2.5) else move)
    return returns


def ranges_of(prices: Prices, s: int, r: Series) -> tuple[Series, Series]:
    """The size of the session by Garman and Klass, and of the night before, of usable bars."""
    gk: Series = [None] * len(r)
    on: Series = [None] * len(r)
    if prices.opens is None or prices.highs is None or prices.lows is None:
        return gk, on
    for t in range(1, len(r)):
        o, h, low = prices.opens[s][t], prices.highs[s][t], prices.lows[s][t]
        c, before = prices.closes[s][t], prices.closes[s][t - 1]
        if r[t] is None or o is None or h is None or low is None or c is None or before is None:
            continue
        in_order = 0 < low < h < 2.5 * low
        around = h >= max(o, c) * (1 - 1e-6) and low <= min(o, c) * (1 + 1e-6)
        if in_order and around and abs(math.log(o / before)) <= math.log(2.5):
            inside = 0.5 * math.log(h / low) ** 2
            inside -= (2 * math.log(2) - 1) * math.log(c / o) ** 2
            gk[t] = math.sqrt(max(0.0, inside))
            on[t] = abs(math.log(o / before))
    return gk, on


def day_sizes(gk: Series, on: Series) -> Series:
    """The square root of gk^2 + on^2."""
    return [
        None if a is None or b is None else math.hypot(a, b) for a, b in zip(gk, on, strict=True)
    ]


def stock_of(prices: Prices, s: int, m: Series, ma: Series, mrv: Series) -> Stock:
    """The series of one stock against those of a pool."""
    r = log_returns(prices.closes[s])
    gk, on = ranges_of(prices, s, r)
    if all(x is None for x in mrv):
        gk, on = [None] * len(r), [None] * len(r)
    days = range(len(r))
    has: Series = [None if x is None else float(y is not None) for x, y in zip(r, on, strict=True)]
    return Stock(
        r=r,
        gk=gk,
        on=on,
        n=[exponential(size(r), t, 60) for t in days],
        closes=[terms_of(r, gk, on, (m, ma, mrv), t, list(B_CLOSES)) for t in days],
        ranges=[terms_of(r, gk, on, (m, ma, mrv), t, list(B_RANGES)) for t in days],
        w=[exponential(has, t, 8) or 0.0 for t in days],
    )


def terms_of(
    r: Series,
    gk: Series,
    on: Series,
    market: tuple[Series, Series, Series],
    t: int,
    wanted: list[str],
) -> list[float] | None:
    """The terms x_t of one form, or None before 20 returns or without movement."""
    m, ma, mrv = market
    a = size(r)
    n = exponential(a, t, 60)
    if sum(x is not None for x in r[: t + 1]) < 20 or n is None or n <= 1e-5:
        return None
    same_days: Series = [y if x is not None else None for x, y in zip(r, ma, strict=True)]
    rel = (exponential(a, t, 250) or 0.0) / (exponential(same_days, t, 250) or math.nan)
    known: dict[str, Callable[[], Number]] = {
        "E1": lambda: exponential(a, t, 1),
        "E8": lambda: exponential(a, t, 8),
        "E21": lambda: exponential(a, t, 21),
        "E250": lambda: exponential(a, t, 250),
        "S5-": lambda: minus(last_mean(r, t, 5)),
        "S21-": lambda: minus(last_mean(r, t, 21)),
        "gk.5": lambda: exponential(gk, t, 0.5),
        "gk3": lambda: exponential(gk, t, 3),
        "gk8": lambda: exponential(gk, t, 8),
        "gk21": lambda: exponential(gk, t, 21),
        "on3": lambda: exponential(on, t, 3),
        "on21": lambda: exponential(on, t, 21),
        "m-": lambda: rel * minus(m[t]),
        "m5-": lambda: rel * minus(last_mean(m, t, 5)),
        "m21-": lambda: rel * minus(last_mean(m, t, 21)),
        "E3ma": lambda: rel * (exponential(ma, t, 3) or 0.0),
        "E60ma": lambda: rel * (exponential(ma, t, 60) or 0.0),
        "E1am": lambda: rel * (exponential(size(m), t, 1) or 0.0),
        "E8am": lambda: rel * (exponential(size(m), t, 8) or 0.0),
        "E1mrv": lambda: rel * (exponential(mrv, t, 1) or 0.0),
        "E8mrv": lambda: rel * (exponential(mrv, t, 8) or 0.0),
    }
    return [known[name]() or 0.0 for name in wanted]


def first_scale(stock: Stock, t: int, b_closes: list[float], b_ranges: list[float]) -> Number:
    """A0_t = w max(0.2 n, ranges) + (1 - w) max(0.2 n, closes)."""
    x, y, n, w = stock.closes[t], stock.ranges[t], stock.n[t], stock.w[t]
    if x is None or y is None or n is None:
        return None
    return w * max(0.2 * n, dot(b_ranges, y)) + (1 - w) * max(0.2 * n, dot(b_closes, x))


def fit_form(
    stocks: list[Stock], x: list[list[list[float] | None]], prior: list[float], least: float
) -> list[float]:
    """Two passes of weighted least squares of |r_{t+1}|/n on x/n, from where w is above `least`."""
    rows: list[list[float]] = []
    sizes: list[float] = []
    weights: list[float] = []
    for stock, terms in zip(stocks, x, strict=True):
        days = len(stock.r)
        for t in range(days - 1):
            now, n, after = terms[t], stock.n[t], stock.r[t + 1]
            if now is None or n is None or after is None or stock.w[t] <= least:
                continue
            rows.append([term / n for term in now])
            sizes.append(abs(after) / n)
            weights.append(0.5 ** ((days - 2 - t) / 1250))
    if not rows:
        return prior
    first = towards(prior, rows, sizes, weights)
    again = [
        weight / max(0.2, dot(first, row)) ** 2 for weight, row in zip(weights, rows, strict=True)
    ]
    return towards(prior, rows, sizes, again)


def towards(
    b0: list[float], rows: list[list[float]], y: list[float], weights: list[float]
) -> list[float]:
    """(G + N0 G/W) b = g + N0 G/W b0, and a ridge of 1e-8 diag(G) towards b0."""
    count = range(len(b0))
    total = sum(weights)
    weighted = list(zip(rows, y, weights, strict=True))
    gram = [[sum(w * row[i] * row[j] for row, _, w in weighted) for j in count] for i in count]
    g = [sum(w * row[i] * target for row, target, w in weighted) for i in count]
    left = [[gram[i][j] * (1 + 2000 / total) for j in count] for i in count]
    right = [g[i] + 2000 / total * dot(gram[i], b0) for i in count]
    for i in count:
        left[i][i] += 1e-8 * gram[i][i]
        right[i] += 1e-8 * gram[i][i] * b0[i]
    return solve(left, right)


def surprises_of(r: Series, a: Series) -> Series:
    """z_t = min(|r_t| / A0_{t-1}, 3)."""
    z: Series = [None]
    for t in range(1, len(r)):
        past, now = a[t - 1], r[t]
        z.append(None if past is None or now is None else min(abs(now) / past, 3.0))
    return z


def without_pool(z: Series, f: list[float]) -> Series:
    """u_t = z_t / f_{t-1}."""
    return [None if x is None else x / f[t - 1] for t, x in enumerate(z)]


def standardised(r: Series, a: Series) -> Series:
    """Z_t = clip(r_t / A_{t-1}, +-6)."""
    z: Series = [None]
    for t in range(1, len(r)):
        past, now = a[t - 1], r[t]
        z.append(None if past is None or now is None else clipped(now / past, 6.0))
    return z


def centred(zbar: Series) -> list[float]:
    """The clipped zbar less its mean; zero where it is not known."""
    bounded: Series = [None if x is None else clipped(x, 1.5) for x in zbar]
    centre = mean_or_none(bounded) or 0.0
    return [0.0 if x is None else x - centre for x in bounded]


def market_slope(zbar: Series) -> float:
    """The slope of zc_{t+1} on zc_t with 2,000 pseudo-days."""
    zc = centred(zbar)
    pairs = [
        (zc[t], zc[t + 1])
        for t in range(len(zbar) - 1)
        if zbar[t] is not None and zbar[t + 1] is not None
    ]
    below = sum(x * x for x, _ in pairs) * (1 + 2000 / max(1, len(pairs)))
    return sum(x * y for x, y in pairs) / below if below > 0 else 0.0


def residual_terms(e: Series, t: int) -> list[float]:
    """[momentum of lags 21 to 251, e_t, e_{t-1}, e_{t-2}]; what is missing counts zero."""
    momentum = sum(e[t - k] or 0.0 for k in range(21, 252) if t >= k) / math.sqrt(231.0)
    return [momentum, *((e[t - k] or 0.0) if t >= k else 0.0 for k in range(3))]


def residual_slopes(e: Columns) -> list[float]:
    """Pooled ridge of e_{t+1} on its terms, 100,000 pseudo stock-days towards zero."""
    inputs: list[list[float]] = []
    outputs: list[float] = []
    for own in e:
        for t in range(len(own) - 1):
            after = own[t + 1]
            if own[t] is not None and after is not None:
                inputs.append(residual_terms(own, t))
                outputs.append(after)
    gram = [[sum(row[i] * row[j] for row in inputs) for j in range(4)] for i in range(4)]
    g = [sum(row[i] * y for row, y in zip(inputs, outputs, strict=True)) for i in range(4)]
    for i in range(4):
        gram[i][i] *= 1 + 100_000 / max(1, len(inputs))
    return solve(gram, g)


def errors_of(r: Series, a: Series, lean: list[float]) -> list[float]:
    """r_{t+1} / A_t - lean_t over the last 1,000 days, in order of size."""
    errors = []
    for t in range(max(0, len(r) - 1001), len(r) - 1):
        past, after = a[t], r[t + 1]
        if past is not None and after is not None:
            errors.append(after / past - lean[t])
    return sorted(errors)


def quantile(ordered: list[float], p: float) -> float:
    """Linear interpolation between order statistics at position p (N - 1)."""
    place = p * (len(ordered) - 1)
    below = max(0, min(math.floor(place), len(ordered) - 2))
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (place - below) * (ordered[above] - ordered[below])


LEVELS = [0.025 * i for i in range(1, 40)]


def difference(own: Series, zbar: Series) -> Series:
    """E = Z - zbar where both are known."""
    return [None if x is None or y is None else x - y for x, y in zip(own, zbar, strict=True)]


def leans_of(e: Series, zbar: Series, market: float, residual: list[float]) -> list[float]:
    """clip(c zc_t + residual part, +-0.25)."""
    zc = centred(zbar)
    return [
        clipped(market * zc[t] + dot(residual, residual_terms(e, t)), 0.25) for t in range(len(e))
    ]


def learn(prices: Prices) -> Pool:
    """Fit on these prices as of their last row."""
    count, days = range(len(prices.closes)), range(len(prices.closes[0]))
    r = [log_returns(own) for own in prices.closes]
    m = [mean_or_none([own[t] for own in r]) for t in days]
    ma = [mean_or_none([size(own)[t] for own in r]) for t in days]
    sizes = [day_sizes(*ranges_of(prices, s, r[s])) for s in count]
    mrv = [mean_or_none([own[t] for own in sizes]) for t in days]
    stocks = [stock_of(prices, s, m, ma, mrv) for s in count]
    b_closes = fit_form(stocks, [one.closes for one in stocks], list(B_CLOSES.values()), -1.0)
    b_ranges = fit_form(stocks, [one.ranges for one in stocks], list(B_RANGES.values()), 0.5)
    a0: Columns = [[first_scale(one, t, b_closes, b_ranges) for t in days] for one in stocks]
    z = [surprises_of(own, scale) for own, scale in zip(r, a0, strict=True)]
    zm = mean_or_none([x for own in z for x in own]) or 0.0
    daily = [mean_or_none([own[t] for own in z]) for t in days]
    f = [shrunk_mean(daily, t, 20, 40, zm) for t in days]
    u = [without_pool(own, f) for own in z]
    um = mean_or_none([x for own in u for x in own]) or 0.0
    a = [corrected(a0[s], f, u[s], um) for s in count]
    big_z = [standardised(own, scale) for own, scale in zip(r, a, strict=True)]
    zbar = [mean_or_none([own[t] for own in big_z]) for t in days]
    e = [difference(own, zbar) for own in big_z]
    market, residual = market_slope(zbar), residual_slopes(e)
    errors: list[float] = []
    for s in count:
        errors += errors_of(r[s], a[s], leans_of(e[s], zbar, market, residual))
    q = [quantile(sorted(errors), p) for p in LEVELS]
    return Pool(m, ma, mrv, zbar, f, um, b_closes, b_ranges, market, residual, q)


def corrected(a0: Series, f: list[float], u: Series, um: float) -> Series:
    """A = A0 f g."""
    return [
        None if before is None else before * f[t] * shrunk_mean(u, t, 250, 200, um)
        for t, before in enumerate(a0)
    ]


def forecast(pool: Pool, prices: Prices) -> Answer:
    """Forecast the session after the last row, for any stocks on the pool's rows."""
    answer = Answer([], [])
    days = range(len(pool.f))
    for s in range(len(prices.closes)):
        stock = stock_of(prices, s, pool.m, pool.ma, pool.mrv)
        a0 = [first_scale(stock, t, pool.b_closes, pool.b_ranges) for t in days]
        u = without_pool(surprises_of(stock.r, a0), pool.f)
        a = corrected(a0, pool.f, u, pool.um)
        e = difference(standardised(stock.r, a), pool.zbar)
        lean = leans_of(e, pool.zbar, pool.market, pool.residual)
        shape = own_shape(errors_of(stock.r, a, lean), pool.z_quantiles)
        width = a[-1]
        assert width is not None
        answer.scale.append(width)
        answer.quantiles.append([width * (lean[-1] + q) for q in shape])
    return answer


def own_shape(errors: list[float], pooled: list[float]) -> list[float]:
    """The pool's quantiles with the stock's own mixed in, around the shrunk centre."""
    n = len(errors)
    blend = []
    for i, q in enumerate(pooled):
        weight = {0: 500.0, 1: 1000.0, 37: 1000.0, 38: 500.0}.get(i, 2000.0)
        own = quantile(errors, LEVELS[i]) if errors else q
        blend.append((n * own + weight * q) / (n + weight))
    centre = 0.5 * pooled[19] + 0.5 * 0.035
    shift = centre - blend[19]
    return sorted(
        q + shift * (1 - abs(p - 0.5) / 0.475) for q, p in zip(blend, LEVELS, strict=True)
    )
