"""Search: a page, and the suggestions that appear while typing."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from quart import Blueprint, Response, request
from quart_rate_limiter import rate_limit

from oracle.web.contexts.chrome import Head
from oracle.web.contexts.search import build_search_page
from oracle.web.frame import frame_page
from oracle.web.htmx import vary_by_htmx, wants_fragment
from oracle.web.rate_limits import SUGGESTIONS
from oracle.web.rendering import render_page
from oracle.web.site import current_site

if TYPE_CHECKING:
    from oracle.services.search_symbols import SearchResult

search = Blueprint("search", __name__)


@search.get("/search")
@rate_limit(limits=SUGGESTIONS)
async def show_search() -> Response:
    """Show what was found; a form sent with a company's exact name leads to its page."""
    result = await _find(request.args.get("q"), as_typed=wants_fragment(request))
    if result is not None and result.exact is not None and not wants_fragment(request):
        return _found(result.exact.instrument.symbol)
    page = build_search_page(result)
    return render_page(
        "search/index.html",
        fragment="suggestions",
        chrome=frame_page(
            Head(
                title=f"Search for {page.query}" if page.query else "Search",
                description="Find a US stock by its company's name or its symbol.",
                section="search",
                query=page.query,
            )
        ),
        page=page,
    )


async def _find(text: str | None, *, as_typed: bool) -> SearchResult | None:
    """Return the result; a field that was emptied while typing is no error, a form sent so is.

    What is being typed is looked up here alone; only a search that was sent off asks the feed.
    """
    if text is None or (as_typed and not text.strip()):
        return None
    use_cases = current_site().use_cases
    return use_cases.search(text) if as_typed else await use_cases.search_everywhere(text)


def _found(symbol: str) -> Response:
    response = Response(status=303, headers={"Location": f"/stocks/{quote(symbol)}"})
    vary_by_htmx(response)
    return response
