"""The outermost layer: a request's id, its log line and its measurement."""

from __future__ import annotations

import logging
import re
from dataclasses import dataclass, field
from time import perf_counter
from typing import TYPE_CHECKING
from uuid import uuid4

import structlog

from oracle.observability import measurements, metrics
from oracle.observability.logs import get_logger
from oracle.observability.measurements import UNMATCHED
from oracle.web.asgi_scope import MATCHED, REQUEST_ID, header_values

if TYPE_CHECKING:
    from oracle.web.asgi_scope import AsgiApp, Message, Receive, Scope, Send

CLIENT_CLOSED_REQUEST = 499
"""The status recorded when the client went away before there was an answer."""

_ACCEPTED_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")
# Without dots: a token has two, and an id stands in the log and in the metrics.
_QUIET_ROUTES = frozenset({"/healthz/live", "/healthz/ready"})
_LONGEST_PATH_LOGGED = 200
_PERSONAL = "/subscribers/"
_log = get_logger(__name__)


@dataclass(slots=True)
class _Progress:
    """How far one answer has come. It is in flight, under its route, from `enter` to `leave`."""

    request_id: str
    began: float = field(default_factory=perf_counter)
    route: str = UNMATCHED
    status: int = CLIENT_CLOSED_REQUEST
    size: int = 0
    streams: bool = False
    in_flight: bool = False

    def enter(self, route: str) -> None:
        """Be in flight under that route, and under no other."""
        self.leave()
        self.route = route
        self.in_flight = True
        metrics.http_requests_in_flight.labels(route).inc()

    def leave(self) -> None:
        """Be in flight no more."""
        if self.in_flight:
            metrics.http_requests_in_flight.labels(self.route).dec()
        self.in_flight = False


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
        progress = _Progress(request_id)
        scope[MATCHED] = progress.enter

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
            if scope["method"] != "HEAD":
                # The server leaves the body of such an answer out.
                progress.size += len(message.get("body", b""))

        progress.enter(UNMATCHED)
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
    progress.leave()
    measurements.observe_http_request(
        scope["method"],
        progress.route,
        progress.status,
        perf_counter() - progress.began,
        request_id=progress.request_id,
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
    route = progress.route
    _log.log(
        logging.DEBUG if route in _QUIET_ROUTES else logging.INFO,
        "http_request",
        method=scope["method"],
        route=route,
        path=public_path(scope["path"], route),
        status=progress.status,
        seconds=round(seconds, 4),
        bytes=progress.size,
    )
