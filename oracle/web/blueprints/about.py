"""Pages about the service itself: its method, its state."""

from __future__ import annotations

from quart import Blueprint, Response
from quart_rate_limiter import rate_limit

from oracle.web.contexts.chrome import Head
from oracle.web.contexts.method import build_method_page
from oracle.web.contexts.status import build_status_page
from oracle.web.frame import frame_page
from oracle.web.rate_limits import PAGES
from oracle.web.rendering import render_page
from oracle.web.site import current_site

about = Blueprint("about", __name__)


@about.get("/method")
@rate_limit(limits=PAGES)
async def show_method() -> Response:
    """Show how a prediction is made, what it cannot do, and what the words mean."""
    site = current_site()
    return render_page(
        "about/method.html",
        fragment="method",
        chrome=frame_page(
            Head(
                title="How it works",
                description="How a close and its range are predicted, and what that cannot do.",
                path="/method",
                section="method",
            )
        ),
        page=build_method_page(
            site.use_cases.market(),
            pool=len(site.use_cases.sample_market() or site.settings.pool),
            watchlist=len(site.settings.watchlist),
        ),
    )


@about.get("/status")
@rate_limit(limits=PAGES)
async def show_status() -> Response:
    """Show what works now, in words."""
    status = await current_site().use_cases.status()
    return render_page(
        "about/status.html",
        fragment="status",
        chrome=frame_page(
            Head(
                title="Status",
                description="What of the service works now: prices, database, newest forecasts.",
                path="/status",
                section="status",
            )
        ),
        page=build_status_page(status),
    )
