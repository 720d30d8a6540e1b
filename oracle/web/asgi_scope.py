"""What the layers around the application note in a request's scope for those further in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]
AsgiApp = Callable[[Any, Any, Any], Awaitable[None]]

REQUEST_ID = "oracle.request_id"
MATCHED = "oracle.matched"
"""Whom to tell, once it is known, the template of the route that the request matched."""
REFUSAL = "oracle.refusal"


def header_values(scope: Scope, name: bytes) -> tuple[str, ...]:
    """Return every value of the request header, in order; the name in lower case."""
    headers: Iterable[tuple[bytes, bytes]] = scope["headers"]
    return tuple(value.decode("latin-1") for key, value in headers if key.lower() == name)
