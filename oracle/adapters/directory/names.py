"""The form in which names are compared: without accents, case, punctuation and legal forms."""

from __future__ import annotations

import re
import unicodedata

MAX_LENGTH = 64

_APOSTROPHES = str.maketrans("", "", "'\u2019\u2018`\u00b4")
_IN_BRACKETS = re.compile(r"\([^)]*\)")
_SYMBOL = re.compile(r"[A-Za-z0-9]{1,10}(?:[ ./\-][A-Za-z0-9]{1,2})?")
_UNHEARD = frozenset({"and", "the"})
_LEGAL_FORMS = frozenset(
    {"ag", "co", "companies", "company", "corp", "corporation", "group", "holding", "holdings"}
    | {"inc", "incorporated", "limited", "llc", "lp", "ltd", "nv", "plc", "sa", "se"}
)


def fold_words(text: str) -> tuple[str, ...]:
    """Return the words as people hear them: `Estée Lauder & Co.` is `estee`, `lauder`, `co`.

    Whatever is neither letter nor digit parts words, apostrophes vanish, and so do "and" and "the"
    unless there is nothing else.
    """
    plain = unicodedata.normalize("NFKD", text[: 4 * MAX_LENGTH].translate(_APOSTROPHES)).casefold()
    marked = (char for char in plain if not unicodedata.combining(char))
    words = "".join(char if char.isalnum() else " " for char in marked).split()
    return tuple(word for word in words if word not in _UNHEARD) or tuple(words)


def name_forms(name: str) -> tuple[tuple[str, ...], ...]:
    """Return the name's words, and again without brackets and without its legal form."""
    whole = fold_words(name)
    core = fold_words(_IN_BRACKETS.sub(" ", name))
    forms = {whole: None, core: None}
    while len(core) > 1 and core[-1] in _LEGAL_FORMS:
        core = core[:-1]
        forms[core] = None
    return tuple(forms)


def symbol_form(text: str) -> str:
    """Return the text as a symbol without separators (`brk.b` is `brkb`), or "" if it is none."""
    stripped = text.strip()
    if not _SYMBOL.fullmatch(stripped):
        return ""
    return re.sub(r"[ ./\-]", "", stripped).casefold()
