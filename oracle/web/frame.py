"""The frame of a page, filled with the market's state as it is now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from oracle.domain.errors import OracleError
from oracle.observability.logs import get_logger
from oracle.web.contexts.chrome import build_chrome
from oracle.web.site import current_site

if TYPE_CHECKING:
    from oracle.services.read_market_status import MarketStatus
    from oracle.web.contexts.chrome import Chrome, Head

_log = get_logger(__name__)


def frame_page(head: Head) -> Chrome:
    """Return the frame; a page must not fail because the market's state cannot be told."""
    base_url = current_site().settings.base_url
    return build_chrome(head, base_url=base_url, status=_find_market_status())


def _find_market_status() -> MarketStatus | None:
    try:
        return current_site().use_cases.market()
    except OracleError as error:
        _log.warning("market_status_unknown", reason=str(error))
        return None
