"""The page of one stock."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import quote

from quart import Blueprint, Response, request
from quart_rate_limiter import rate_limit

from oracle.domain.errors import DatabaseUnavailable
from oracle.domain.instruments import parse_symbol
from oracle.observability.logs import get_logger
from oracle.web.blueprints.home import WAITING_SECONDS
from oracle.web.contexts.chrome import Head
from oracle.web.contexts.company_mark import company_pictures
from oracle.web.contexts.stock import (
    StockPage,
    build_stock_page,
    build_waiting_page,
    describe_stock,
)
from oracle.web.frame import frame_page
from oracle.web.htmx import wants_fragment
from oracle.web.rate_limits import PAGES
from oracle.web.record_of import find_record
from oracle.web.rendering import render_page
from oracle.web.site import current_site

if TYPE_CHECKING:
    from oracle.services.list_past_predictions import PastPredictions

stocks = Blueprint("stocks", __name__)
LEAST_PATIENCE = 0.1
"""Seconds that reading the record gets all the same: enough for what is in memory."""

_log = get_logger(__name__)


@stocks.get("/stocks/<symbol>")
@rate_limit(limits=PAGES)
async def show_stock(symbol: str) -> Response:
    """Show the stock; another spelling of its symbol, or a former one, leads to its address."""
    asked = parse_symbol(symbol)
    if asked != symbol:
        return _moved(asked)
    page = await _stock_page(asked, patient=wants_fragment(request))
    if page.symbol != asked:
        return _moved(page.symbol)
    named = page.name if page.name == page.symbol else f"{page.name} ({page.symbol})"
    return render_page(
        "stocks/show.html",
        fragment="report",
        chrome=frame_page(
            Head(
                title=named,
                description=describe_stock(page),
                path=page.address,
                refresh_seconds=WAITING_SECONDS if page.view is None else None,
            )
        ),
        page=page,
    )


async def _stock_page(symbol: str, *, patient: bool) -> StockPage:
    """Return the page; without patience it is a placeholder if the feed takes long."""
    site = current_site()
    began = asyncio.get_running_loop().time()
    picture = await site.use_cases.picture(company_pictures(symbol))
    try:
        async with asyncio.timeout(None if patient else site.patience):
            report = await site.reports.run(symbol, lambda: site.use_cases.predict(symbol))
            past = await _find_past(report.instrument.symbol)
    except TimeoutError:
        return build_waiting_page(symbol, _find_name(symbol), picture)
    # One patience for the whole page, not one for each of its parts.
    left = site.patience - (asyncio.get_running_loop().time() - began)
    record = await find_record(report.instrument.symbol, max(left, LEAST_PATIENCE))
    return build_stock_page(report, past, record, picture)


async def _find_past(symbol: str) -> PastPredictions | None:
    """Return the settled predictions; a page of what is known must not wait or fail for them.

    They get half of the page's patience. The reading goes on: one that is cut off throws away its
    connection to the database, and over a slow line the next one takes seconds to open.
    """
    site = current_site()
    try:
        async with asyncio.timeout(site.patience / 2):
            return await site.pasts.run(symbol, lambda: site.use_cases.past(symbol))
    except (DatabaseUnavailable, TimeoutError) as error:
        _log.warning("past_predictions_unknown", symbol=symbol, why=str(error))
        return None


def _find_name(symbol: str) -> str | None:
    exact = current_site().use_cases.search(symbol).exact
    if exact is None or exact.instrument.symbol != symbol:
        return None
    return exact.instrument.name


def _moved(symbol: str) -> Response:
    return Response(status=308, headers={"Location": f"/stocks/{quote(symbol)}"})
