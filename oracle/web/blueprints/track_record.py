"""The page that says how good the predictions were."""

from __future__ import annotations

import asyncio

from quart import Blueprint, Response, request
from quart_rate_limiter import rate_limit

from oracle.domain.forecasts import Origin
from oracle.web.contexts.chrome import Head
from oracle.web.contexts.track_record import build_track_record_page
from oracle.web.frame import frame_page
from oracle.web.rate_limits import PAGES
from oracle.web.record_question import PAGE, page_address, read_record_question
from oracle.web.rendering import render_page
from oracle.web.site import current_site

track_record = Blueprint("track_record", __name__)


@track_record.get(PAGE)
@rate_limit(limits=PAGES)
async def show_track_record() -> Response:
    """Show the record of all stocks or of one, live and replayed apart, or one of these alone."""
    asked = read_record_question(request.args)
    read = current_site().use_cases.track_record
    # At once, so that a database that does not answer is waited for once.
    chosen = asked.origin if "origin" in request.args else None
    records = await asyncio.gather(
        *(
            read(origin=origin, window=asked.window, symbol=asked.symbol)
            for origin in (Origin if chosen is None else (chosen,))
        )
    )
    return render_page(
        "track_record/show.html",
        fragment="record",
        chrome=frame_page(
            Head(
                title="The record" if asked.symbol is None else f"The record of {asked.symbol}",
                description="What was predicted, what happened, and how that compares.",
                path=page_address(asked.symbol, chosen, asked.window),
                section="record",
            )
        ),
        page=build_track_record_page(records, chosen, current_site().use_cases.market().now),
    )
