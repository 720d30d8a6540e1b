"""The client's address as the nearest trusted balancer saw it.

Each proxy appends the address it was called from to X-Forwarded-For, so with n trusted proxies
the n-th entry from the right is true and everything left of it is the client's own claim.
X-Forwarded-Host and the like are not believed at all.
"""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

from oracle.web.asgi_scope import header_values

if TYPE_CHECKING:
    from oracle.web.asgi_scope import AsgiApp, Receive, Scope, Send

UNKNOWN_CLIENT = "unknown"
_IPV6_SITE = 64


class TrustedProxies:
    """Puts the client's address in the place of the proxy's before the application sees it."""

    def __init__(self, app: AsgiApp, *, count: int) -> None:
        self._app = app
        self._count = count

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection."""
        if self._count and scope["type"] in {"http", "websocket"}:
            forwarded = ",".join(header_values(scope, b"x-forwarded-for")).split(",")
            address = forwarded_address(forwarded, self._count)
            if address is not None:
                scope["client"] = (address, 0)
        await self._app(scope, receive, send)


def forwarded_address(entries: list[str], trusted: int) -> str | None:
    """Return the entry that the outermost trusted proxy wrote, or None if it is no address."""
    if len(entries) < trusted:
        return None
    text = entries[-trusted].strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        return str(ip_address(text))
    except ValueError:
        return None


def client_key(client: tuple[str, int] | None) -> str:
    """Return what a client is counted by: its IPv4 address, or its IPv6 network of 64 bits.

    One IPv6 customer has a whole such network, so counting single addresses would count nothing.
    """
    if not client:
        return UNKNOWN_CLIENT
    try:
        address = ip_address(client[0])
    except ValueError:
        return UNKNOWN_CLIENT
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return str(address.ipv4_mapped)
        return str(ip_network((address, _IPV6_SITE), strict=False))
    return str(address)
