"""The outermost layer: a request's id, its log line and its measurement."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from oracle.observability import metrics
from oracle.observability.logs import get_logger
from oracle.web.asgi_scope import REQUEST_ID, ROUTE, header_values

if TYPE_CHECKING:
    from oracle.web.asgi_scope import AsgiApp, Message, Receive, Scope, Send

UNMATCHED = "unmatched"
CLIENT_CLOSED_REQUEST = 499
"""The status recorded when the client went away before there was an answer."""

_ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
_QUIET_ROUTES = frozenset({"/healthz/live", "/healthz/ready"})
_LONGEST_PATH_LOGGED = 200
_PERSONAL = "/subscribers/"
_log = get_logger(__name__)


@dataclass(slots=True)
class _Progress:
    """How far one answer has come."""

    began: float = field(default_factory=perf_counter)
    status: int = CLIENT_CLOSED_REQUEST
    streams: bool = False


class AccessLog:
    """Gives every request an id, sends it back, and records the request once it is answered."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; only HTTP is recorded."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = choose_request_id(header_values(scope, b"x-request-id"))
        scope[REQUEST_ID] = request_id
        progress = _Progress()

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                progress.status = message["status"]
                if _is_stream(message):
                    progress.streams = True
                    _measure(scope, progress)
                message["headers"] = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode("ascii")),
                ]
            await send(message)

        metrics.http_requests_in_flight.inc()
        with structlog.contextvars.bound_contextvars(request_id=request_id):
            try:
                await self._app(scope, receive, send_with_id)
            finally:
                if not progress.streams:
                    _measure(scope, progress)
                _record(scope, progress)


def choose_request_id(offered: tuple[str, ...]) -> str:
    """Return the id that came with the request if it is harmless, else a new one."""
    if len(offered) == 1 and _ACCEPTED_ID.fullmatch(offered[0]):
        return offered[0]
    return uuid4().hex


def _is_stream(message: Message) -> bool:
    return any(
        name.lower() == b"content-type" and value.startswith(b"text/event-stream")
        for name, value in message["headers"]
    )


def _measure(scope: Scope, progress: _Progress) -> None:
    """Count the request as answered; a stream is when it begins, since its length is no latency."""
    metrics.http_requests_in_flight.dec()
    metrics.observe_http_request(
        scope["method"],
        scope.get(ROUTE, UNMATCHED),
        progress.status,
        perf_counter() - progress.began,
    )


def public_path(path: str, route: str) -> str:
    """Return the path without a token in it: who reads a log or an error must not act for others.

    A mistyped address matches no route and may hold a token all the same.
    """
    if "<token>" in route:
        return route
    folded = path.lower()
    if _PERSONAL in folded:
        return f"{path[: folded.index(_PERSONAL)]}{_PERSONAL}..."[:_LONGEST_PATH_LOGGED]
    return path[:_LONGEST_PATH_LOGGED]


def _record(scope: Scope, progress: _Progress) -> None:
    seconds = perf_counter() - progress.began
    route = scope.get(ROUTE, UNMATCHED)
    write = _log.debug if route in _QUIET_ROUTES else _log.info
    write(
        "http_request",
        method=scope["method"],
        route=route,
        path=public_path(scope["path"], route),
        status=progress.status,
        seconds=round(seconds, 4),
    )
