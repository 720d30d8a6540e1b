"""The home page and the ranking."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from quart import Blueprint, Response, request
from quart_rate_limiter import rate_limit

from oracle.domain.errors import DatabaseUnavailable, OracleError
from oracle.observability.logs import get_logger
from oracle.web import formatting
from oracle.web.contexts.chrome import Head
from oracle.web.contexts.home import HomePage
from oracle.web.contexts.ranking import RankingPage, build_ranking_view
from oracle.web.contexts.record_strip import build_record_strip
from oracle.web.errors import describe_error
from oracle.web.frame import frame_page
from oracle.web.htmx import wants_fragment
from oracle.web.live.watching import stream_address
from oracle.web.rate_limits import PAGES
from oracle.web.record_of import find_record
from oracle.web.rendering import render_page
from oracle.web.selection import ranking_address, read_selection
from oracle.web.site import current_site

if TYPE_CHECKING:
    from oracle.domain.prices import PriceHistory
    from oracle.domain.rankings import Ranking
    from oracle.services.read_live_prices import LivePrices

home = Blueprint("home", __name__)
_log = get_logger(__name__)

TAGLINE = "The next closing price, and how sure it is"
DESCRIPTION = "Oracle predicts the next session's closing price of US stocks, with its range."
HERO = ("hero.svg", "hero.webp", "hero.png")
WAITING_SECONDS = 3
"""How soon a browser without JavaScript asks again for a page that is not ready."""


@home.get("/")
@rate_limit(limits=PAGES)
async def show_home() -> Response:
    """Show the search and the ten, ranked; a ranking that is not ready is loaded afterwards."""
    status = current_site().use_cases.market()
    ranking, record, hero = await asyncio.gather(
        _find_watchlist_page(), find_record(None), current_site().use_cases.picture(HERO)
    )
    return render_page(
        "home/index.html",
        fragment="ranking",
        chrome=frame_page(Head(title=TAGLINE, description=DESCRIPTION, path="/", section="home")),
        page=HomePage(
            day=formatting.weekday(status.target),
            target=formatting.session(status.target),
            next_forecast=(
                formatting.exchange_clock(status.next_forecast) if status.target_closed else None
            ),
            ranking=ranking,
            record=build_record_strip(record, status),
            hero=hero,
        ),
    )


@home.get("/ranking")
@rate_limit(limits=PAGES)
async def show_ranking() -> Response:
    """Show the ranking of the watchlist, or of the symbols in the query."""
    symbols = read_selection(request.args)
    page = await _ranking_page(symbols, patient=wants_fragment(request))
    return render_page(
        "ranking/index.html",
        fragment="ranking",
        chrome=frame_page(
            Head(
                title="The ranking" if symbols is None else f"Ranking of {len(symbols)} stocks",
                description="Stocks in order of expected return for their risk.",
                path=page.address,
                section="ranking",
                refresh_seconds=WAITING_SECONDS if page.view is None else None,
            )
        ),
        page=page,
    )


async def _find_watchlist_page() -> RankingPage:
    """Return the watchlist's ranking; if it fails, what failed, since the search still works."""
    try:
        return await _ranking_page(None, patient=False)
    except OracleError as error:
        return RankingPage("", ranking_address(None), None, describe_error(error))


async def _ranking_page(symbols: tuple[str, ...] | None, *, patient: bool) -> RankingPage:
    """Return the page; without patience it is a placeholder if the ranking takes long.

    The work goes on all the same, so that whoever asks next finds it done.
    """
    site = current_site()
    address = ranking_address(symbols)
    selection = "" if symbols is None else ", ".join(symbols)
    try:
        async with asyncio.timeout(None if patient else site.patience):
            ranking: Ranking = await site.rankings.run(
                address, lambda: site.use_cases.rank(symbols)
            )
    except TimeoutError:
        return RankingPage(selection, address, None)
    shown = [stock.symbol for stock in ranking.stocks]
    view = build_ranking_view(
        ranking,
        site.use_cases.market(),
        await _find_histories(shown),
        is_watchlist=symbols is None,
        live=await _find_live_prices(shown),
        stream=stream_address(symbols, ranking),
    )
    return RankingPage(selection, address, view)


async def _find_live_prices(symbols: list[str]) -> LivePrices | None:
    """Return the prices that are known; the ranking itself does not depend on them."""
    try:
        return await current_site().use_cases.live_prices(symbols)
    except DatabaseUnavailable as error:
        _log.warning("live_prices_unknown", why=str(error))
        return None


async def _find_histories(symbols: list[str]) -> dict[str, PriceHistory]:
    """Return the bars that are known; a ranking must not fail for want of small pictures."""
    try:
        return await current_site().use_cases.histories(symbols)
    except DatabaseUnavailable as error:
        _log.warning("histories_unknown", why=str(error))
        return {}
