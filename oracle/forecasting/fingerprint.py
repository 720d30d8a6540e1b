"""Short names for exactly what a stored number was made from."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np

from oracle.forecasting.bars import usable_bars
from oracle.forecasting.fit import MODEL_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike

    from oracle.forecasting.fit import Fit
    from oracle.forecasting.panel import Panel

_POOL_DIGITS = 12


def fingerprint_inputs(fit: Fit, panel: Panel, last_closes: ArrayLike) -> tuple[str, ...]:
    """Return per stock the SHA-256, in hexadecimal digits, of all that goes into its forecast.

    That is the model version, the fit, the symbol, the sessions it has a close on within the
    fit's window, those adjusted closes, the usable open, high and low of those sessions, and the
    last close [S] that prices start from.
    """
    window = panel.on(fit.sessions).by_stock()
    days = window.sessions.astype("datetime64[D]").astype("<i8")
    closes, ranged = window.usable_closes(), usable_bars(window)
    ends = [part for part in (window.open, window.high, window.low) if part is not None]
    frozen = f"{MODEL_VERSION}\n{fit.fingerprint()}\n"
    prints = []
    for column, last in enumerate(np.asarray(last_closes, dtype=np.float64)):
        used, bars = np.isfinite(closes[:, column]), ranged[:, column]
        digest = hashlib.sha256(f"{frozen}{window.symbols[column]}\n".encode())
        digest.update(days[used].tobytes())
        digest.update(closes[:, column][used].astype("<f8").tobytes())
        digest.update(days[bars].tobytes())
        for part in ends:
            digest.update(part[:, column][bars].astype("<f8").tobytes())
        digest.update(np.array([last], dtype="<f8").tobytes())
        prints.append(digest.hexdigest())
    return tuple(prints)


def pool_version(symbols: Iterable[str]) -> str:
    """Return 12 hexadecimal digits that name this set of symbols, in whatever order."""
    return hashlib.sha256(",".join(sorted(set(symbols))).encode()).hexdigest()[:_POOL_DIGITS]
