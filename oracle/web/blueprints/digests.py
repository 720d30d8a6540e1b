"""The archive of digests."""

from __future__ import annotations

from datetime import date

from quart import Blueprint, Response
from quart_rate_limiter import rate_limit

from oracle.domain.errors import UnknownDigest
from oracle.web import formatting
from oracle.web.contexts.chrome import Head
from oracle.web.contexts.digests import build_digest_page, build_digests_page
from oracle.web.frame import frame_page
from oracle.web.rate_limits import PAGES
from oracle.web.rendering import render_page
from oracle.web.site import current_site

digests = Blueprint("digests", __name__)


@digests.get("/digests")
@rate_limit(limits=PAGES)
async def show_digests() -> Response:
    """Show the digests that there were, the newest first."""
    use_cases = current_site().use_cases
    found = await use_cases.digests()
    target = formatting.session(use_cases.market().target)
    description = (
        "The archive of digests, with what became of their predictions."
        if found
        else "The archive of digests: none has been sent yet."
    )
    return render_page(
        "digests/index.html",
        fragment="digests",
        chrome=frame_page(
            Head(title="Digests", description=description, path="/digests", section="digests")
        ),
        page=build_digests_page(found, target=target),
    )


@digests.get("/digests/<session>")
@rate_limit(limits=PAGES)
async def show_digest(session: str) -> Response:
    """Show what one session's digest said, and what came of it."""
    archived = await current_site().use_cases.digest(read_session(session))
    page = build_digest_page(archived)
    return render_page(
        "digests/show.html",
        fragment="digest",
        chrome=frame_page(
            Head(
                title=f"Digest of {page.session}",
                description=f"What was predicted for the close of {page.target}, and what came.",
                path=page.address,
                section="digests",
            )
        ),
        page=page,
    )


def read_session(text: str) -> date:
    """Return the day that is written as 2022-12-28. Raises UnknownDigest for any other text."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise UnknownDigest("That is not a day, such as 2022-12-28.") from None
    if day.isoformat() != text:
        raise UnknownDigest("That is not a day, such as 2022-12-28.")
    return day
