"""Rebuild the sample market's closes from the `skfolio` package's S&P 500 data set.

Run it from the root of the repository:

    uv run --group datasets python -m scripts.build_sample_market

With `--check` it only compares what it would write with what is shipped.
"""

from __future__ import annotations

import argparse
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np

import oracle.adapters.sample
from oracle.adapters.calendar import XnysCalendar
from oracle.adapters.sample.closes import (
    FILE,
    THOUSANDTHS,
    SampleCloses,
    pack_closes,
    unpack_closes,
)

TARGET = Path(oracle.adapters.sample.__file__).parent / FILE


def main() -> int:
    """Write the file, or compare it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    packed = build()
    if arguments.check:
        same = _same(unpack_closes(packed), unpack_closes(TARGET.read_bytes()))
        print(f"{TARGET.name} {'is' if same else 'is NOT'} what skfolio {version('skfolio')} gives")
        return 0 if same else 1
    TARGET.write_bytes(packed)
    print(f"{TARGET.name}: {len(packed):,} bytes from skfolio {version('skfolio')}")
    return 0


def build() -> bytes:
    """Return the shipped file's bytes; raise ValueError when the data set is not as expected."""
    # The package is in a dependency group of its own, which only this function needs.
    from skfolio.datasets import load_sp500_dataset  # noqa: PLC0415

    prices = load_sp500_dataset()
    sessions = prices.index.to_numpy().astype("datetime64[D]")
    dollars = prices.to_numpy(dtype=np.float64)
    thousandths = np.rint(dollars * THOUSANDTHS).astype(np.int32)
    if not np.array_equal(thousandths / THOUSANDTHS, dollars) or thousandths.min() <= 0:
        raise ValueError("The data set's prices are not positive whole thousandths of a dollar.")
    calendar = XnysCalendar(end=sessions[-1].item())
    expected = calendar.sessions_between(sessions[0].item(), sessions[-1].item())
    if sessions.tolist() != list(expected):
        raise ValueError("The data set's dates are not the sessions of the exchange.")
    return pack_closes(sessions, tuple(prices.columns), thousandths)


def _same(built: SampleCloses, shipped: SampleCloses) -> bool:
    return (
        built.symbols == shipped.symbols
        and np.array_equal(built.sessions, shipped.sessions)
        and np.array_equal(built.closes, shipped.closes)
    )


if __name__ == "__main__":
    sys.exit(main())
