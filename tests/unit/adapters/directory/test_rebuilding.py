"""The script that rebuilds the list: what it takes from the source, and what it leaves."""

from __future__ import annotations

from typing import Any

import pytest

from oracle.adapters.directory.listings import Size
from scripts.build_symbol_directory import clean_name, find_exchange, rows


def listing(google: str | None, currency: str = "USD") -> dict[str, Any]:
    """Return a listing as the source writes it."""
    return {"yahoo": "", "google": google, "currency": currency}


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("Brown\u2013Forman", "Brown-Forman"),
        ("BJ\u2019s Restaurants", "BJ's Restaurants"),
        ("PTC (software company)", "PTC"),
        ("Clearway Energy, Inc. (Class C)", "Clearway Energy, Inc. (Class C)"),
        ("  Two   words ", "Two words"),
    ],
)
def test_names_are_cleaned(name: str, clean: str) -> None:
    """Dashes and apostrophes are plain, and of remarks only the share class is kept."""
    assert clean_name(name) == clean


@pytest.mark.parametrize(
    ("stock", "exchange"),
    [
        ({"symbol": "MMM", "symbols": [listing("FRA:MMM", "EUR"), listing("NYSE:MMM")]}, "NYSE"),
        ({"symbol": "BRK.B", "symbols": [listing("NYSE:BRK.B")]}, "NYSE"),
        ({"symbol": "FER", "symbols": [listing("OTCMKTS:FER"), listing("NASDAQ:FER")]}, "NASDAQ"),
        ({"symbol": "EG", "symbols": [listing("NYSE:RE")]}, ""),
        ({"symbol": "ARM", "symbols": [listing("LON:ARM", "GBP")]}, ""),
        ({"symbol": "AOS", "metadata": {"traded_as": "NYSE : AOS S&P 500 component"}}, "NYSE"),
        ({"symbol": "APO", "metadata": {"traded_as": "Nasdaq : APOL"}}, ""),
        ({"symbol": "INSM", "symbols": [listing(None)], "metadata": None}, ""),
    ],
)
def test_exchange_is_that_of_the_stock_itself(stock: dict[str, Any], exchange: str) -> None:
    """Foreign, over-the-counter and former listings say nothing of where the stock trades."""
    assert find_exchange(stock) == exchange


def test_each_stock_is_taken_once_with_its_largest_index() -> None:
    """A stock in several indices keeps the size of the first; one without a name is left out."""
    nameless = {"symbol": "X", "name": "(company)"}
    apple = {"symbol": "AAPL", "name": "Apple Inc."}
    members = [(apple, Size.LARGEST), (nameless, Size.LARGE), (apple, Size.LARGE)]
    assert list(rows(members)) == [("AAPL", "Apple Inc.", "", "USD", "1")]
