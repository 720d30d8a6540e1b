"""What the directory holds, and that the hand-kept lines fit the list they complete."""

from __future__ import annotations

from importlib.resources import files

import pytest

from oracle.adapters import directory
from oracle.adapters.directory import LocalDirectory
from oracle.adapters.directory.listings import Size, load_listings, read_hand_kept, read_listed
from oracle.adapters.directory.names import fold_words
from oracle.adapters.sample.feed import COMPANIES
from oracle.domain.instruments import parse_symbol

LISTED = {listing.instrument.symbol: listing for listing in read_listed()}
KNOWN = {listing.instrument.symbol: listing for listing in load_listings()}
KEPT = read_hand_kept()


def test_list_is_complete_and_clean() -> None:
    """Every listing has a symbol in its one spelling and a clean name, and trades in dollars."""
    assert len(LISTED) == len(read_listed()) == 1120
    for symbol, listing in KNOWN.items():
        assert parse_symbol(symbol) == symbol
        name = listing.instrument.name
        assert name == " ".join(name.split())
        assert name
        assert not set(name) & set("\u2013\u2019[]|\t")
        assert listing.instrument.currency == "USD"
        assert listing.instrument.exchange in {"", "NYSE", "NASDAQ", "NYSE American", "NYSE Arca"}


def test_sizes_come_from_the_indices() -> None:
    """The best-known are the largest, and every index is there in about its number."""
    sizes = [listing.size for listing in LISTED.values()]
    assert 95 <= sizes.count(Size.LARGEST) <= 110
    assert 400 <= sizes.count(Size.LARGE) <= 450
    assert 590 <= sizes.count(Size.SMALL) <= 610
    assert LISTED["AAPL"].size is LISTED["GOOGL"].size is Size.LARGEST
    assert LISTED["MMM"].size is Size.LARGEST
    assert LISTED["EG"].size is Size.LARGE
    assert LISTED["AAP"].size is Size.SMALL


@pytest.mark.parametrize("table", ["names", "aliases"])
def test_hand_kept_lines_are_about_listed_stocks(table: str) -> None:
    """Names and aliases are of stocks that the built list has."""
    assert set(KEPT[table]) <= set(LISTED)


def test_hand_kept_names_change_something() -> None:
    """A corrected name differs from the list's; one that the list has learned is obsolete."""
    same = [
        symbol for symbol, name in KEPT["names"].items() if name == LISTED[symbol].instrument.name
    ]
    assert not same


def test_hand_kept_stocks_are_not_in_the_list() -> None:
    """A stock is added by hand only while the list lacks it."""
    assert not set(KEPT["instruments"]) & set(LISTED)


def test_former_symbols_are_free_and_lead_somewhere() -> None:
    """A former symbol belongs to nobody now, and its successor is known."""
    for former, current in KEPT["former_symbols"].items():
        assert parse_symbol(former) == former
        assert former not in KNOWN
        assert current in KNOWN


def test_no_alias_leads_to_two_companies() -> None:
    """An alias names one company, of which there may be several share classes."""
    owners: dict[tuple[str, ...], set[str]] = {}
    for listing in KNOWN.values():
        company = listing.instrument.name.split(" (Class")[0]
        for alias in listing.instrument.aliases:
            assert fold_words(alias)
            owners.setdefault(fold_words(alias), set()).add(company)
    assert not {alias: names for alias, names in owners.items() if len(names) > 1}


@pytest.mark.parametrize("symbol", COMPANIES)
def test_sample_market_is_known(symbol: str) -> None:
    """Every stock of the sample market is in the directory."""
    instrument = LocalDirectory().find_instrument(symbol)
    assert instrument is not None
    assert instrument.symbol == symbol


def test_symbols_are_found_as_people_write_them() -> None:
    """Former symbols and other spellings lead to the instrument; unknown ones to None."""
    known = LocalDirectory()
    for text, symbol in {"AAPL": "AAPL", "brk.b": "BRK-B", "FB": "META", " msft ": "MSFT"}.items():
        instrument = known.find_instrument(text)
        assert instrument is not None
        assert instrument.symbol == symbol
    for text in ("ZZZZ", "", "apple", "TWTR"):
        assert known.find_instrument(text) is None


def test_directory_can_be_narrowed() -> None:
    """A directory of the sample market knows its 20 stocks and nobody else."""
    narrow = LocalDirectory(only=tuple(COMPANIES))
    assert len(narrow) == len(COMPANIES) == 20
    assert narrow.find_instrument("TSLA") is None
    assert narrow.find_instrument("FB") is None
    assert not narrow.search("google")
    assert [match.instrument.symbol for match in narrow.search("appel")] == ["AAPL"]
    assert len(LocalDirectory(only=())) == 0
    assert len(LocalDirectory()) == len(KNOWN)


def test_files_are_small_and_state_their_source() -> None:
    """The package carries the list in under 150 kB, with its source and licence."""
    folder = files(directory)
    assert len(folder.joinpath("listed.csv").read_bytes()) < 150_000
    note = folder.joinpath("README.md").read_text("utf-8")
    assert "pytickersymbols" in note
    assert "MIT" in note
    licence = folder.joinpath("LICENSE.pytickersymbols").read_text("utf-8")
    assert licence.startswith("MIT License")
