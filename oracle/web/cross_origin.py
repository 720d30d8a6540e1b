"""Token-free protection against requests that other sites make in a visitor's name.

Browsers say where a request comes from: `Sec-Fetch-Site` on every request to a trustworthy
address, `Origin` on every unsafe one. A request with neither is not a browser's and carries no
visitor's authority.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from oracle.web.refusals import CrossOriginRefused

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_OWN = frozenset({"same-origin", "none"})


def require_same_origin(
    method: str, *, fetch_site: str | None, origin: str | None, host: str, base_url: str
) -> None:
    """Return if the request may change something.

    Raises CrossOriginRefused when a browser says that it comes from elsewhere.
    """
    if method in SAFE_METHODS:
        return
    if fetch_site is not None:
        if fetch_site.lower() in _OWN:
            return
        raise CrossOriginRefused
    if origin is None or origin == base_url:
        return
    # Plain-HTTP addresses get no Sec-Fetch-Site; there the names must agree, port included.
    if origin != "null" and urlsplit(origin).netloc.lower() == host.lower():
        return
    raise CrossOriginRefused
