"""Static files, and those that browsers ask for without being told."""

from __future__ import annotations

from quart import Blueprint, Response, abort, request
from quart_rate_limiter import rate_exempt

from oracle.web.site import current_site

static_files = Blueprint("static_files", __name__)

IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "public, no-cache"


@static_files.get("/static/<path:name>")
@rate_exempt
async def send_asset(name: str) -> Response:
    """Send the file; for good if the address carries the fingerprint of its content."""
    asset = current_site().assets.find(name)
    if asset is None:
        abort(404)
    compress = asset.compressed is not None and bool(request.accept_encodings["gzip"])
    body = asset.compressed if compress and asset.compressed is not None else asset.content
    response = Response(body, content_type=asset.media_type)
    response.set_etag(asset.fingerprint, weak=True)
    response.headers["Cache-Control"] = (
        IMMUTABLE if request.args.get("v") == asset.fingerprint else REVALIDATE
    )
    if asset.compressed is not None:
        response.vary.add("Accept-Encoding")
    if compress:
        response.headers["Content-Encoding"] = "gzip"
    return response


@static_files.get("/favicon.ico")
@rate_exempt
async def send_favicon() -> Response:
    """Send the icon under the address that browsers guess."""
    return await send_asset("icon.svg")
