"""Prices as server-sent events, while the market trades."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quart import Blueprint, Response, request
from quart_rate_limiter import rate_limit

from oracle.domain.errors import UnknownSymbol
from oracle.domain.instruments import parse_symbol
from oracle.web.client_address import client_key
from oracle.web.live.events import EventStream
from oracle.web.live.watching import FINGERPRINT_LENGTH, watch_ranking, watch_stock
from oracle.web.rate_limits import STREAMS
from oracle.web.selection import read_selection
from oracle.web.site import current_site

if TYPE_CHECKING:
    from oracle.web.live.hub import Topic

LONGEST_ID = 64

live = Blueprint("live", __name__)


@live.get("/stocks/<symbol>/events")
@rate_limit(limits=STREAMS)
async def stream_stock(symbol: str) -> Response:
    """Send the stock's price whenever it moves; of a stock that no page has shown, nothing."""
    asked = parse_symbol(symbol)
    site = current_site()
    if asked not in (await site.use_cases.live_prices([asked])).quotes:
        raise UnknownSymbol(asked)
    return _stream(watch_stock(site, asked))


@live.get("/ranking/events")
@rate_limit(limits=STREAMS)
async def stream_ranking() -> Response:
    """Send the prices of the ranked stocks whenever one moves, and word of another ranking."""
    site = current_site()
    selection = read_selection(request.args)
    ranking = await site.use_cases.rank(selection)
    symbols = [stock.symbol for stock in ranking.stocks]
    return _stream(
        watch_ranking(site, symbols, selection, request.args.get("shown", "")[:FINGERPRINT_LENGTH])
    )


def _stream(topic: Topic) -> Response:
    hub = current_site().live
    headers = {
        "Cache-Control": "no-store",
        # Proxies of the nginx family would else collect what is sent.
        "X-Accel-Buffering": "no",
    }
    kind = "text/event-stream; charset=utf-8"
    if request.method == "HEAD":
        return Response(b"", headers=headers, content_type=kind)
    seen = request.headers.get("Last-Event-ID", "")[:LONGEST_ID]
    viewer = hub.join(client_key(request.scope.get("client")), topic, seen)
    response = Response(EventStream(hub, viewer), headers=headers, content_type=kind)
    response.timeout = None
    return response
