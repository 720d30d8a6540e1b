"""Prices from a NumPy file of arrays, sessions by stocks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from oracle.adapters.datasets.columns import (
    FIELDS,
    StockColumns,
    impossible_number,
    is_possible,
)
from oracle.domain.errors import InvalidPriceFile, InvalidSymbol
from oracle.domain.instruments import parse_symbol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


def read_npz(path: Path) -> list[StockColumns]:
    """Return the stocks of the file, each with all of its sessions.

    Raises InvalidPriceFile with the file, the session and the reason.
    """
    arrays = _load(path)
    missing = [name for name in ("dates", "symbols", "close") if name not in arrays]
    if missing:
        found = ", ".join(sorted(arrays)) or "nothing"
        raise InvalidPriceFile(f"{path.name}: there is no array {missing[0]}; found {found}.")
    dates = _dates(path, arrays["dates"])
    symbols = [_symbol(path, text) for text in np.atleast_1d(arrays["symbols"]).tolist()]
    if len(set(symbols)) != len(symbols):
        raise InvalidPriceFile(f"{path.name}: a symbol stands there twice.")
    prices = {
        name: _prices(path, name, arrays[name], (len(dates), len(symbols)))
        for name in FIELDS
        if name in arrays
    }

    def where(row: int) -> str:
        return f"{path.name}, row {row} ({dates[row]})"

    for name, table in prices.items():
        wrong = np.argwhere(~np.isnan(table) & ~is_possible(table, name))
        if wrong.size:
            row, column = (int(place) for place in wrong[0])
            place = f"{where(row)}, column {symbols[column]}"
            raise impossible_number(float(table[row, column]), name, place)
    return [_stock(symbol, column, where, dates, prices) for column, symbol in enumerate(symbols)]


def _load(path: Path) -> dict[str, NDArray[Any]]:
    try:
        # Opened here, since NumPy leaves a file open that it cannot make sense of.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as arrays:
            if not isinstance(arrays, np.lib.npyio.NpzFile):
                raise InvalidPriceFile(f"{path.name}: this is no file of named arrays.")
            return {name: arrays[name] for name in arrays.files}
    except (BadZipFile, EOFError, ValueError, TypeError, AttributeError) as error:
        raise InvalidPriceFile(f"{path.name}: this is no NumPy file of plain arrays.") from error
    except OSError as error:
        raise InvalidPriceFile(f"{path}: {error.strerror or error}.") from error


def _dates(path: Path, given: NDArray[Any]) -> NDArray[np.datetime64]:
    try:
        dates: NDArray[np.datetime64] = given.astype("datetime64[D]")
    except (TypeError, ValueError) as error:
        raise InvalidPriceFile(f"{path.name}: the array dates holds no dates.") from error
    if given.dtype.kind not in "MU" or dates.ndim != 1 or np.isnat(dates).any():
        raise InvalidPriceFile(f"{path.name}: the array dates holds no row of dates.")
    return dates


def _symbol(path: Path, text: object) -> str:
    try:
        return parse_symbol(str(text))
    except InvalidSymbol:
        raise InvalidPriceFile(f"{path.name}: {text!r} is no stock symbol.") from None


def _prices(
    path: Path, name: str, given: NDArray[Any], shape: tuple[int, int]
) -> NDArray[np.float64]:
    if given.dtype.kind not in "fiu":
        raise InvalidPriceFile(f"{path.name}: the array {name} holds {given.dtype}, not numbers.")
    if given.shape != shape:
        raise InvalidPriceFile(
            f"{path.name}: the array {name} has the shape {given.shape} where there are "
            f"{shape[0]} dates and {shape[1]} symbols."
        )
    return given.astype(np.float64)


def _stock(
    symbol: str,
    column: int,
    where: Callable[[int], str],
    dates: NDArray[np.datetime64],
    prices: dict[str, NDArray[np.float64]],
) -> StockColumns:
    stock = StockColumns(symbol, where)
    columns = {name: table[:, column].tolist() for name, table in prices.items()}
    for row, day in enumerate(dates):
        stock.add(row, day, {name: values[row] for name, values in columns.items()})
    return stock
