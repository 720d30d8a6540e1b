"""Pictures, which browsers and a content network may keep for good."""

from __future__ import annotations

from quart import Blueprint, Response, abort
from quart_rate_limiter import rate_exempt

from oracle.domain.images import find_image_key
from oracle.web.blueprints.static_files import IMMUTABLE, REVALIDATE
from oracle.web.site import current_site

SVG_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

images = Blueprint("images", __name__)


@images.get("/images/<path:text>")
@rate_exempt
async def send_image(text: str) -> Response:
    """Send the picture; for good if its key carries the fingerprint of its content."""
    key = find_image_key(text)
    image = None if key is None else await current_site().use_cases.image(key)
    if image is None:
        abort(404)
    response = Response(image.content, content_type=image.key.media_type)
    response.set_etag(image.fingerprint, weak=True)
    response.headers["Cache-Control"] = IMMUTABLE if image.is_immutable else REVALIDATE
    # Pages show pictures from the content network, which is another origin and passes this on.
    response.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    if image.key.media_type == "image/svg+xml":
        # Opened by itself an SVG is a document: it may look as it likes, and do nothing.
        response.headers["Content-Security-Policy"] = SVG_POLICY
    return response
