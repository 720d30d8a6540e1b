"""The yfinance client, set up once and called so that none of its habits reach the application.

Everything here blocks and runs in the feed's own threads. The client keeps process-wide state:
one session, one crumb, one cache folder; so there is one `YahooClient` at a time.
"""

from __future__ import annotations

import logging
import os
import tempfile
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import yfinance
from yfinance import _http, base, cache, data, multi
from yfinance.exceptions import YFPricesMissingError
from yfinance.scrapers import history as history_scraper

from oracle.adapters.yahoo.session import RefusedAnswer, YahooSession

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")

EXCHANGE_ZONE = "America/New_York"
UNAUTHORIZED = 401
LONGEST_CRUMB = 64
REHEARSAL_FOLDER = "rehearsal"


class NoPrices(Exception):
    """Yahoo answered as it does for what is no longer, or not yet, traded."""


class EmptyAnswer(Exception):
    """Yahoo described the instrument, or nothing at all, but gave no prices for once."""


@dataclass(frozen=True, slots=True, eq=False)
class Chart:
    """One chart answer: a frame of daily rows, and what Yahoo says of the instrument."""

    frame: Any
    meta: Mapping[str, Any]


class YahooClient:
    """Charts and searches, asked for by the real client over a `YahooSession`."""

    def __init__(self, cache_folder: str, base_url: str | None = None) -> None:
        self._session = YahooSession(base_url)
        # What a rehearsal's server hands out must never be shown to Yahoo.
        folder = Path(cache_folder)
        self.cache_folder = usable_folder(folder / REHEARSAL_FOLDER if base_url else folder)
        self._install()

    def fetch_chart(self, symbol: str, period: str, until: float) -> Chart:
        """Return the daily rows of a period such as `5y`; raise NoPrices or the client's error."""
        return self._call(lambda: _read_chart(symbol, period), until)

    def search(self, query: str, limit: int, until: float) -> Sequence[Mapping[str, Any]]:
        """Return Yahoo's hits for the text, best first, without news and lists."""
        return self._call(lambda: _read_search(query, limit), until)

    def close(self) -> None:
        """Refuse all further requests."""
        self._session.close()

    def _install(self) -> None:
        yfinance.config.debug.hide_exceptions = False
        # Every failure is raised and reported as such; the client's warnings would repeat them.
        logging.getLogger("yfinance").setLevel(logging.ERROR)
        # The client uses what pandas announces the end of; its version is pinned below 1.8.
        warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"yfinance\.")
        yfinance.set_tz_cache_location(str(self.cache_folder))
        # An earlier instance's caches would go on in the folder they were opened in.
        cache._CookieCacheManager._Cookie_cache = None  # noqa: SLF001
        cache._TzCacheManager._tz_cache = None  # noqa: SLF001
        # These modules imported the function by name; whichever asks gets the one session.
        for module in (_http, data, base, multi, history_scraper):
            module.new_session = lambda: self._session
        data.SingletonMeta._instances.pop(data.YfData, None)  # noqa: SLF001 - there is no other way.
        data.YfData.cache_get.cache_clear()

    def _call(self, work: Callable[[], T], until: float) -> T:
        self._session.begin_call(until)
        try:
            return work()
        except RefusedAnswer as refused:
            if refused.status != UNAUTHORIZED:
                raise
        finally:
            self._forget_bad_crumb()
        # The crumb has aged: a new one is fetched and the question asked once more.
        self._forget_crumb()
        self._session.allow_handshake()
        return work()

    @staticmethod
    def _forget_crumb() -> None:
        client = data.YfData()
        with client._cookie_lock:  # noqa: SLF001 - the client offers no way to renew its crumb.
            client._crumb = None  # noqa: SLF001
            client._cookie = None  # noqa: SLF001

    def _forget_bad_crumb(self) -> None:
        """Keep an error page that came with status 200 from being sent as the crumb."""
        crumb = data.YfData()._crumb  # noqa: SLF001
        if crumb is not None and not is_crumb(crumb):
            self._forget_crumb()


def is_crumb(text: str) -> bool:
    """Return whether the text can be a crumb: a short token and no page, sentence or blank."""
    return 0 < len(text) <= LONGEST_CRUMB and not any(
        character.isspace() or character in "<>{}" for character in text
    )


def usable_folder(wanted: Path) -> Path:
    """Return the folder, made if need be, or a temporary one when it cannot be written.

    Without a writable folder the client asks for a new cookie before every request.
    """
    try:
        wanted.mkdir(parents=True, exist_ok=True)
        if os.access(wanted, os.R_OK | os.W_OK):
            return wanted
    except OSError:
        # The way there is barred, by rights or by a file: the temporary folder serves as well.
        return Path(tempfile.mkdtemp(prefix="oracle-yahoo-"))
    return Path(tempfile.mkdtemp(prefix="oracle-yahoo-"))


def _read_chart(symbol: str, period: str) -> Chart:
    ticker = yfinance.Ticker(symbol)
    # The client would ask for the time zone of every new symbol first; with a period, rather
    # than a start, it has no use for it. Nor does it then use its cache that never expires.
    ticker._tz = EXCHANGE_ZONE  # noqa: SLF001
    try:
        frame = ticker.history(period=period, interval="1d", auto_adjust=False, actions=True)
    except YFPricesMissingError as missing:
        raise _explain_absence(missing, ticker.get_history_metadata()) from missing
    return Chart(frame=frame, meta=ticker.get_history_metadata())


def _explain_absence(
    missing: YFPricesMissingError, meta: Mapping[str, Any]
) -> NoPrices | EmptyAnswer:
    """Return whether prices are missing for good: Yahoo says so, or knows no currency for them."""
    if missing.yahoo_reason is not None or (meta.get("symbol") and meta.get("currency") is None):
        return NoPrices(str(missing))
    return EmptyAnswer(str(missing))


def _read_search(query: str, limit: int) -> Sequence[Mapping[str, Any]]:
    # Searches go through a cache without expiry, in which an outage would live for ever.
    data.YfData.cache_get.cache_clear()
    found = yfinance.Search(
        query,
        max_results=limit,
        news_count=0,
        lists_count=0,
        include_cb=False,
        recommended=0,
    )
    hits: Sequence[Mapping[str, Any]] = found.quotes
    return hits
