"""A slow, literal reading of the model's formulas, one number at a time.

It shares no code and no constants with `oracle.forecasting`, so that the two can only agree by
both being right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from tests.unit.forecasting.reference_terms import (
    B_CLOSES,
    B_RANGES,
    Columns,
    Prices,
    Series,
    Stock,
    clipped,
    day_sizes,
    dot,
    first_scale,
    log_returns,
    mean_or_none,
    ranges_of,
    shrunk_mean,
    size,
    solve,
    stock_of,
)


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
class Answer:
    """Per stock: A and the quantiles of the log return."""

    scale: list[float]
    quantiles: list[list[float]]


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
