"""The JSON interface."""

from __future__ import annotations

from quart import Blueprint, Response, request
from quart_rate_limiter import rate_limit

from oracle.domain.errors import InvalidQuery
from oracle.domain.instruments import parse_symbol
from oracle.web.api.operations import QUERY_NAMES
from oracle.web.api.present import present_recommendation, present_search, present_stock
from oracle.web.api.reply import json_reply
from oracle.web.rate_limits import API
from oracle.web.refusals import UnknownParameter
from oracle.web.selection import read_selection
from oracle.web.site import current_site

api = Blueprint("api", __name__, url_prefix="/api/v1")


@api.before_request
async def refuse_unknown_parameters() -> None:
    """Raise UnknownParameter for what the operation's description does not name."""
    if request.url_rule is None:
        return
    allowed = QUERY_NAMES[request.url_rule.rule.replace("<", "{").replace(">", "}")]
    if not allowed.issuperset(request.args):
        raise UnknownParameter(sorted(allowed))


@api.get("/stocks/<symbol>")
@rate_limit(limits=API)
async def get_stock(symbol: str) -> Response:
    """Answer with one stock's current price and prediction."""
    report = await current_site().use_cases.predict(parse_symbol(symbol))
    return json_reply(present_stock(report))


@api.get("/recommendation")
@rate_limit(limits=API)
async def get_recommendation() -> Response:
    """Answer with the ranking of the watchlist, or of the symbols in the query."""
    use_cases = current_site().use_cases
    ranking = await use_cases.rank(read_selection(request.args))
    return json_reply(present_recommendation(ranking, use_cases.market()))


@api.get("/search")
@rate_limit(limits=API)
async def search_symbols() -> Response:
    """Answer with the instruments that match `q`."""
    text = request.args.get("q")
    if text is None:
        raise InvalidQuery("The parameter q is missing.")
    use_cases = current_site().use_cases
    return json_reply(present_search(use_cases.search(text), use_cases.market()))
