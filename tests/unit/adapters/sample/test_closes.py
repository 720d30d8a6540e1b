"""The shipped closes: what is in the file, and that packing loses nothing."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from importlib.resources import files

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from oracle.adapters import sample
from oracle.adapters.calendar import XnysCalendar
from oracle.adapters.sample.closes import (
    ThousandthsArray,
    last_moment,
    last_session,
    load_closes,
    pack_closes,
    unpack_closes,
)

SYMBOLS = tuple(
    "AAPL AMD BAC BBY CVX GE HD JNJ JPM KO LLY MRK MSFT PEP PFE PG RRC UNH WMT XOM".split()  # noqa: SIM905
)
DIGEST = "c07ba9e2387c0d69bb6d14a2e671d076df1d2dde34835b5a62845ff39c30709e"


def test_file_holds_20_stocks_and_33_years() -> None:
    """The shipped file has 8,313 sessions of 20 stocks and no missing price."""
    market = load_closes()
    assert market.symbols == SYMBOLS
    assert market.closes.shape == (8313, 20)
    assert market.closes.dtype == np.float64
    assert np.isfinite(market.closes).all()
    assert market.closes.min() == pytest.approx(0.098)
    assert market.closes.max() == pytest.approx(549.225)


@pytest.mark.parametrize(
    ("session", "published"),
    [
        (date(1990, 1, 2), {"AAPL": 0.264, "AMD": 4.125, "GE": 14.391, "UNH": 0.310, "XOM": 4.068}),
        (date(1990, 1, 4), {"AAPL": 0.267, "BAC": 4.537, "MSFT": 0.397, "RRC": 3.322}),
        (date(2022, 12, 27), {"AAPL": 129.652, "HD": 314.985, "LLY": 362.760, "WMT": 142.681}),
        (
            date(2022, 12, 28),
            {"AAPL": 125.674, "JPM": 129.575, "KO": 62.609, "MSFT": 233.434, "XOM": 106.627},
        ),
    ],
)
def test_closes_are_the_published_ones(session: date, published: dict[str, float]) -> None:
    """The first and the last closes are those of the source, to the last decimal."""
    market = load_closes()
    row = market.sessions.tolist().index(session)
    shown = {symbol: market.closes[row, SYMBOLS.index(symbol)] for symbol in published}
    assert shown == published


def test_all_closes_are_as_they_were_built() -> None:
    """Not one of the 166,260 prices differs from those the script took from its source."""
    thousandths = np.rint(load_closes().closes * 1000.0).astype("<i4")
    assert hashlib.sha256(thousandths.tobytes()).hexdigest() == DIGEST
    assert np.array_equal(thousandths / 1000.0, load_closes().closes)


def test_dates_are_the_sessions_of_the_exchange() -> None:
    """The file's dates and the trading calendar agree: no session missing, none too many."""
    days = load_closes().sessions.tolist()
    assert days[0] == date(1990, 1, 2)
    calendar = XnysCalendar(end=date(2022, 12, 31))
    assert days == list(calendar.sessions_between(days[0], days[-1]))


def test_shipped_arrays_cannot_be_changed() -> None:
    """Everyone shares the arrays of one reading, so nobody can write to them."""
    market = load_closes()
    with pytest.raises(ValueError, match="read-only"):
        market.closes[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        market.sessions[0] = np.datetime64("2000-01-01")


def test_clock_stands_half_an_hour_after_the_last_close() -> None:
    """The sample market's own moment is 21:30 UTC on 28 December 2022."""
    assert last_session() == date(2022, 12, 28)
    assert last_moment() == datetime(2022, 12, 28, 21, 30, tzinfo=UTC)
    assert last_moment().tzinfo is UTC


def test_file_is_small_and_states_its_source() -> None:
    """The package carries the prices in under 700 kB, with their source, licence and caution."""
    folder = files(sample)
    assert len(folder.joinpath("closes.npz").read_bytes()) < 700_000
    note = folder.joinpath("README.md").read_text("utf-8")
    for word in ("skfolio", "BSD 3-Clause", "not meant for investment, trading or commercial use"):
        assert word in note
    assert "The skfolio developers" in folder.joinpath("LICENSE.skfolio").read_text("utf-8")


@given(arrays(np.int32, (7, 3), elements=st.integers(1, 1_000_000)))
def test_packing_loses_nothing(thousandths: ThousandthsArray) -> None:
    """What is packed comes out again exactly, whatever the prices are."""
    sessions = np.arange("2020-01-01", "2020-01-08", dtype="datetime64[D]")
    market = unpack_closes(pack_closes(sessions, ("A", "BRK-B", "C"), thousandths))
    assert market.symbols == ("A", "BRK-B", "C")
    assert np.array_equal(market.sessions, sessions)
    assert np.array_equal(market.closes, thousandths / 1000.0)
