"""The design system's page, which development alone has."""

from __future__ import annotations

from quart import Blueprint, Response
from quart_rate_limiter import rate_limit

from oracle.web.contexts.chrome import Head
from oracle.web.design.page import build_design_page
from oracle.web.frame import frame_page
from oracle.web.rate_limits import PAGES
from oracle.web.rendering import render_page
from oracle.web.site import current_site

design = Blueprint("design", __name__)


@design.get("/design")
@rate_limit(limits=PAGES)
async def show_design() -> Response:
    """Show every part of the website in every state, from fixed examples."""
    chrome = frame_page(
        Head(
            title="Design",
            description="Every part of the website in every state, from made-up examples.",
            section="design",
        )
    )
    return render_page(
        "design/index.html",
        fragment="states",
        chrome=chrome,
        page=build_design_page(current_site().templates, chrome),
    )
