"""From a path to a table of prices that can be believed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from oracle.adapters.datasets.csv_files import read_csv
from oracle.adapters.datasets.npz_files import read_npz
from oracle.adapters.sample.closes import load_closes
from oracle.domain.errors import InvalidPriceFile
from oracle.domain.price_tables import PriceTable
from oracle.forecasting.panel import ODD_MOVE, quiet_sessions
from oracle.forecasting.price_arrays import impossible_bars

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from oracle.adapters.datasets.columns import StockColumns
    from oracle.domain.prices import FloatArray, SessionArray

_NOTICES_SHOWN = 5
"""Rows named for each fault; of further ones only their number is told."""

_CONTRADICTORY = (
    "open, high, low and close of {symbol} contradict each other; only the close is used."
)
_UNTRADED = "{symbol} was not traded and repeats its close; the row counts as missing."
_ODD_MOVE = (
    "the close of {symbol} is off the one before by more than a factor of 2.5. Our own forecast "
    "does not learn from it and abstains for the next 21 sessions; as an outcome it counts."
)
_SAMPLE_PROVENANCE = (
    "Adjusted closes of 20 large US companies from the data set of skfolio, for testing and "
    "examples only. The twenty were chosen by hindsight: all of them still existed at the end, so "
    "no bankruptcy and no delisting is among them."
)
_FILE_PROVENANCE = (
    "Read from a file; where its prices come from, and which stocks were left out of it, is known "
    "to whoever made it. Stocks that had gone by the time a list was drawn up are usually missing "
    "from it, which flatters every method."
)


def sample_price_table() -> PriceTable:
    """Return the whole sample market, from 1990 to 2022."""
    market = load_closes()
    return PriceTable(
        name="the sample market",
        symbols=market.symbols,
        sessions=market.sessions,
        closes=market.closes,
        provenance=_SAMPLE_PROVENANCE,
    )


def load_price_table(path: Path) -> PriceTable:
    """Return the prices of a CSV file, a NumPy file, or a folder of CSV files.

    Raises InvalidPriceFile with the file, the row and the reason.
    """
    stocks = _read_folder(path) if path.is_dir() else _read_file(path)
    sessions = np.unique(np.array([day for stock in stocks for day in stock.dates], "M8[D]"))
    close = _place(stocks, "close", sessions)
    adjusted = _place(stocks, "adj_close", sessions)
    factor = adjusted / close
    # Stocks whose file gives no adjusted close have closes that count as adjusted.
    given = np.array(["adj_close" in stock.values for stock in stocks])
    silent, untraded = _quiet(stocks, sessions)
    closes = np.where(untraded, np.nan, np.where(given, adjusted, close))
    bars = {
        name: _place(stocks, name, sessions) * np.where(given, factor, 1.0)
        for name in ("open", "high", "low")
    }
    impossible = impossible_bars(
        closes, open=bars["open"], high=bars["high"], low=bars["low"]
    ) & np.isfinite(closes)
    table = PriceTable(
        name=path.name or str(path),
        symbols=tuple(stock.symbol for stock in stocks),
        sessions=sessions,
        closes=closes,
        **{name: np.where(impossible | silent, np.nan, values) for name, values in bars.items()},
        provenance=_FILE_PROVENANCE,
        notices=(
            *_notices(_CONTRADICTORY, stocks, sessions, impossible),
            *_notices(_UNTRADED, stocks, sessions, untraded),
            *_notices(_ODD_MOVE, stocks, sessions, _odd_moves(closes)),
        ),
    )
    return (
        table
        if table.has_bars
        else PriceTable(
            name=table.name,
            symbols=table.symbols,
            sessions=sessions,
            closes=closes,
            provenance=table.provenance,
            notices=table.notices,
        )
    )


def _read_folder(folder: Path) -> list[StockColumns]:
    paths = sorted(path for path in folder.iterdir() if path.suffix.lower() == ".csv")
    if not paths:
        raise InvalidPriceFile(f"{folder}: there is no CSV file in this folder.")
    stocks: dict[str, StockColumns] = {}
    for path in paths:
        for stock in _read_file(path):
            if stock.symbol in stocks:
                raise InvalidPriceFile(
                    f"{path.name}: {stock.symbol} stands in another file of {folder} as well."
                )
            stocks[stock.symbol] = stock
    return list(stocks.values())


def _read_file(path: Path) -> list[StockColumns]:
    if not path.exists():
        raise InvalidPriceFile(f"{path}: there is no such file.")
    readers = {".csv": read_csv, ".npz": read_npz}
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InvalidPriceFile(f"{path.name}: only .csv and .npz files are read, and folders.")
    stocks = reader(path)
    for stock in stocks:
        stock.check(path.name)
    return stocks


def _place(stocks: Sequence[StockColumns], name: str, sessions: SessionArray) -> FloatArray:
    """Return one field of all stocks [T, S], NaN where a stock has no row or not that field."""
    table = np.full((len(sessions), len(stocks)), np.nan)
    for column, stock in enumerate(stocks):
        if name in stock.values:
            rows = np.searchsorted(sessions, np.array(stock.dates, "M8[D]"))
            table[rows, column] = stock.values[name]
    return table


def _quiet(
    stocks: Sequence[StockColumns], sessions: SessionArray
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the rows [T, S] of sessions without a trade, and those that repeat the close too.

    An empty volume is not known, which is not the same as none.
    """
    silent, unchanged = np.zeros((2, len(sessions), len(stocks)), dtype=np.bool_)
    for column, stock in enumerate(stocks):
        if "volume" in stock.values:
            rows = np.searchsorted(sessions, np.array(stock.dates, "M8[D]"))
            volume = np.nan_to_num(stock.values["volume"], nan=np.inf)
            quiet = quiet_sessions(np.array(stock.values["close"]), volume)
            silent[rows, column], unchanged[rows, column] = quiet
    return silent, unchanged


def _odd_moves(closes: FloatArray) -> NDArray[np.bool_]:
    """Return where a close is more than a factor of 2.5 off the last known one before it."""
    odd = np.zeros(closes.shape, dtype=np.bool_)
    for column in range(closes.shape[1]):
        known = np.flatnonzero(np.isfinite(closes[:, column]))
        moves = np.diff(np.log(closes[known, column]))
        odd[known[1:], column] = np.abs(moves) > ODD_MOVE
    return odd


def _notices(
    fault: str,
    stocks: Sequence[StockColumns],
    sessions: SessionArray,
    where: NDArray[np.bool_],
) -> Iterator[str]:
    """Yield sentences that name the rows with a fault, by session."""
    places = np.argwhere(where).tolist()
    for row, column in places[:_NOTICES_SHOWN]:
        stock = stocks[column]
        place = stock.places[stock.dates.index(sessions[row])]
        yield f"{stock.where(place)}: {fault.format(symbol=stock.symbol)}"
    if len(places) > _NOTICES_SHOWN:
        yield f"The same holds for {len(places) - _NOTICES_SHOWN} more rows."
