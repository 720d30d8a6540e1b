"""The adjusted closes that are shipped: how they are packed, and how they are read.

The file holds whole thousandths of a dollar as the change from one session to the next, which
compresses to less than half of the prices themselves and loses nothing.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from oracle.adapters.calendar import XnysCalendar

if TYPE_CHECKING:
    from oracle.domain.prices import FloatArray, SessionArray

FILE = "closes.npz"
THOUSANDTHS = 1000.0

AFTER_THE_CLOSE = timedelta(minutes=30)
"""How long after its last close the sample market's clock stands."""

ThousandthsArray = NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class SampleCloses:
    """Adjusted closes [T, N] in dollars, of `sessions` [T] and `symbols` (N); read-only arrays."""

    sessions: SessionArray
    symbols: tuple[str, ...]
    closes: FloatArray


def pack_closes(
    sessions: SessionArray, symbols: tuple[str, ...], thousandths: ThousandthsArray
) -> bytes:
    """Return the shipped file's bytes for closes [T, N] in thousandths of a dollar."""
    moves = np.diff(thousandths.T, axis=1, prepend=np.int32(0)).astype(np.int32)
    packed = io.BytesIO()
    np.savez_compressed(
        packed,
        sessions=sessions.astype("datetime64[D]"),
        symbols=np.array(symbols, dtype=np.str_),
        moves=moves,
    )
    return packed.getvalue()


def unpack_closes(packed: bytes) -> SampleCloses:
    """Return the closes from the bytes that `pack_closes` made."""
    with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
        sessions: SessionArray = arrays["sessions"]
        symbols = tuple(str(symbol) for symbol in arrays["symbols"])
        closes = np.cumsum(arrays["moves"], axis=1, dtype=np.int64).T / THOUSANDTHS
    for array in (sessions, closes):
        array.setflags(write=False)
    return SampleCloses(sessions, symbols, closes)


@cache
def load_closes() -> SampleCloses:
    """Return the shipped closes; read once per process, in about ten milliseconds."""
    return unpack_closes(files(__package__).joinpath(FILE).read_bytes())


def last_session() -> date:
    """Return the newest session that the sample market has a close of."""
    newest: date = load_closes().sessions[-1].item()
    return newest


def last_moment() -> datetime:
    """Return where the sample market's clock stands: half an hour after its last close, in UTC."""
    newest = last_session()
    calendar = XnysCalendar(start=newest - timedelta(days=7), end=newest)
    return calendar.session_close(newest) + AFTER_THE_CLOSE
