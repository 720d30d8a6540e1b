"""Searching the directory: what people type, and whom they mean."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.adapters.directory import LocalDirectory
from oracle.adapters.directory.listings import load_listings

if TYPE_CHECKING:
    from collections.abc import Callable

    from oracle.domain.instruments import Match

DIRECTORY = LocalDirectory()

EXACT = {
    "AAPL": "AAPL",
    "aapl": "AAPL",
    " KO ": "KO",
    "T": "T",
    "brk.b": "BRK-B",
    "BRK-B": "BRK-B",
    "BRK/B": "BRK-B",
    "brk b": "BRK-B",
    "fb": "META",
    "SQ": "XYZ",
    "apple": "AAPL",
    "Apple Inc.": "AAPL",
    "microsoft corporation": "MSFT",
    "Pfizer Inc": "PFE",
    "intel corporation": "INTC",
    "exxon mobil corporation": "XOM",
    "google": "GOOGL",
    "alphabet": "GOOGL",
    "facebook": "META",
    "square": "XYZ",
    "berkshire": "BRK-B",
    "berkshire hathaway": "BRK-B",
    "coke": "KO",
    "coca cola": "KO",
    "Coca-Cola": "KO",
    "the coca-cola company": "KO",
    "jp morgan": "JPM",
    "J.P. Morgan Chase": "JPM",
    "p&g": "PG",
    "procter and gamble": "PG",
    "j&j": "JNJ",
    "johnson & johnson": "JNJ",
    "Johnson and Johnson": "JNJ",
    "exxon": "XOM",
    "exxon mobil": "XOM",
    "home depot": "HD",
    "homedepot": "HD",
    "pfizer": "PFE",
    "lilly": "LLY",
    "ge": "GE",
    "general electric": "GE",
    "wal-mart": "WMT",
    "at&t": "T",
    "att": "T",
    "mcdonalds": "MCD",
    "McDonald\u2019s": "MCD",
    "mc donalds": "MCD",
    "disney": "DIS",
    "estee lauder": "EL",
    "Est\u00e9e Lauder": "EL",
    "brown-forman": "BF-B",
    "advanced micro devices": "AMD",
    "s&p 500": "SPY",
    "range resources": "RRC",
    "3m": "MMM",
    "ebay": "EBAY",
    "o'reilly": "ORLY",
}

BEGINNINGS = {
    "goo": "GOOGL",
    "micro": "MSFT",
    "coca": "KO",
    "bank of am": "BAC",
    "johnson": "JNJ",
    "united": "UNH",
    "home": "HD",
    "hathaway": "BRK-B",
    "depot": "HD",
    "morgan chase": "JPM",
    "faceb": "META",
    "amer express": "AXP",
    "nvid": "NVDA",
    "berk": "BRK-B",
}

MISTYPED = {
    "appel": "AAPL",
    "microsft": "MSFT",  # codespell:ignore microsft
    "mircosoft": "MSFT",  # codespell:ignore mircosoft
    "micorsoft": "MSFT",  # codespell:ignore micorsoft
    "jonson and jonson": "JNJ",
    "goggle": "GOOGL",
    "exon mobil": "XOM",
    "exon": "XOM",
    "berkshir hathway": "BRK-B",
    "home depto": "HD",
    "walmrt": "WMT",
    "pfzer": "PFE",
    "proctor and gamble": "PG",
    "nvidea": "NVDA",
    "amazone": "AMZN",
    "netflx": "NFLX",
    "starbuks": "SBUX",
    "tesler": "TSLA",
    "facebok": "META",
    "jpmorgen": "JPM",
    "caterpiller": "CAT",  # codespell:ignore caterpiller
    "oracel": "ORCL",
    "chevorn": "CVX",
    "merk": "MRK",
    "best by": "BBY",
    "intell": "INTC",
    "unitedhelth group": "UNH",
    "goldmann": "GS",
    "AAPPL": "AAPL",
    "MSTF": "MSFT",
    "AMZM": "AMZN",
    "GOGL": "GOOGL",
    "JMP": "JPM",
}

NONSENSE = [
    *("zzzzqqq", "qwerty", "asdf", "xyzzy", "hello", "foobar", "lorem ipsum", "12345", "00"),
    *("' or 1=1 --", "...", "&", "   ", "", "\u82f9\u679c", "\U0001f600", "twitter", "zz top"),
]


def first(query: str) -> Match:
    """Return the best match, which there must be."""
    matches = DIRECTORY.search(query)
    assert matches, f"Nothing was found for {query!r}."
    return matches[0]


@pytest.mark.parametrize(("query", "symbol"), EXACT.items())
def test_whole_symbols_and_names_are_exact(query: str, symbol: str) -> None:
    """A symbol, former symbol, name or alias is found first, and known to be exactly meant."""
    assert first(query).instrument.symbol == symbol
    assert first(query).exact


@pytest.mark.parametrize(("query", "symbol"), BEGINNINGS.items())
def test_beginnings_find_the_best_known_first(query: str, symbol: str) -> None:
    """The beginning of a name or of its words finds the largest company, but not as exact."""
    assert first(query).instrument.symbol == symbol
    assert not first(query).exact


@pytest.mark.parametrize(("query", "symbol"), MISTYPED.items())
def test_typing_errors_are_forgiven(query: str, symbol: str) -> None:
    """Missing, extra, wrong and swapped letters still find who was meant, but not as exact."""
    assert first(query).instrument.symbol == symbol
    assert not first(query).exact
    assert first(query).score < 80.0


def test_a_legal_form_hides_no_company() -> None:
    """Every listed name is found with a form after it that the listing leaves out."""
    lost = []
    names = [each.instrument.name for each in load_listings() if len(each.instrument.name) < 50]
    for name, form in zip(names, cycle(("Inc", "Corp", "Corporation", "Company")), strict=False):
        found = [match.instrument.name for match in DIRECTORY.search(f"{name} {form}", 3)]
        if name not in found:
            lost.append((name, form, found))
    assert lost == []


def test_a_mistyped_name_is_found_with_its_legal_form() -> None:
    """The form is no part of what is compared with the names."""
    assert first("Microsft Corp").instrument.symbol == "MSFT"  # codespell:ignore microsft


@pytest.mark.parametrize("query", NONSENSE)
def test_nonsense_finds_nothing(query: str) -> None:
    """What resembles no company gives no match rather than a far-fetched one."""
    assert DIRECTORY.search(query) == ()


def test_short_error_in_a_symbol_is_near_the_top() -> None:
    """A missing letter in a short symbol competes with longer symbols, but stays in sight."""
    assert "AAPL" in [match.instrument.symbol for match in DIRECTORY.search("apl")[:3]]


def test_share_classes_follow_each_other() -> None:
    """Both classes of a company are found, the voting one first, told apart by their names."""
    best, second = DIRECTORY.search("google")[:2]
    assert [best.instrument.symbol, second.instrument.symbol] == ["GOOGL", "GOOG"]
    assert best.instrument.name == "Alphabet Inc. (Class A)"
    assert second.instrument.name == "Alphabet Inc. (Class C)"


def test_symbol_goes_before_name_before_beginning() -> None:
    """An exact symbol comes before the company of that name, and that before what begins so."""
    matches = DIRECTORY.search("fox")
    assert [match.instrument.symbol for match in matches[:3]] == ["FOX", "FOXA", "FOXF"]
    assert [match.exact for match in matches[:3]] == [True, True, False]


def test_a_well_typed_beginning_brings_no_lookalikes() -> None:
    """When names begin with what was typed, names that only resemble it are left out."""
    for match in DIRECTORY.search("apple"):
        assert match.instrument.name.startswith("Apple")


def test_limit_is_kept_and_order_is_by_score() -> None:
    """No more matches than asked for, best first, and each instrument once."""
    assert DIRECTORY.search("a", 0) == ()
    assert DIRECTORY.search("a", -1) == ()
    few, many = DIRECTORY.search("a", 3), DIRECTORY.search("a", 1000)
    assert tuple(many[:3]) == tuple(few)
    scores = [match.score for match in many]
    assert scores == sorted(scores, reverse=True)
    symbols = [match.instrument.symbol for match in many]
    assert len(set(symbols)) == len(symbols) > 50


@given(st.text(max_size=80))
def test_any_text_is_survived(query: str) -> None:
    """Whatever is typed, the answer is a list of at most eight matches with scores up to 100."""
    matches = DIRECTORY.search(query)
    assert len(matches) <= 8
    assert all(0.0 < match.score <= 100.0 for match in matches)


@pytest.mark.parametrize("query", ["apple" * 100_000, "a" * 65, "\x00\x1b[31m", "\ud800", "a\x00"])
def test_hostile_text_is_survived(query: str) -> None:
    """Huge, unprintable and broken text neither fails nor finds more than it should."""
    assert len(DIRECTORY.search(query)) <= 8


@given(st.sampled_from(sorted(set(EXACT.values()))), st.sampled_from([str.lower, str.upper]))
def test_case_does_not_matter(symbol: str, change: Callable[[str], str]) -> None:
    """A symbol is exact in either case, and so is the whole name of its company."""
    instrument = DIRECTORY.find_instrument(symbol)
    assert instrument is not None
    assert first(change(symbol)).instrument == instrument
    assert any(
        match.exact and match.instrument == instrument
        for match in DIRECTORY.search(change(instrument.name))
    )
