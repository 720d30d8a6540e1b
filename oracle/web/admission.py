"""What a request must be before anything else looks at it: host, length, encoding.

A refusal is only noted here and raised inside the application, so that its page has the design of
all others; what would trip the framework (a host name that cannot be one) is replaced meanwhile.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes, urlsplit

from oracle.web.asgi_scope import REFUSAL, header_values
from oracle.web.refusals import MalformedRequest, MisdirectedRequest, UriTooLong

if TYPE_CHECKING:
    from oracle.settings import Settings
    from oracle.web.asgi_scope import AsgiApp, Receive, Scope, Send
    from oracle.web.refusals import Refusal

LONGEST_PATH = 512
LONGEST_QUERY = 2048
HEALTH_PATHS = frozenset({"/healthz/live", "/healthz/ready"})
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")
_BROKEN_ESCAPE = re.compile(rb"%(?![0-9A-Fa-f]{2})")


class HostAllowList:
    """The host names this site answers to; a leading `*.` stands for any one subdomain level."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self._exact = frozenset(name for name in names if not name.startswith("*."))
        self._suffixes = tuple(name[1:] for name in names if name.startswith("*."))
        self._any = "*" in self._exact

    def allows(self, header: str) -> bool:
        """Return whether the Host header's name is one of them."""
        matched = _HOST.fullmatch(header)
        if matched is None:
            return False
        name = matched["name"].strip("[]").lower().rstrip(".")
        parent = name[name.find(".") :] if "." in name else ""
        return self._any or name in self._exact or parent in self._suffixes


def allowed_hosts(settings: Settings) -> HostAllowList:
    """Return the base address's host, those configured, and this machine in development."""
    public = urlsplit(settings.base_url).hostname or ""
    loopback = () if settings.is_production else _LOOPBACK
    configured = tuple(_without_port(name) for name in settings.allowed_hosts)
    return HostAllowList((public, *configured, *loopback))


class Admission:
    """Notes why a request must not be served, for the application to say so."""

    def __init__(self, app: AsgiApp, *, hosts: HostAllowList, fallback_host: str) -> None:
        self._app = app
        self._hosts = hosts
        self._fallback = fallback_host.encode("ascii")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if scope["type"] == "http":
            refusal = self._examine(scope)
            if refusal is not None:
                scope[REFUSAL] = refusal
                self._replace_host(scope)
        await self._app(scope, receive, send)

    def _examine(self, scope: Scope) -> Refusal | None:
        return find_url_fault(scope) or self._find_host_fault(scope)

    def _find_host_fault(self, scope: Scope) -> Refusal | None:
        if scope["path"] in HEALTH_PATHS:
            # A balancer asks each machine by its address, which is no public name.
            if len(header_values(scope, b"host")) != 1:
                self._replace_host(scope)
            return None
        offered = header_values(scope, b"host")
        if len(offered) == 1 and self._hosts.allows(offered[0]):
            return None
        return MisdirectedRequest()

    def _replace_host(self, scope: Scope) -> None:
        others = [(key, value) for key, value in scope["headers"] if key.lower() != b"host"]
        scope["headers"] = [*others, (b"host", self._fallback)]


def find_url_fault(scope: Scope) -> Refusal | None:
    """Return why the address cannot be served: too long, wrongly encoded, or unprintable."""
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    if len(path) > LONGEST_PATH or len(query) > LONGEST_QUERY:
        return UriTooLong()
    for part in (path, query):
        if _BROKEN_ESCAPE.search(part):
            return MalformedRequest("The address holds a broken percent-escape.")
        try:
            text = unquote_to_bytes(part).decode("utf-8")
        except UnicodeDecodeError:
            return MalformedRequest("The address is not valid UTF-8.")
        if "\0" in text:
            return MalformedRequest("The address holds a NUL character.")
    return None


def _without_port(name: str) -> str:
    matched = _HOST.fullmatch(name)
    return matched["name"].strip("[]") if matched else name
