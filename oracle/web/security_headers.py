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
_ALWAYS = (
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "strict-origin-when-cross-origin"),
    ("permissions-policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
)
_STRICT_TRANSPORT = ("strict-transport-security", "max-age=31536000; includeSubDomains")


def content_security_policy(image_origin: str | None = None) -> str:
    """Return the policy: nothing from elsewhere, but pictures from that origin if there is one."""
    pictures = " ".join(filter(None, (_POLICY["img-src"], image_origin)))
    return "; ".join(f"{name} {value}" for name, value in (_POLICY | {"img-src": pictures}).items())


def security_headers(
    *, production: bool, image_origin: str | None = None
) -> tuple[tuple[str, str], ...]:
    """Return the headers; browsers are told to insist on TLS only where there is TLS."""
    policy = ("content-security-policy", content_security_policy(image_origin))
    return (policy, *_ALWAYS, _STRICT_TRANSPORT) if production else (policy, *_ALWAYS)


class SecurityHeaders:
    """Adds the security headers to whatever is answered, but those that the answer has itself."""

    def __init__(self, app: AsgiApp, *, production: bool, image_origin: str | None = None) -> None:
        self._app = app
        self._headers = [
            (name.encode("ascii"), value.encode("ascii"))
            for name, value in security_headers(production=production, image_origin=image_origin)
        ]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one connection; only HTTP has these headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                given = {name.lower() for name, _ in message["headers"]}
                added = [header for header in self._headers if header[0] not in given]
                message["headers"] = [*message["headers"], *added]
            await send(message)

        await self._app(scope, receive, send_with_headers)
