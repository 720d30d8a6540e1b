"""What every finished response gets: an entity tag, 304 where it matches, compression."""

from __future__ import annotations

import gzip
from hashlib import sha256
from typing import TYPE_CHECKING

from quart import request

if TYPE_CHECKING:
    from quart import Quart, Response

WORTH_COMPRESSING = 1024
_TAGGED = frozenset({"text/html", "application/json", "application/xml"})
_COMPRESSED = _TAGGED | {"application/problem+json", "image/svg+xml"}
_EFFORT = 5


async def tag_response(response: Response) -> Response:
    """Give a successful page or document a tag of its content and answer 304 if it is known.

    The tag is weak: the compressed and the plain form share it.
    """
    if request.method not in {"GET", "HEAD"} or response.status_code != 200:  # noqa: PLR2004
        return response
    if response.mimetype in _TAGGED and "ETag" not in response.headers:
        body = await response.get_data(as_text=False)
        response.set_etag(sha256(body).hexdigest()[:32], weak=True)
    if "ETag" in response.headers:
        await response.make_conditional(request)
    return response


async def compress_response(response: Response) -> Response:
    """Compress text for clients that take gzip; nothing secret is ever in the same response."""
    if response.mimetype not in _COMPRESSED or response.status_code == 206:  # noqa: PLR2004
        return response
    response.vary.add("Accept-Encoding")
    if "Content-Encoding" in response.headers or not request.accept_encodings["gzip"]:
        return response
    body = await response.get_data(as_text=False)
    if len(body) >= WORTH_COMPRESSING:
        response.set_data(gzip.compress(body, _EFFORT, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def install_delivery(app: Quart) -> None:
    """Finish every response; the framework runs these in the reverse of this order."""
    app.after_request(compress_response)
    app.after_request(tag_response)
