"""Keeps addresses out of every table but that of subscribers, so that erasing one row erases all.

What a mail server or provider says of a mail often names whom the mail was for.
"""

from __future__ import annotations

import re

HIDDEN = "[address]"
_ADDRESS = re.compile(r"[^\s<>()\[\]\"',;:@]+@[^\s<>()\[\]\"',;:@]+")


def without_addresses(text: str) -> str:
    """Return the text with every address in it replaced."""
    return _ADDRESS.sub(HIDDEN, text)
