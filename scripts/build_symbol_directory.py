"""Rebuild the list of symbols and names from the `pytickersymbols` package.

Run it from the root of the repository:

    uv run --group datasets python -m scripts.build_symbol_directory

With `--check` it only compares what it would write with what is shipped.
"""

from __future__ import annotations

import argparse
import csv
import io
import re
import sys
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import oracle.adapters.directory
from oracle.adapters.directory.listings import COLUMNS, LIST_FILE, Size
from oracle.domain.instruments import parse_symbol

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

TARGET = Path(oracle.adapters.directory.__file__).parent / LIST_FILE

INDICES = {
    "DOW JONES": Size.LARGEST,
    "S&P 100": Size.LARGEST,
    "S&P 500": Size.LARGE,
    "NASDAQ 100": Size.LARGE,
    "S&P 600": Size.SMALL,
}
"""The indices that are taken, all of stocks listed in the USA in US dollars, the largest first."""

EXCHANGES = {"NYSE": "NYSE", "NASDAQ": "NASDAQ", "NYSEAMERICAN": "NYSE American"}
CURRENCY = "USD"

_LISTED_AS = re.compile(r"\b(NYSE|NASDAQ)\s*:\s*([A-Z]+(?:\.[A-Z])?)\b", re.IGNORECASE)
_SHARE_CLASS = re.compile(r"\(Class [A-Z]\)")


def main() -> int:
    """Write the list, or compare it; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--check", action="store_true", help="compare only, write nothing")
    arguments = parser.parse_args()
    text = build()
    package = f"pytickersymbols {version('pytickersymbols')}"
    if arguments.check:
        same = text == TARGET.read_text("utf-8")
        print(f"{TARGET.name} {'is' if same else 'is NOT'} what {package} gives")
        return 0 if same else 1
    TARGET.write_text(text, "utf-8")
    print(f"{TARGET.name}: {len(text.splitlines()) - 1:,} stocks from {package}")
    return 0


def build() -> str:
    """Return the list as text: a heading and a line per stock, in order of the symbols."""
    # The package is in a dependency group of its own, which only this function needs.
    from pytickersymbols import PyTickerSymbols  # noqa: PLC0415

    source = PyTickerSymbols()
    members = ((stock, size) for index, size in INDICES.items() for stock in _of(source, index))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([COLUMNS, *sorted(rows(members))])
    return text.getvalue()


def rows(members: Iterable[tuple[dict[str, Any], Size]]) -> Iterator[tuple[str, ...]]:
    """Yield the columns of each stock once, with the size of the first index that has it."""
    seen: set[str] = set()
    for stock, size in members:
        symbol, name = parse_symbol(stock["symbol"]), clean_name(stock["name"])
        if symbol not in seen and name:
            seen.add(symbol)
            yield symbol, name, find_exchange(stock), CURRENCY, str(size.value)


def clean_name(name: str) -> str:
    """Return the name with plain dashes and apostrophes, and of remarks only the share class."""
    plain = name.replace("\u2013", "-").replace("\u2019", "'")
    without = re.sub(r"\([^)]*\)", lambda remark: _kept(remark[0]), plain)
    return " ".join(without.split())


def find_exchange(stock: dict[str, Any]) -> str:
    """Return where the stock of the index trades, or "" when the source does not say.

    An index names its stocks by their current symbol. The listings beside it may be of other
    countries, over the counter, or under a former symbol, so one counts only if it is the same.
    """
    wanted = parse_symbol(stock["symbol"])
    for listing in stock.get("symbols", ()):
        prefix, _, symbol = (listing.get("google") or "").partition(":")
        if listing["currency"] == CURRENCY and _same(symbol, wanted) and prefix in EXCHANGES:
            return EXCHANGES[prefix]
    traded_as = (stock.get("metadata") or {}).get("traded_as") or ""
    for prefix, symbol in _LISTED_AS.findall(traded_as):
        if _same(symbol, wanted):
            return EXCHANGES[prefix.upper()]
    return ""


def _of(source: Any, index: str) -> list[dict[str, Any]]:
    return list(source.get_stocks_by_index(index))


def _same(symbol: str, wanted: str) -> bool:
    return symbol.replace(".", "-") == wanted


def _kept(remark: str) -> str:
    return remark if _SHARE_CLASS.fullmatch(remark) else ""


if __name__ == "__main__":
    sys.exit(main())
