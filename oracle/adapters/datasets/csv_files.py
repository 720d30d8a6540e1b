"""Prices from CSV files: long, wide, or of one stock."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from oracle.adapters.datasets.columns import FIELDS, StockColumns, read_date, read_number
from oracle.domain.errors import InvalidPriceFile, InvalidSymbol
from oracle.domain.instruments import parse_symbol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

_DATES = ("date", "session", "timestamp")
_SYMBOLS = ("symbol", "ticker")
# A column so named is a misspelt price, never a stock of that symbol.
_NO_SYMBOLS = {
    *FIELDS,
    "price",
    "prices",
    "value",
    "closing",
    "adjusted",
    "adjusted_close",
    "index",
}

Row = tuple[int, list[str]]


def read_csv(path: Path) -> list[StockColumns]:
    """Return the stocks of a CSV file, in the order of their first rows or of their columns.

    Raises InvalidPriceFile with the file, the row (the header is row 1) and the reason.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = _rows(file, path)
            _, header = next(rows, (1, []))
            names = [name.strip() for name in header]
            stocks = list(_read(path, names, rows))
    except UnicodeDecodeError as error:
        raise InvalidPriceFile(f"{path.name}: this is no text in UTF-8.") from error
    except OSError as error:
        raise InvalidPriceFile(f"{path}: {error.strerror or error}.") from error
    if not stocks:
        raise InvalidPriceFile(f"{path.name}: there is no row of prices in it.")
    return stocks


def _rows(file: Iterator[str], path: Path) -> Iterator[Row]:
    """Yield the number and the cells of each row that is not empty."""
    reader = csv.reader(file, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield reader.line_num, cells
    except csv.Error as error:
        raise InvalidPriceFile(f"{path.name}, row {reader.line_num}: {error}.") from error


def _read(path: Path, names: Sequence[str], rows: Iterator[Row]) -> Iterator[StockColumns]:
    plain = [name.lower().replace(" ", "_") for name in names]
    place = {name: column for column, name in reversed(list(enumerate(plain)))}
    dates = next((place[name] for name in _DATES if name in place), None)
    if dates is None:
        found = ", ".join(name for name in names if name) or "nothing"
        raise InvalidPriceFile(f"{path.name}, row 1: there is no column date; found {found}.")
    where = _where(path)
    prices = {name: place[name] for name in FIELDS if name in place}
    symbols = next((place[name] for name in _SYMBOLS if name in place), None)
    width = len(names)
    if symbols is None and "close" not in prices:
        return _read_wide(where, names, dates, _checked(rows, where, width))
    if "close" not in prices:
        found = ", ".join(names)
        raise InvalidPriceFile(f"{where(1)}: there is no column close; found {found}.")
    checked = _checked(rows, where, width)
    symbol = _symbol(path.stem, path.name) if symbols is None else symbols
    return _read_long(where, symbol, dates, prices, checked)


def _checked(rows: Iterator[Row], where: Callable[[int], str], width: int) -> Iterator[Row]:
    for number, cells in rows:
        if len(cells) != width:
            raise InvalidPriceFile(
                f"{where(number)}: it has {len(cells)} cells where the header has {width}."
            )
        yield number, cells


def _read_long(
    where: Callable[[int], str],
    symbol: str | int,
    dates: int,
    prices: dict[str, int],
    rows: Iterator[Row],
) -> Iterator[StockColumns]:
    """Yield the stocks of a table with one row per stock and session.

    `symbol` is the column the symbol stands in, or the symbol of all rows.
    """
    stocks: dict[str, StockColumns] = {}
    for number, cells in rows:
        place = where(number)
        name = symbol if isinstance(symbol, str) else _symbol(cells[symbol], place)
        stock = stocks.setdefault(name, StockColumns(name, where))
        values = {
            field: read_number(cells[column], field, place) for field, column in prices.items()
        }
        stock.add(number, read_date(cells[dates], place), values)
    yield from stocks.values()


def _read_wide(
    where: Callable[[int], str], names: Sequence[str], dates: int, rows: Iterator[Row]
) -> Iterator[StockColumns]:
    """Yield the stocks of a table with one column of adjusted closes per stock."""
    stocks: dict[int, StockColumns] = {}
    for column, name in enumerate(names):
        if column == dates:
            continue
        symbol = _symbol(name, where(1)) if name.lower() not in _NO_SYMBOLS else ""
        if not symbol:
            raise InvalidPriceFile(
                f"{where(1)}: there is no column close, and {name} is no symbol; "
                f"found {', '.join(names)}."
            )
        if symbol in {stock.symbol for stock in stocks.values()}:
            raise InvalidPriceFile(f"{where(1)}: the column {symbol} stands there twice.")
        stocks[column] = StockColumns(symbol, where)
    for number, cells in rows:
        place = where(number)
        day = read_date(cells[dates], place)
        for column, stock in stocks.items():
            close = read_number(cells[column], "close", f"{place}, column {stock.symbol}")
            stock.add(number, day, {"close": close})
    yield from (stock for stock in stocks.values() if stock.dates)


def _symbol(text: str, where: str) -> str:
    try:
        return parse_symbol(text)
    except InvalidSymbol:
        raise InvalidPriceFile(f"{where}: {text[:20]!r} is no stock symbol.") from None


def _where(path: Path) -> Callable[[int], str]:
    return lambda number: f"{path.name}, row {number}"
