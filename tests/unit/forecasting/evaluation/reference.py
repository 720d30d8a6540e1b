"""The definitions of losses, tests and baselines, one number at a time.

It shares no code with `oracle.forecasting.evaluation`, so that the two can only agree by both being
right. A missing number is None.
"""

from __future__ import annotations

import math
from statistics import NormalDist

Number = float | None


def pinball(quantile: float, outcome: float, level: float) -> float:
    """Loss of one quantile."""
    if outcome >= quantile:
        return level * (outcome - quantile)
    return (1.0 - level) * (quantile - outcome)


def crps(quantiles: list[float], outcome: float, last: float, levels: list[float]) -> float:
    """Mean over the levels of twice the pinball loss, over the last close."""
    total = 0.0
    for quantile, level in zip(quantiles, levels, strict=True):
        total += 2.0 * pinball(quantile, outcome, level)
    return total / len(levels) / last


def newey_west_t(series: list[float], lags: int) -> float:
    """Mean over its standard error with Bartlett weights."""
    n = len(series)
    mean = sum(series) / n

    def autocovariance(lag: int) -> float:
        return sum((series[t] - mean) * (series[t - lag] - mean) for t in range(lag, n)) / n

    variance = autocovariance(0)
    for lag in range(1, lags + 1):
        variance += 2.0 * (1.0 - lag / (lags + 1)) * autocovariance(lag)
    return mean / math.sqrt(variance / n)


def log_returns(closes: list[Number]) -> list[Number]:
    """Moves between neighbouring closes that are both there."""
    moves: list[Number] = [None]
    for t in range(1, len(closes)):
        before, now = closes[t - 1], closes[t]
        moves.append(None if before is None or now is None else math.log(now / before))
    return moves


def ewma_quantiles(closes: list[Number], t: int, levels: list[float]) -> list[float] | None:
    """Gaussian of mean zero; 0.94; the first 60 returns' variance as its start."""
    seen = [r for r in log_returns(closes)[: t + 1] if r is not None]
    last = closes[t]
    if len(seen) < 60 or last is None:
        return None
    first = seen[:60]
    mean = sum(first) / 60
    variance = sum((r - mean) ** 2 for r in first) / 60
    for r in seen[60:]:
        variance = 0.94 * variance + 0.06 * r * r
    deviation = math.sqrt(variance)
    return [last * math.exp(deviation * NormalDist().inv_cdf(level)) for level in levels]


def rolling_quantiles(closes: list[Number], t: int, levels: list[float]) -> list[float] | None:
    """Interpolated order statistics of what is there of the last 250 returns."""
    window = [r for r in log_returns(closes)[max(0, t - 249) : t + 1] if r is not None]
    last = closes[t]
    if len(window) < 60 or last is None:
        return None
    window.sort()
    prices = []
    for level in levels:
        place = level * (len(window) - 1)
        low = math.floor(place)
        high = min(low + 1, len(window) - 1)
        r = window[low] + (place - low) * (window[high] - window[low])
        prices.append(last * math.exp(r))
    return prices


def drift_quantiles(closes: list[Number], t: int, levels: list[float]) -> list[float] | None:
    """Gaussian with mean and deviation of what is there of the last 250 returns."""
    window = [r for r in log_returns(closes)[max(0, t - 249) : t + 1] if r is not None]
    last = closes[t]
    if len(window) < 60 or last is None:
        return None
    mean = sum(window) / len(window)
    deviation = math.sqrt(sum((r - mean) ** 2 for r in window) / (len(window) - 1))
    return [last * math.exp(mean + deviation * NormalDist().inv_cdf(level)) for level in levels]


def spearman(first: list[float], second: list[float]) -> float:
    """Pearson's correlation of the ranks; equal values share the mean of theirs."""

    def ranks(values: list[float]) -> list[float]:
        return [
            sum(other < value for other in values)
            + (sum(other == value for other in values) + 1) / 2
            for value in values
        ]

    a, b = ranks(first), ranks(second)
    n = len(a)
    ma, mb = sum(a) / n, sum(b) / n
    above = sum((x - ma) * (y - mb) for x, y in zip(a, b, strict=True))
    return above / math.sqrt(sum((x - ma) ** 2 for x in a) * sum((y - mb) ** 2 for y in b))


def block_bootstrap_sum(daily: list[float], starts: list[int], block: int) -> float:
    """Sum of one resample: blocks from these starts, wrapped around, cut at as many days."""
    days = [daily[(start + step) % len(daily)] for start in starts for step in range(block)]
    return sum(days[: len(daily)])
