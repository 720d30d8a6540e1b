"""Columns and folded lines of the text part."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from oracle.digest.columns import align, cells_of, fold, plain, printable

WORDS = st.text(st.characters(codec="utf-8", categories=("L", "N", "P")), min_size=1, max_size=20)


def test_columns_stand_below_each_other() -> None:
    """The first is on the left, the others end at the same place."""
    assert align([["Stock", "Close"], ["AAPL", "$9.50"], ["KO", "$109.50"]]) == (
        "Stock    Close",
        "AAPL     $9.50",
        "KO     $109.50",
    )


def test_the_first_column_gives_way() -> None:
    """A name that is too long goes on below, and ends in dots there; figures are never broken."""
    assert align([["KO    The Coca-Cola Bottlers' Company", "$100.00"]], width=26, hang=6) == (
        "KO    The          $100.00\n      Coca-Cola Bottler...",
    )
    assert align([["KO    The Coca-Cola Company", "$100.00"]], width=30, hang=6) == (
        "KO    The Coca-Cola    $100.00\n      Company",
    )


def test_a_name_of_one_long_word_is_cut() -> None:
    """A symbol has no line for itself: what cannot be broken ends in dots beside it."""
    assert align([["KO    Donaudampfschifffahrt", "$100.00"]], width=25, hang=6) == (
        "KO    Donauda...  $100.00",
    )


@given(st.lists(st.tuples(WORDS, WORDS, WORDS), min_size=1, max_size=5))
def test_no_line_is_too_wide(rows: list[tuple[str, str, str]]) -> None:
    """Whatever the first column holds, wide letters included, lines keep to their width."""
    lines = "\n".join(align(rows, hang=6)).split("\n")
    assert all(cells_of(line) <= 78 for line in lines)


@given(st.lists(WORDS, max_size=30))
def test_folding_loses_no_word(words: list[str]) -> None:
    """The lines hold the same words in the same order, and are as short as words allow."""
    lines = fold(" ".join(words), width=40, indent="  ").split("\n")
    assert " ".join(" ".join(lines).split()) == plain(" ".join(words))
    assert all(cells_of(line) <= 40 or len(line.split()) == 1 for line in lines)


def test_a_sign_stays_with_its_figure() -> None:
    """No line begins with a per cent sign: the space before it is not one to break at."""
    told = "The record counts 0.10\N{NARROW NO-BREAK SPACE}%."
    assert fold(told, width=23) == "The record counts\n0.10 %."


def test_signs_become_plain() -> None:
    """Narrow spaces and true minus signs, which mail programs show in boxes, become plain ones."""
    assert plain("\N{MINUS SIGN}0.8\N{NARROW NO-BREAK SPACE}%") == "-0.8 %"


def test_printable_is_one_line() -> None:
    """Nothing that breaks or turns a line is left, and no space is doubled."""
    assert printable(" a\nb\t c \N{RIGHT-TO-LEFT OVERRIDE}d ") == "ab c d"
