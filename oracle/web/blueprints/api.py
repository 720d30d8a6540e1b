"""The JSON interface."""

from __future__ import annotations

from hashlib import sha256

from quart import Blueprint, Response, request
from quart_rate_limiter import rate_limit

from oracle.domain.errors import InvalidQuery
from oracle.domain.instruments import parse_symbol
from oracle.web.api.history_csv import write_history
from oracle.web.api.operations import QUERY_NAMES
from oracle.web.api.present import present_recommendation, present_search, present_stock
from oracle.web.api.present_digests import present_digest, present_digests
from oracle.web.api.present_history import present_history
from oracle.web.api.present_record import present_track_record
from oracle.web.api.record_csv import CSV, write_csv
from oracle.web.api.reply import json_reply
from oracle.web.api.subscriber_resources import SignUpAnswer, read_sign_up
from oracle.web.blueprints.digests import read_session
from oracle.web.contexts.subscribers import ASKED
from oracle.web.rate_limits import API, DOCUMENTS, SIGN_UPS
from oracle.web.record_question import read_record_question
from oracle.web.refusals import UnknownParameter
from oracle.web.selection import read_selection
from oracle.web.site import current_site

api = Blueprint("api", __name__, url_prefix="/api/v1")

DOWNLOAD_SECONDS = 300
"""How long a slow reader may take for the whole file."""


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


@api.get("/stocks/<symbol>/history")
@rate_limit(limits=API)
async def get_stock_history(symbol: str) -> Response:
    """Answer with one stock's closes, its prediction and its settled predictions."""
    use_cases = current_site().use_cases
    report = await use_cases.predict(parse_symbol(symbol))
    past = await use_cases.past(report.instrument.symbol)
    return json_reply(present_history(report, past))


@api.get("/stocks/<symbol>/history.csv")
@rate_limit(limits=DOCUMENTS)
async def download_stock_history(symbol: str) -> Response:
    """Answer with one stock's daily bars as a file."""
    report = await current_site().use_cases.predict(parse_symbol(symbol))
    content = write_history(report)
    response = Response(content, content_type=CSV)
    name = f"oracle-history-{report.status.source.value}-{report.instrument.symbol}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.headers["Cache-Control"] = "no-cache"
    response.set_etag(sha256(content).hexdigest()[:32], weak=True)
    return response


@api.get("/recommendation")
@rate_limit(limits=API)
async def get_recommendation() -> Response:
    """Answer with the ranking of the watchlist, or of the symbols in the query."""
    use_cases = current_site().use_cases
    ranking = await use_cases.rank(read_selection(request.args))
    return json_reply(present_recommendation(ranking, use_cases.market()))


@api.post("/subscribers")
@rate_limit(limits=SIGN_UPS)
async def add_subscriber() -> Response:
    """Let a mail be sent that asks to confirm; the answer is the same for every address."""
    email = read_sign_up(await request.get_json())
    await current_site().use_cases.subscriptions.subscribe(email, origin="api")
    return json_reply(SignUpAnswer(ASKED), status=202)


@api.get("/search")
@rate_limit(limits=API)
async def search_symbols() -> Response:
    """Answer with the instruments that match `q`."""
    text = request.args.get("q")
    if text is None:
        raise InvalidQuery("The parameter q is missing.")
    use_cases = current_site().use_cases
    return json_reply(present_search(use_cases.search(text), use_cases.market()))


@api.get("/track-record")
@rate_limit(limits=API)
async def get_track_record() -> Response:
    """Answer with the record of all stocks or of one, of one origin."""
    asked = read_record_question(request.args)
    record = await current_site().use_cases.track_record(
        origin=asked.origin, window=asked.window, symbol=asked.symbol
    )
    return json_reply(present_track_record(record))


@api.get("/track-record.csv")
@rate_limit(limits=DOCUMENTS)
async def download_track_record() -> Response:
    """Answer with every settled prediction as a file, sent while it is being read."""
    asked = read_record_question(request.args)
    use_cases = current_site().use_cases
    # Asked before the first byte is sent: a database that is down is still a 503 then.
    state = await use_cases.record_state(asked.origin, asked.symbol)
    rows = use_cases.settled(asked.origin, asked.symbol)
    response = Response(write_csv(rows), content_type=CSV)
    response.timeout = DOWNLOAD_SECONDS
    parts = ["oracle-record", use_cases.market().source.value, asked.origin.value, asked.symbol]
    name = "-".join(part for part in parts if part)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.headers["Cache-Control"] = "no-cache"
    # The file depends on nothing but these, so that it need not be written to be tagged.
    content = f"{name}:{state.settled}:{state.revisions}"
    response.set_etag(sha256(content.encode()).hexdigest()[:32], weak=True)
    return response


@api.get("/digests")
@rate_limit(limits=API)
async def list_digests() -> Response:
    """Answer with the digests that were."""
    use_cases = current_site().use_cases
    return json_reply(present_digests(await use_cases.digests(), use_cases.market()))


@api.get("/digests/<session>")
@rate_limit(limits=API)
async def get_digest(session: str) -> Response:
    """Answer with one session's digest."""
    archived = await current_site().use_cases.digest(read_session(session))
    return json_reply(present_digest(archived))
