"""How well a query matches the listings: literally first, then allowing for typing errors.

Scores, from 100 down; between equal scores the larger company comes first.

| score   | the query is                                                       |
|---------|--------------------------------------------------------------------|
| 100, 99 | the symbol; a former symbol                                        |
| 98      | the whole name (with or without its legal form) or an alias        |
| 90 ...  | the beginning of the name, 89 of the symbol, 88 of an alias        |
| 80      | made of beginnings of words of the name or an alias                |
| 75 ...  | as far as typing errors from a name, a symbol, a beginning, a word |

Small companies lose a little in all but the first three rows; each typing error costs eight.
"""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA

from oracle.adapters.directory.listings import Size
from oracle.adapters.directory.names import fold_words, name_forms, symbol_form

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from oracle.adapters.directory.listings import Listing

SYMBOL, FORMER_SYMBOL, WHOLE_NAME = 100.0, 99.0, 98.0
NAME_BEGINS, SYMBOL_BEGINS, ALIAS_BEGINS, WORDS_BEGIN = 90.0, 89.0, 88.0, 80.0
NEARLY_NAME, NEARLY_SYMBOL, NEARLY_BEGINS, NEARLY_WORD = 75.0, 72.0, 70.0, 66.0
TYPING_ERROR, SMALL_COMPANY = 8.0, 6.0

MIN_WORD = 2
"""A single letter begins a word of nearly every company."""

MIN_SYMBOL, MIN_NAME, MIN_PART = 3, 4, 5
"""Shorter queries than these are so near to so much that errors are not looked for."""

MORE_ERRORS_IN_NAMES, MORE_ERRORS_IN_PARTS = (6, 10), (8, 12)
"""One typing error is allowed for, and one more from each of these lengths on.

Beginnings and single words are many, so fewer errors make one of them by chance.
"""

Scores = dict[int, float]


class Matcher:
    """The listings in the forms in which queries are compared with them."""

    def __init__(self, listings: Sequence[Listing]) -> None:
        self._small = [listing.size is Size.SMALL for listing in listings]
        self._symbols: list[str] = []
        self._former: list[tuple[str, int]] = []
        self._names: list[_Name] = []
        self._words: list[str] = []
        self._word_places: list[int] = []
        for place, listing in enumerate(listings):
            self._symbols.append(symbol_form(listing.instrument.symbol))
            self._former += [(symbol_form(old), place) for old in listing.former_symbols]
            self._add_name(listing.instrument.name, place, NAME_BEGINS)
            for alias in listing.instrument.aliases:
                self._add_name(alias, place, ALIAS_BEGINS)
        self._joined = [name.joined for name in self._names]

    def scores(self, query: str) -> Scores:
        """Return the score of each matching listing by its place; nothing for an empty query."""
        words, symbol = fold_words(query), symbol_form(query)
        found: Scores = {}
        if not words:
            return found
        self._match_symbols(symbol, found)
        self._match_words(words, found)
        # Most companies are listed without their legal form, and many people write it.
        written, *shorter = dict.fromkeys("".join(form) for form in (words, *name_forms(query)))
        # A symbol or a word may begin like a mistyped name, but what a name begins with is meant.
        if self._match_names([written], found) or self._match_names(shorter, found):
            return found
        if max(found.values(), default=0.0) < WHOLE_NAME:
            for form in (written, *shorter):
                self._match_mistyped_names(form, found)
            self._match_mistyped_symbols(symbol, found)
        return found

    def _add_name(self, name: str, place: int, begins: float) -> None:
        for words in name_forms(name):
            self._names.append(_Name("".join(words), " " + " ".join(words), place, begins))
        parts = [word for word in fold_words(name) if len(word) >= MIN_PART]
        self._words += parts
        self._word_places += [place] * len(parts)

    def _match_symbols(self, symbol: str, found: Scores) -> None:
        if not symbol:
            return
        for place, known in enumerate(self._symbols):
            if known.startswith(symbol):
                self._add(found, place, SYMBOL if known == symbol else SYMBOL_BEGINS)
        for former, place in self._former:
            if former == symbol:
                self._add(found, place, FORMER_SYMBOL)

    def _match_names(self, forms: Sequence[str], found: Scores) -> bool:
        """Add the names that are or begin with a form of the query; return whether any does."""
        matched = False
        for joined in forms:
            for name in self._names:
                if name.joined.startswith(joined):
                    is_whole = name.joined == joined
                    self._add(found, name.place, WHOLE_NAME if is_whole else name.begins)
                    matched = True
        return matched

    def _match_words(self, words: Sequence[str], found: Scores) -> None:
        if min(map(len, words)) < MIN_WORD:
            return
        beginnings = [" " + word for word in words]
        for name in self._names:
            if all(beginning in name.spaced for beginning in beginnings):
                self._add(found, name.place, WORDS_BEGIN)

    def _match_mistyped_names(self, joined: str, found: Scores) -> None:
        length = len(joined)
        if length < MIN_NAME:
            return
        allowed = 1 + bisect_right(MORE_ERRORS_IN_NAMES, length)
        for errors, index in _nearly(joined, self._joined, allowed):
            self._add(found, self._names[index].place, NEARLY_NAME - TYPING_ERROR * errors)
        if length < MIN_PART:
            return
        allowed = 1 + bisect_right(MORE_ERRORS_IN_PARTS, length)
        for cut in (length - 1, length, length + 1):
            for errors, index in _nearly(joined, [form[:cut] for form in self._joined], allowed):
                self._add(found, self._names[index].place, NEARLY_BEGINS - TYPING_ERROR * errors)
        for errors, index in _nearly(joined, self._words, allowed):
            self._add(found, self._word_places[index], NEARLY_WORD - TYPING_ERROR * errors)

    def _match_mistyped_symbols(self, symbol: str, found: Scores) -> None:
        if len(symbol) < MIN_SYMBOL:
            return
        for errors, place in _nearly(symbol, self._symbols, 1):
            known = self._symbols[place]
            # Among three letters nearly every exchanged one makes another symbol.
            if len(symbol) > MIN_SYMBOL or len(known) > len(symbol) or _swapped(symbol, known):
                self._add(found, place, NEARLY_SYMBOL - TYPING_ERROR * errors)

    def _add(self, found: Scores, place: int, score: float) -> None:
        if self._small[place] and score < WHOLE_NAME:
            score -= SMALL_COMPANY
        found[place] = max(score, found.get(place, 0.0))


class _Name(NamedTuple):
    """A form of a name: without and with spaces, whose it is, and what its beginning scores."""

    joined: str
    spaced: str
    place: int
    begins: float


def _nearly(query: str, forms: Sequence[str], allowed: int) -> Iterator[tuple[int, int]]:
    """Yield the number of typing errors, and the index, of each form that is near the query.

    An error is a missing, extra, wrong or swapped letter. The first letter is rarely wrong: it may
    be missing or swapped with the second, as the only error.
    """
    near = process.extract(query, forms, scorer=OSA.distance, score_cutoff=allowed, limit=None)
    for form, errors, index in near:
        if form.startswith(query[0]) or (errors == 1 and query[0] in form[:2]):
            yield int(errors), int(index)


def _swapped(first: str, second: str) -> bool:
    return sorted(first) == sorted(second)
