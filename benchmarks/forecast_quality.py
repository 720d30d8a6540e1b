"""How good the forecast is beside its peers: one run on the sample market, one table.

`python -m benchmarks.forecast_quality [--step N] [--write]`. Rolling origin: every forecast sees
the closes up to its own session and nothing later. Every N-th session of 2016-2022 is an origin,
so that the slow peers end within minutes. A peer whose library is not installed is left out.
"""

from __future__ import annotations

import argparse
import importlib.util
import warnings
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from benchmarks import peers
from oracle.adapters.sample.closes import load_closes
from oracle.domain.forecasts import LEVELS

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.domain.prices import FloatArray

    Forecaster = Callable[[FloatArray], FloatArray]

FIRST, LAST = "2016-01-01", "2022-12-31"
STEP = 10
SLOW = 10
"""The automatic models are asked at every tenth origin only."""

TABLE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
_LEVELS = np.array(LEVELS)
_BANDS = (("50", 9, 29), ("80", 3, 35), ("95", 0, 38))


@dataclass(frozen=True, slots=True)
class Peer:
    """A way to forecast: what it needs installed, and at every how manieth origin it is asked."""

    name: str
    forecast: Forecaster
    library: str | None = None
    every: int = 1


@dataclass(frozen=True, slots=True)
class Losses:
    """Absolute error, error of the last close, and CRPS, [N, S] each, and what bands held."""

    error: FloatArray
    naive_error: FloatArray
    crps: FloatArray
    coverage: tuple[float, ...]
    seconds: float


def list_peers(step: int) -> tuple[Peer, ...]:
    """Return the peers in the order of the table; the first two are the baselines."""
    return (
        Peer("last close + EWMA(0.94) Gaussian", peers.ewma),
        Peer("rolling 250-day empirical quantiles", peers.rolling_empirical),
        Peer("line through the last two closes", peers.two_point_line),
        Peer("ridge on five lagged closes (scikit-learn)", peers.ridge, "sklearn"),
        Peer(
            "AutoETS (statsforecast)", partial(peers.statistical, "AutoETS"), "statsforecast", SLOW
        ),
        Peer(
            "AutoARIMA (statsforecast)",
            partial(peers.statistical, "AutoARIMA"),
            "statsforecast",
            SLOW,
        ),
        Peer("GARCH(1,1)-t (arch)", peers.garch, "arch"),
        Peer("LightGBM, 7 quantiles, yearly", partial(peers.Trees(), step=step), "lightgbm"),
        Peer("**Oracle**, daily refits", peers.oracle),
    )


def measure(peer: Peer, closes: FloatArray, origins: list[int]) -> Losses:
    """Return the losses of the peer's forecasts made at these rows, over the last close."""
    started = perf_counter()
    quantiles = np.array(
        [peer.forecast(closes[max(0, row + 1 - peers.WINDOW) : row + 1]) for row in origins]
    )
    seconds = perf_counter() - started
    rows = np.array(origins)
    change = closes[rows + 1] / closes[rows] - 1.0
    missed = change[:, :, None] - np.expm1(quantiles)
    loss = 2.0 * np.maximum(_LEVELS * missed, (_LEVELS - 1.0) * missed)
    return Losses(
        error=np.abs(missed[:, :, LEVELS.index(0.5)]),
        naive_error=np.abs(change),
        crps=loss.mean(axis=2),
        coverage=tuple(
            100.0 * float(np.mean((missed[:, :, low] >= 0.0) & (missed[:, :, high] <= 0.0)))
            for _, low, high in _BANDS
        ),
        seconds=seconds,
    )


def table_row(peer: Peer, losses: Losses, baselines: tuple[Losses, Losses]) -> str:
    """Return the peer's line of the table, each ratio on the origins that it was asked at."""
    crps, relative = losses.crps.sum(), losses.error.sum() / losses.naive_error.sum()
    ewma, rolling = (crps / baseline.crps[:: peer.every].sum() for baseline in baselines)
    bands = "/".join(f"{share:.0f}" for share in losses.coverage)
    return (
        f"| {peer.name} | {losses.crps.size:,} | {relative:.4f} | {ewma:.4f} | {rolling:.4f} "
        f"| {bands} | {1e3 * losses.seconds / len(losses.crps):.1f} ms |"
    )


def compare(step: int) -> list[str]:
    """Return the lines of the table, printing each as soon as it is known."""
    sample = load_closes()
    chosen = (sample.sessions >= np.datetime64(FIRST)) & (sample.sessions <= np.datetime64(LAST))
    origins = [int(row) - 1 for row in np.flatnonzero(chosen)][::step]
    lines = [
        "| method | forecasts | relative MAE | CRPS / EWMA | CRPS / rolling | 50/80/95 % | time |",
        "|---|---|---|---|---|---|---|",
    ]
    print("\n".join(lines))
    every = list_peers(step)
    ewma, rolling = (measure(peer, sample.closes, origins) for peer in every[:2])
    for peer in every:
        if peer.library and importlib.util.find_spec(peer.library) is None:
            print(f"({peer.name}: {peer.library} is not installed)")
            continue
        losses = measure(peer, sample.closes, origins[:: peer.every])
        lines.append(table_row(peer, losses, (ewma, rolling)))
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Print the table, and with --write put it into the documentation."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--step", type=int, default=STEP, help="sessions between two origins")
    parser.add_argument("--write", action="store_true", help=f"write the table to {TABLE.name}")
    chosen = parser.parse_args()
    warnings.simplefilter("ignore")  # Peers warn of what their fits do not like.
    lines = compare(chosen.step)
    if chosen.write:
        before, _, rest = TABLE.read_text().partition("<!-- quality -->\n")
        _, _, after = rest.partition("<!-- end -->\n")
        TABLE.write_text(
            f"{before}<!-- quality -->\n" + "\n".join(lines) + f"\n<!-- end -->\n{after}"
        )


if __name__ == "__main__":
    main()
