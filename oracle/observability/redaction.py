"""The last line of defence of the log: no address and no token, whoever wrote the line.

Whoever logs should pass neither. This is for what a library, a provider or a visitor says.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from oracle.domain.addressless import without_addresses

if TYPE_CHECKING:
    from structlog.typing import EventDict, WrappedLogger

HIDDEN_TOKEN = "[token]"  # noqa: S105 - what stands in a token's place

_TOKEN = re.compile(r"(?<![\w-])[\w-]{4,}+\.[\w-]{6}\.[\w-]{40,}+")
"""Content, time and signature, as the signer of this application joins them.

It is tried once for each word and goes back nowhere: a hostile text takes no longer than another.
"""


def hide(text: str) -> str:
    """Return the text without addresses, encoded ones included, and without signed tokens."""
    if "@" in text or "%40" in text:
        text = without_addresses(text.replace("%40", "@"))
    return _TOKEN.sub(HIDDEN_TOKEN, text) if text.count(".") > 1 else text


def hide_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Hide what must not be told in every text of the line, however deep it lies.

    An error that is still to be rendered is passed on.
    """
    return {name: value if name == "exc_info" else _hide_in(value) for name, value in event.items()}


def _hide_in(value: Any) -> Any:
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, dict):
        return {hide(str(name)): _hide_in(each) for name, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hide_in(each) for each in value]
    return hide(repr(value))
