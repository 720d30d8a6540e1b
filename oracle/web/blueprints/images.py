"""Pictures, which browsers and a content network may keep for good."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quart import Blueprint, Response, abort, request
from quart_rate_limiter import rate_exempt
from werkzeug.datastructures import ContentRange
from werkzeug.http import http_date, quote_etag
from werkzeug.sansio.http import is_resource_modified

from oracle.domain.errors import ImagesUnavailable
from oracle.domain.images import find_image_key
from oracle.observability.logs import get_logger
from oracle.web.blueprints.static_files import IMMUTABLE, REVALIDATE
from oracle.web.site import current_site

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from oracle.domain.images import Image, ImageKey

SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
DRAWING = "image/svg+xml"

images = Blueprint("images", __name__)

_log = get_logger(__name__)


@images.get("/images/<path:text>")
@rate_exempt
async def send_image(text: str) -> Response:
    """Send the picture or a part of it; for good if its key carries the hash of its content."""
    key = find_image_key(text)
    image = None if key is None else await current_site().use_cases.image(key)
    if key is None or image is None:
        abort(404)
    if not _is_modified(image):
        return _describe(Response(b"", status=304), key, image)
    part = _find_part(image)
    if part == (0, 0) and image.size:
        unsatisfied = _describe(Response(b"", status=416), key, image)
        unsatisfied.headers["Content-Range"] = f"bytes */{image.size}"
        unsatisfied.headers["Cache-Control"] = "no-store"
        return unsatisfied
    start, stop = part or (0, image.size)
    response = _describe(await _send(image, start, stop), key, image)
    response.content_length = stop - start
    if part is not None:
        response.status_code = 206
        response.content_range = ContentRange("bytes", start, stop, image.size)
    return response


def _describe(response: Response, key: ImageKey, image: Image) -> Response:
    """Give the answer the headers that it has whatever of the picture is sent."""
    response.content_type = key.media_type
    is_drawing = key.media_type == DRAWING
    # A drawing is sent compressed as well, and its two forms are not the same bytes.
    response.set_etag(image.fingerprint, weak=is_drawing)
    response.last_modified = image.modified
    is_lasting = key.fingerprint == image.fingerprint
    response.headers["Cache-Control"] = IMMUTABLE if is_lasting else REVALIDATE
    response.headers["Accept-Ranges"] = "none" if is_drawing else "bytes"
    # Pages show pictures from the content network, which is another origin and passes this on.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if is_drawing:
        # Opened by itself an SVG is a document: it may look as it likes, and do nothing.
        response.headers["Content-Security-Policy"] = SVG_POLICY
    return response


def _is_modified(image: Image) -> bool:
    # A tag says more than a second does: where the client names one, only that counts.
    known = request.headers.get("If-None-Match")
    return is_resource_modified(
        http_if_none_match=known,
        http_if_modified_since=None if known else request.headers.get("If-Modified-Since"),
        etag=quote_etag(image.fingerprint),
        last_modified=image.modified,
    )


def _find_part(image: Image) -> tuple[int, int] | None:
    """Return the wanted bytes, None for all of them, and an empty part where there are none such.

    Several parts at once are answered with the whole, as is a part of what has changed since.
    """
    wanted = request.range
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return None
    if image.key.media_type == DRAWING or not _is_still(image):
        return None
    return wanted.range_for_length(image.size) or (0, 0)


def _is_still(image: Image) -> bool:
    text = request.headers.get("If-Range")
    return text is None or text in {quote_etag(image.fingerprint), http_date(image.modified)}


async def _send(image: Image, start: int, stop: int) -> Response:
    """Begin to read, so that a store that fails is an answer of its own and no broken picture."""
    if request.method == "HEAD":
        return Response(b"")
    pieces = current_site().use_cases.image_content(image, start, stop)
    first = await anext(pieces, b"")
    return Response(_go_on(first, pieces))


async def _go_on(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncGenerator[bytes, None]:
    try:
        yield first
        async for piece in pieces:
            yield piece
    except ImagesUnavailable as error:
        # Raised on, it breaks the connection off: half a picture is never taken for a whole.
        _log.warning("image_cut_short", why=str(error))
        raise
    finally:
        await pieces.aclose()
