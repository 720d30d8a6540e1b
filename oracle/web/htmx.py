"""Whether a request wants a whole page or only the part that htmx will put into one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quart import Request, Response

REQUEST = "HX-Request"
REQUEST_TYPE = "HX-Request-Type"
_DECIDING = (REQUEST, REQUEST_TYPE)


def wants_fragment(request: Request) -> bool:
    """Return whether htmx asks for a part; it says `full` when it replaces the whole body."""
    return request.headers.get(REQUEST) == "true" and request.headers.get(REQUEST_TYPE) != "full"


def vary_by_htmx(response: Response) -> None:
    """Tell caches that the page and its part share one address."""
    for header in _DECIDING:
        response.vary.add(header)
