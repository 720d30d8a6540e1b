"""Every security header of every response, in one place."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oracle.web.asgi_scope import AsgiApp, Message, Receive, Scope, Send

_POLICY = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "manifest-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
}
CONTENT_SECURITY_POLICY = "; ".join(f"{name} {value}" for name, value in _POLICY.items())
_ALWAYS = (
    ("content-security-policy", CONTENT_SECURITY_POLICY),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)
_STRICT_TRANSPORT = ("strict-transport-security", "max-age=31536000; includeSubDomains")


def security_headers(*, production: bool) -> tuple[tuple[str, str], ...]:
    """Return the headers; browsers are told to insist on TLS only where there is TLS."""
    return (*_ALWAYS, _STRICT_TRANSPORT) if production else _ALWAYS


class SecurityHeaders:
    """Adds the security headers to whatever is answered, by whichever layer."""

    def __init__(self, app: AsgiApp, *, production: bool) -> None:
        self._app = app
        self._headers = [
            (name.encode("ascii"), value.encode("ascii"))
            for name, value in security_headers(production=production)
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; only HTTP has these headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], *self._headers]
            await send(message)

        await self._app(scope, receive, send_with_headers)
