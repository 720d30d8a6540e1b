"""Server-sent events as text, and the body of a response that sends them."""

from __future__ import annotations

import asyncio
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from quart.wrappers.response import ResponseBody

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from types import TracebackType

    from oracle.web.live.hub import Hub, Viewer

RETRY_MILLISECONDS = 2000
"""After how long a browser comes back first; after that it doubles its pauses by itself."""

HEARTBEAT = b": still here\n\n"
"""A comment, which keeps proxies from hanging up and finds browsers that are gone."""

OPENING = b": prices follow\n\n"


def identify(data: str) -> str:
    """Return the id of an event with that text: the same on every instance, after any restart."""
    return sha256(data.encode()).hexdigest()[:16]


def encode_message(event: str, data: str) -> bytes:
    """Return an event of that id without a name, which the browser puts into the page."""
    lines = "".join(f"data: {line}\n" for line in data.splitlines())
    return f"id: {event}\nretry: {RETRY_MILLISECONDS}\n{lines}\n".encode()


def encode_signal(name: str) -> bytes:
    """Return an event that is but its name, which the page may act upon."""
    return f"event: {name}\ndata: {name}\n\n".encode()


class EventStream(ResponseBody):
    """What one viewer is sent; leaving it, for whatever reason, ends the viewing."""

    def __init__(self, hub: Hub, viewer: Viewer) -> None:
        self._hub = hub
        self._viewer = viewer

    async def __aenter__(self) -> Self:
        """Note the task that sends, so that the hub can end one that is stuck."""
        self._viewer.sender = asyncio.current_task()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc_value: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        """Give the place back."""
        self._hub.leave(self._viewer)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        """Yield what the hub puts into the viewer's box until it puts an end to it."""
        yield OPENING
        while (chunk := await self._viewer.box.get()) is not None:
            yield chunk
