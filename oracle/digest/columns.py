"""Columns for the text part of a mail, aligned for a fixed-width font."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final
from unicodedata import combining, east_asian_width

from oracle.domain.wording import MINUS, THIN_SPACE

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH: Final = 78
"""What a line of a mail's text part may take."""

_GAP: Final = "  "
_ELLIPSIS: Final = "..."
_BREAKABLE: Final = re.compile(r"[ \t\r\n]+")
# Signs that a terminal or an old mail program may show in another width, or not at all.
_PLAIN: Final = str.maketrans({THIN_SPACE: " ", "\N{NO-BREAK SPACE}": " ", MINUS: "-"})


def plain(text: str) -> str:
    """Return the text with spaces and minus signs that every mail program shows alike."""
    return text.translate(_PLAIN)


def printable(text: str) -> str:
    """Return the text in one line, without what would turn, hide or break the line around it."""
    return " ".join("".join(sign for sign in text if sign.isprintable() or sign == " ").split())


def align(rows: Sequence[Sequence[str]], *, width: int = WIDTH, hang: int = 0) -> tuple[str, ...]:
    """Return each row with its first column on the left and all others on the right.

    Where a line would be longer than `width` the first column goes on in a line below, `hang`
    places in; what that cannot hold either ends in dots. Figures are never broken.
    """
    cells = [[plain(cell) for cell in row] for row in rows]
    others = [max(cells_of(row[column]) for row in cells) for column in range(1, len(cells[0]))]
    room = width - sum(others) - len(_GAP) * len(others)
    first = min(room, max(cells_of(row[0]) for row in cells))
    written = []
    for row in cells:
        begin, rest = _break(row[0], first, hang, width)
        line = _GAP.join(
            [
                _pad(begin, first, right=False),
                *(_pad(cell, size, right=True) for cell, size in zip(row[1:], others, strict=True)),
            ]
        ).rstrip()
        written.append(f"{line}\n{' ' * hang}{rest}" if rest else line)
    return tuple(written)


def fold(text: str, *, width: int = WIDTH, indent: str = "") -> str:
    """Return the text in lines of at most `width`, broken between words where that is possible.

    A space that may not be broken, as before a per cent sign, stays within its line.
    """
    lines: list[str] = []
    line = ""
    for word in map(plain, _BREAKABLE.split(text.strip(" \t\r\n"))):
        if line and cells_of(f"{indent}{line} {word}") > width:
            lines.append(line)
            line = word
        else:
            line = f"{line} {word}" if line else word
    return "\n".join(f"{indent}{each}" for each in [*lines, line])


def cells_of(text: str) -> int:
    """Return how many places the text takes in a fixed-width font."""
    if text.isascii():
        return len(text)
    return sum(
        0 if combining(sign) else 2 if east_asian_width(sign) in "WF" else 1 for sign in text
    )


def _pad(text: str, size: int, *, right: bool) -> str:
    spaces = " " * max(0, size - cells_of(text))
    return spaces + text if right else text + spaces


def _break(text: str, size: int, hang: int, width: int) -> tuple[str, str]:
    """Return what of the text goes on its own line, and what on the one below."""
    if cells_of(text) <= size:
        return text, ""
    begin, _, rest = text.rpartition(" ")
    while cells_of(begin) > size:
        begin, _, word = begin.rpartition(" ")
        rest = f"{word} {rest}"
    # What stands before the hang is a mark or a symbol, and no line for itself.
    if cells_of(begin.rstrip()) <= hang:
        return _shorten(text, size), ""
    return begin.rstrip(), _shorten(rest.strip(), width - hang)


def _shorten(text: str, size: int) -> str:
    if cells_of(text) <= size:
        return text
    while text and cells_of(text) > size - len(_ELLIPSIS):
        text = text[:-1]
    return text.rstrip() + _ELLIPSIS
