"""What programs that read the web ask for: which pages there are, and which to leave alone."""

from __future__ import annotations

from xml.sax.saxutils import escape

from quart import Blueprint, Response
from quart_rate_limiter import rate_exempt, rate_limit

from oracle.web.blueprints.static_files import REVALIDATE
from oracle.web.rate_limits import DOCUMENTS
from oracle.web.site import current_site

crawlers = Blueprint("crawlers", __name__)

PAGES = ("/", "/ranking", "/track-record", "/method", "/digests", "/status")
LEFT_ALONE = ("/api/", "/search", "/design", "/healthz/", "/*/events")


@crawlers.get("/robots.txt")
@rate_exempt
async def send_robots() -> Response:
    """Tell crawlers to leave searches, streams and the JSON interface alone, and what there is."""
    lines = [
        "User-agent: *",
        *(f"Disallow: {path}" for path in LEFT_ALONE),
        f"Sitemap: {current_site().settings.base_url}/sitemap.xml",
    ]
    return Response("\n".join(lines) + "\n", content_type="text/plain; charset=utf-8")


@crawlers.get("/sitemap.xml")
@rate_limit(limits=DOCUMENTS)
async def send_sitemap() -> Response:
    """List the pages, and those of the watchlist's and the pool's stocks."""
    settings = current_site().settings
    stocks = dict.fromkeys((*settings.watchlist, *settings.pool))
    entries = "".join(
        f"<url><loc>{escape(settings.base_url + path)}</loc></url>\n"
        for path in (*PAGES, *(f"/stocks/{symbol}" for symbol in stocks))
    )
    document = (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">\n{entries}</urlset>\n'
    )
    response = Response(document, content_type="application/xml; charset=utf-8")
    response.headers["Cache-Control"] = REVALIDATE
    return response
