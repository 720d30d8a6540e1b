"""Tells all that a request starts that somebody waits for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.ports.waiting import waited_for

if TYPE_CHECKING:
    from oracle.web.asgi_scope import AsgiApp, Receive, Scope, Send


class Visitors:
    """Has the database know that a visitor waits, whose patience is short.

    What the process does besides, above all the scheduler, starts outside of a request.
    """

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        with waited_for(by_visitor=scope["type"] == "http"):
            await self._app(scope, receive, send)
