"""What pages can watch: one stock's price, or the prices of a ranking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from oracle.domain.errors import OracleError
from oracle.domain.prices import MarketState
from oracle.observability.logs import get_logger
from oracle.web.contexts.chrome import build_market_line
from oracle.web.contexts.ranking import current_prices
from oracle.web.contexts.stock import build_price_view
from oracle.web.live.hub import Hub, Topic, Upstream

if TYPE_CHECKING:
    from collections.abc import Sequence

    from oracle.domain.rankings import Ranking
    from oracle.settings import Settings
    from oracle.web.site import Site
    from oracle.web.use_cases import UseCases

CHANGED = "changed"
"""The signal that another ranking is there than the one on the page."""

FINGERPRINT_LENGTH = 12
FRAGMENTS = "macros/live.html"

_log = get_logger(__name__)


def build_hub(settings: Settings, use_cases: UseCases) -> Hub:
    """Return the hub of the website's instance."""

    def is_open() -> bool:
        try:
            return use_cases.market().state is MarketState.OPEN
        except OracleError as error:
            _log.warning("market_status_unknown", why=str(error))
            return False

    upstream = Upstream(is_open, use_cases.refresh_prices, settings.quote_seconds)
    return Hub(upstream, limit=settings.live_viewers)


def watch_stock(site: Site, symbol: str) -> Topic:
    """Return the topic of one stock's price, which is rendered as its page does."""

    async def render() -> str:
        live = await site.use_cases.live_prices([symbol])
        latest = live.quotes.get(symbol)
        price = (
            None
            if latest is None
            else build_price_view(latest, live.status, is_stale=symbol in live.stale)
        )
        html: str = _fragments(site).price_message(price, build_market_line(live.status))
        return html.strip()

    return Topic(f"stock {symbol}", (symbol,), render)


def watch_ranking(
    site: Site, symbols: Sequence[str], selection: tuple[str, ...] | None, shown: str
) -> Topic:
    """Return the topic of a ranking's prices; `shown` is the fingerprint of the one on the page."""

    async def render() -> str:
        live = await site.use_cases.live_prices(symbols)
        html: str = _fragments(site).ranking_message(
            current_prices(live), build_market_line(live.status)
        )
        return html.strip()

    async def signal() -> str | None:
        ranking = await site.use_cases.rank(selection)
        return None if _short(ranking) == shown else CHANGED

    return Topic(f"ranking {','.join(symbols)} {shown}", tuple(symbols), render, signal)


def stream_address(selection: tuple[str, ...] | None, ranking: Ranking) -> str:
    """Return where the prices of the ranking on a page are sent from."""
    chosen = "" if selection is None else f"symbols={quote(','.join(selection), safe=',')}&"
    return f"/ranking/events?{chosen}shown={_short(ranking)}"


def _short(ranking: Ranking) -> str:
    return ranking.fingerprint[:FINGERPRINT_LENGTH]


def _fragments(site: Site) -> Any:
    return site.templates.get_template(FRAGMENTS).module
