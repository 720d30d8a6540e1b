"""The form in which names and symbols are compared."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from oracle.adapters.directory.names import fold_words, name_forms, symbol_form


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("The Est\u00e9e Lauder Companies", ("estee", "lauder", "companies")),
        ("Johnson & Johnson", ("johnson", "johnson")),
        ("Johnson and Johnson", ("johnson", "johnson")),
        ("McDonald\u2019s", ("mcdonalds",)),
        ("AT&T", ("at", "t")),
        ("  U.S.\tBancorp ", ("u", "s", "bancorp")),
        ("STRASSE", ("strasse",)),
        ("Stra\u00dfe", ("strasse",)),
        ("the", ("the",)),
        ("&", ()),
        ("", ()),
    ],
)
def test_words_are_as_people_hear_them(text: str, words: tuple[str, ...]) -> None:
    """Accents, case, punctuation, "and" and "the" make no difference."""
    assert fold_words(text) == words


@pytest.mark.parametrize(
    ("name", "core"),
    [
        ("Apple Inc.", ("apple",)),
        ("The Coca-Cola Company", ("coca", "cola")),
        ("Alphabet Inc. (Class A)", ("alphabet",)),
        ("Merck & Co.", ("merck",)),
        ("Group", ("group",)),
        ("Visa", ("visa",)),
    ],
)
def test_legal_forms_can_be_left_out(name: str, core: tuple[str, ...]) -> None:
    """A name's shortest form is without its legal form and brackets, but never empty."""
    assert name_forms(name)[-1] == core
    assert name_forms(name)[0] == fold_words(name)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("BRK.B", "brkb"),
        ("brk-b", "brkb"),
        ("brk b", "brkb"),
        (" T ", "t"),
        ("at&t", ""),
        ("two words", ""),
        ("", ""),
    ],
)
def test_symbols_lose_their_separators(text: str, form: str) -> None:
    """A share class may be written with a dot, dash, slash or space; other text is no symbol."""
    assert symbol_form(text) == form


@given(st.text(max_size=12))
def test_folding_twice_changes_nothing(text: str) -> None:
    """Words that are folded already stay as they are."""
    words = fold_words(text)
    assert all(word.isalnum() for word in words)
    assert fold_words(" ".join(words)) == words
