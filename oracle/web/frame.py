"""The frame of a page, filled with the market's state as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.errors import OracleError
from oracle.observability.logs import get_logger
from oracle.web.contexts.chrome import EXAMPLES, build_chrome
from oracle.web.site import current_site

if TYPE_CHECKING:
    from oracle.services.read_market_status import MarketStatus
    from oracle.web.contexts.chrome import Chrome, Head

_log = get_logger(__name__)


def frame_page(head: Head) -> Chrome:
    """Return the frame; a page must not fail because the market's state cannot be told."""
    site = current_site()
    return build_chrome(
        head,
        base_url=site.settings.base_url,
        status=_find_market_status(),
        examples=site.use_cases.instruments(EXAMPLES),
        sample_market=site.use_cases.sample_market(),
    )


def _find_market_status() -> MarketStatus | None:
    try:
        return current_site().use_cases.market()
    except OracleError as error:
        _log.warning("market_status_unknown", why=str(error))
        return None
