"""The terms of the scale, read slowly and literally from the formulas, one number at a time.

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
class Stock:
    """The series of one stock: returns, ranges, n, the terms of both forms, and w."""

    r: Series
    gk: Series
    on: Series
    n: Series
    closes: list[list[float] | None]
    ranges: list[list[float] | None]
    w: list[float]


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
