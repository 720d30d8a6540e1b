"""Files of prices: the forms that are understood, and what is said of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.adapters.datasets import load_price_table, sample_price_table
from oracle.adapters.datasets.columns import read_date
from oracle.domain.errors import InvalidPriceFile, InvalidSelection

if TYPE_CHECKING:
    from pathlib import Path

LONG = """Date,Symbol,Open,High,Low,Close,Adj Close,Volume
2024-01-02,AAPL,10,12,9,11,5.5,100
2024-01-03,AAPL,11,13,10,12,6,200
2024-01-03,brk.b,20,21,19,20,20,
2024-01-04,BRK-B,20,21,19,21,21,7
2024-01-04,AAPL,,,,12.5,6.25,9
"""
WIDE = "date,AAPL,MSFT\n2024-01-02,10,\n2024-01-03,11,20\n2024-01-04,12,21\n"
ONE = "close,date,note\n10,2024-01-02,x\n11,2024-01-03T00:00:00-05:00,y\n"


def write(folder: Path, text: str, name: str = "prices.csv") -> Path:
    """Write the file and return its path."""
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def arrays(**changes: Any) -> dict[str, Any]:
    """Return the arrays of a small valid NumPy file, with some replaced or left out (None)."""
    closes = np.array([[10.0, 20.0], [11.0, np.nan], [12.0, 21.0]])
    content: dict[str, Any] = {
        "dates": np.array(["2024-01-02", "2024-01-03", "2024-01-04"], "M8[D]"),
        "symbols": np.array(["AAPL", "MSFT"]),
        **dict.fromkeys(("open", "high", "low", "close"), closes),
        "adj_close": closes / 2.0,
        "volume": np.array([[1.0, 8.0], [2.0, np.nan], [3.0, 4.0]]),
        **changes,
    }
    return {name: values for name, values in content.items() if values is not None}


def save(folder: Path, **changes: Any) -> Path:
    """Write the NumPy file and return its path."""
    path = folder / "prices.npz"
    np.savez(path, allow_pickle=True, **arrays(**changes))
    return path


def test_long_file_is_put_side_by_side(tmp_path: Path) -> None:
    """Stocks of one column become columns on common sessions; bars follow the adjusted close."""
    table = load_price_table(write(tmp_path, LONG))
    assert table.symbols == ("AAPL", "BRK-B")
    assert [str(day) for day in table.sessions] == ["2024-01-02", "2024-01-03", "2024-01-04"]
    np.testing.assert_array_equal(table.closes, [[5.5, np.nan], [6.0, 20.0], [6.25, 21.0]])
    assert table.high is not None
    np.testing.assert_array_equal(table.high, [[6.0, np.nan], [6.5, 21.0], [np.nan, 21.0]])


def test_wide_file_holds_adjusted_closes(tmp_path: Path) -> None:
    """One column per symbol; an empty cell is a missing price."""
    table = load_price_table(write(tmp_path, WIDE))
    assert table.symbols == ("AAPL", "MSFT")
    np.testing.assert_array_equal(table.closes, [[10.0, np.nan], [11.0, 20.0], [12.0, 21.0]])
    assert table.open is None


def test_file_of_one_stock_is_named_after_it(tmp_path: Path) -> None:
    """Columns may stand in any order, further ones are ignored, times are cut to their day."""
    table = load_price_table(write(tmp_path, "\ufeff" + ONE, "brk.b.csv"))
    assert table.symbols == ("BRK-B",)
    np.testing.assert_array_equal(table.closes, [[10.0], [11.0]])


def test_folder_holds_a_file_per_stock(tmp_path: Path) -> None:
    """All CSV files are read in the order of their names; other files are left alone."""
    write(tmp_path, ONE, "MSFT.csv")
    write(tmp_path, ONE.replace("2024-01-02", "2024-01-01"), "AAPL.CSV")
    write(tmp_path, "anything", "README.md")
    table = load_price_table(tmp_path)
    assert table.symbols == ("AAPL", "MSFT")
    assert np.isnan(table.closes).tolist() == [[False, True], [True, False], [False, False]]


def test_numpy_file_is_read(tmp_path: Path) -> None:
    """Arrays of sessions by stocks, brought to the adjusted basis."""
    table = load_price_table(save(tmp_path))
    np.testing.assert_array_equal(table.closes, arrays()["adj_close"])
    np.testing.assert_array_equal(table.low, arrays()["adj_close"])
    only = load_price_table(
        save(tmp_path, open=None, high=None, low=None, adj_close=None, volume=None)
    )
    np.testing.assert_array_equal(only.closes, arrays()["close"])
    assert only.high is None


def test_sample_market_is_whole() -> None:
    """All its sessions are there, closes only, with a word on who is missing from it."""
    table = sample_price_table()
    assert len(table.symbols) == 20
    assert str(table.sessions[0]) == "1990-01-02"
    assert not table.has_bars
    assert "hindsight" in table.provenance


def test_contradictory_bars_keep_their_close_and_are_told(tmp_path: Path) -> None:
    """A close outside of low and high costs the bar, not the file, and the row is named."""
    table = load_price_table(write(tmp_path, LONG.replace("11,13,10,12,6", "11,13,12.5,12,6")))
    assert table.low is not None
    assert np.isnan(table.low[1, 0])
    assert table.closes[1, 0] == 6.0
    assert len(table.notices) == 1
    assert table.notices[0].startswith("prices.csv, row 3: open, high, low and close of AAPL")


def test_sessions_without_a_trade_count_as_missing(tmp_path: Path) -> None:
    """No volume and the close of before is no return of zero; a volume left empty says nothing."""
    table = load_price_table(
        write(
            tmp_path,
            "date,open,high,low,close,volume\n2024-01-02,9,10,9,10,5\n2024-01-03,9,10,9,10,0\n"
            "2024-01-04,10,12,10,11,0\n2024-01-05,10,12,10,11,\n2024-01-08,11,12,10,12,7\n",
        )
    )
    np.testing.assert_array_equal(table.closes[:, 0], [10.0, np.nan, 11.0, 11.0, 12.0])
    assert table.high is not None
    np.testing.assert_array_equal(table.high[:, 0], [10.0, np.nan, np.nan, 12.0, 12.0])
    (notice,) = table.notices
    assert notice.startswith("prices.csv, row 3: PRICES was not traded and repeats its close")


def test_moves_that_are_hard_to_believe_are_told(tmp_path: Path) -> None:
    """A close three times the last known one is named with file and row."""
    table = load_price_table(
        write(tmp_path, "date,close\n2024-01-02,10\n2024-01-03,\n2024-01-04,30\n2024-01-05,31\n")
    )
    assert [notice.partition(" by more")[0] for notice in table.notices] == [
        "prices.csv, row 4: the close of PRICES is off the one before"
    ]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "no column date; found nothing"),
        ("day,close\n2024-01-02,5\n", "row 1: there is no column date; found day, close"),
        ("date,price\n2024-01-02,5\n", "no column close, and price is no symbol"),
        ("date,symbol,open\n2024-01-02,A,5\n", "no column close; found date, symbol, open"),
        ("date,A,A\n2024-01-02,5,6\n", "column A stands there twice"),
        ("date,close\n", "no row of prices"),
        ("date,close\n2024-01-02,5\n", "row 2: this is the only price of PRICES"),
        ("date,close\n2024-01-02,\n2024-01-03,NaN\n", "every price of PRICES is missing"),
        ("date,A,B\n2024-01-02,1,\n2024-01-03,2,\n", "every price of B is missing"),
        ("date,close\n2024-01-03,5\n2024-01-02,5\n", "row 3: the date 2024-01-02 .* later one"),
        ("date,close\n2024-01-03,5\n2024-01-03,5\n", "row 3: the date 2024-01-03 .* twice"),
        ("date,close\n2024-01-02,5\n2024-01-03,-5\n", "row 3: the close -5 is no price"),
        ("date,close\n2024-01-02,5\n2024-01-03,0\n", "row 3: the close 0 is no price"),
        ("date,close\n2024-01-02,5\n2024-01-03,inf\n", "row 3: the close inf is no price"),
        ("date,A\n2024-01-02,5\n2024-01-03,-1\n", "row 3, column A: the close -1 is no price"),
        ("date,close\n2024-01-02,5\n2024-01-03,five\n", "row 3: the close 'five' is no number"),
        ("date,close,volume\n2024-01-02,5,-1\n2024-01-03,5,1\n", "row 2: the volume -1 is no"),
        ("date,close\n2024-01-02,5\n\n2024-01-03,500\n", "row 4: the close 500 .* 100 times"),
        ("date,close\n2024-01-02,500\n2024-01-03,5\n", "row 3: the close 5 .* 0.01 times"),
        ("date,close\n02.01.2024,5\n2024-01-03,5\n", "row 2: '02.01.2024' is no date"),
        ("date,close\n2024-02-30,5\n", "row 2: '2024-02-30' is no date"),
        ("date,close\n2024-01-02,5,6\n", "row 2: it has 3 cells where the header has 2"),
        ("date,symbol,close\n2024-01-02,<b>,5\n", "row 2: '<b>' is no stock symbol"),
        ('date,close\n2024-01-02,"5\n', "row 2: unexpected end of data"),
    ],
)
def test_what_cannot_be_true_names_file_row_and_reason(
    tmp_path: Path, text: str, sentence: str
) -> None:
    """Nothing is guessed: the first fault is told with the place it stands at."""
    with pytest.raises(InvalidPriceFile, match=sentence) as refused:
        load_price_table(write(tmp_path, text))
    assert "prices.csv" in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"close": None}, "no array close; found adj_close, dates"),
        ({"dates": np.array([1.0, 2.0, 3.0])}, "holds no row of dates"),
        ({"dates": np.array(["x", "y", "z"])}, "holds no dates"),
        ({"dates": arrays()["dates"][::-1]}, r"row 1 \(2024-01-03\): the date .* later one"),
        ({"dates": arrays()["dates"][[0, 0, 1]]}, "row 1 .* twice"),
        ({"close": np.ones((2, 2))}, "has the shape"),
        ({"close": np.array([["a", "b"]] * 3)}, "not numbers"),
        ({"close": np.array([[1, 2], [3, -4], [5, 6]])}, "row 1 .*, column MSFT: the close -4"),
        ({"adj_close": arrays()["close"] * [[1], [100], [1]]}, "row 1 .* 110 times"),
        ({"symbols": np.array(["AAPL", "aapl"])}, "a symbol stands there twice"),
        ({"symbols": np.array(["AAPL", "a b"])}, "'a b' is no stock symbol"),
        ({"close": arrays()["close"].astype(object)}, "no NumPy file of plain arrays"),
    ],
)
def test_faults_of_numpy_files_are_told(
    tmp_path: Path, changes: dict[str, Any], sentence: str
) -> None:
    """Arrays are held to the same rules as rows of text, and objects are never unpickled."""
    with pytest.raises(InvalidPriceFile, match=sentence):
        load_price_table(save(tmp_path, **changes))


def test_what_is_no_file_of_prices_is_told(tmp_path: Path) -> None:
    """Missing files, empty folders, other kinds and foreign bytes have a sentence each."""
    with pytest.raises(InvalidPriceFile, match="no such file"):
        load_price_table(tmp_path / "missing.csv")
    with pytest.raises(InvalidPriceFile, match="no CSV file in this folder"):
        load_price_table(tmp_path)
    with pytest.raises(InvalidPriceFile, match=r"only \.csv and \.npz"):
        load_price_table(write(tmp_path, "x", "prices.xlsx"))
    for name, sentence in (("a.csv", "no text in UTF-8"), ("a.npz", "no NumPy file")):
        (tmp_path / name).write_bytes(b"\xff\xfe\x00PK\x03\x04")
        with pytest.raises(InvalidPriceFile, match=sentence):
            load_price_table(tmp_path / name)


def test_one_stock_in_two_files_is_refused(tmp_path: Path) -> None:
    """Two files of a folder with the same stock contradict each other."""
    write(tmp_path, ONE, "A.csv")
    write(tmp_path, ONE, "a.csv")
    with pytest.raises(InvalidPriceFile, match="stands in another file"):
        load_price_table(tmp_path)


def test_stocks_are_selected_by_name(tmp_path: Path) -> None:
    """Any order is possible; one that is not there is named."""
    table = load_price_table(write(tmp_path, WIDE))
    assert table.select(["MSFT"]).closes.shape == (3, 1)
    with pytest.raises(InvalidSelection, match=r"prices\.csv has no prices of KO, GE"):
        table.select(["AAPL", "KO", "GE"])


@given(st.text(max_size=30) | st.dates().map(str))
def test_a_date_is_read_or_refused(text: str) -> None:
    """No text whatever makes another error than the one with the place in it."""
    refusal, day = "", None
    try:
        day = read_date(text, "a.csv, row 2")
    except InvalidPriceFile as refused:
        refusal = str(refused)
    assert refusal.startswith("a.csv, row 2: ") or str(day) == text.strip()[:10]
