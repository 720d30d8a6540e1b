"""The one HTTP session that the Yahoo client talks through.

It is the client's own kind of session, plus four rules that the client itself does not keep:
a call's deadline holds for each of its requests; an error answer ends the call instead of being
asked again by another way (an unknown symbol would cost six to eleven requests); a refusal never
becomes the crumb; and only Yahoo's hosts, or the server in their place, are ever asked.
"""

from __future__ import annotations

import copy
import json
import threading
import time
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit, urlunsplit

from curl_cffi import requests
from yfinance.exceptions import YFRateLimitError

if TYPE_CHECKING:
    from collections.abc import Callable

YAHOO = "yahoo.com"
CRUMB_PATH = "/v1/test/getcrumb"
DATA_PATHS = ("/v8/finance/chart/", "/v1/finance/search")
TOO_MANY_REQUESTS = 429
FIRST_ERROR = 400

LONGEST_REQUEST_SECONDS = 30.0

HANDSHAKE_SHARE = 0.25
"""The part of the remaining time that a request for a cookie or crumb may take."""

HANDSHAKE_PAUSE_SECONDS = 300.0
"""Cookie and crumb are left alone this long after they could not be had: prices need neither."""


class DeadlinePassed(Exception):
    """The caller no longer waits for this call, so nothing more is asked for it."""


class ForeignHost(Exception):
    """The client was about to ask a host that is none of Yahoo's."""


class RefusedAnswer(Exception):
    """An answer of status 400 or above; `reason` is Yahoo's own sentence, empty when not JSON."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(f"HTTP {status} {reason}".rstrip())
        self.status = status
        self.reason = reason


class YahooSession(requests.Session[requests.Response]):
    """A browser-like session; with `base_url` every Yahoo host is played by that server."""

    def __init__(
        self, base_url: str | None = None, monotonic: Callable[[], float] = time.monotonic
    ) -> None:
        # A rehearsal must not leave through a proxy, nor follow a redirect to the real thing.
        super().__init__(impersonate="chrome", trust_env=base_url is None)
        self._base = None if base_url is None else urlsplit(base_url)
        self._monotonic = monotonic
        self._call = threading.local()
        self._handshake_paused_until = 0.0

    def begin_call(self, until: float) -> None:
        """Let every request of this thread end by that monotonic instant."""
        self._call.until = until

    def allow_handshake(self) -> None:
        """Let cookie and crumb be asked for again at once."""
        self._handshake_paused_until = 0.0

    def request(self, method: Any, url: str, *args: Any, **kwargs: Any) -> requests.Response:
        """Return the answer of Yahoo, or of the server in its place.

        Raises RefusedAnswer or YFRateLimitError for error answers, and DeadlinePassed.
        """
        parts = urlsplit(url)
        _check_host(parts.hostname or "")
        remaining = self._remaining()
        if parts.path.startswith(DATA_PATHS):
            response = self._send(method, url, remaining, *args, **kwargs)
            _refuse_errors(response)
            return response
        return self._shake_hands(method, url, remaining * HANDSHAKE_SHARE, *args, **kwargs)

    def _shake_hands(
        self, method: Any, url: str, seconds: float, *args: Any, **kwargs: Any
    ) -> requests.Response:
        """Return the answer to a request for a cookie or crumb.

        The client takes YFRateLimitError here as "go on without one". A refused crumb is never
        handed to the client, which would keep its text and send it along ever after.
        """
        if self._monotonic() < self._handshake_paused_until:
            raise YFRateLimitError
        try:
            response = self._send(method, url, seconds, *args, **kwargs)
        except requests.RequestsError:
            self._handshake_paused_until = self._monotonic() + HANDSHAKE_PAUSE_SECONDS
            raise
        if response.status_code >= FIRST_ERROR and urlsplit(url).path == CRUMB_PATH:
            self._handshake_paused_until = self._monotonic() + HANDSHAKE_PAUSE_SECONDS
            raise YFRateLimitError
        return response

    def _send(
        self, method: Any, url: str, seconds: float, *args: Any, **kwargs: Any
    ) -> requests.Response:
        kwargs["timeout"] = min(kwargs.get("timeout") or LONGEST_REQUEST_SECONDS, seconds)
        if self._base is None:
            return super().request(method, url, *args, **kwargs)
        kwargs["allow_redirects"] = False
        parts = urlsplit(url)._replace(scheme=self._base.scheme, netloc=self._base.netloc)
        response = super().request(method, urlunsplit(parts), *args, **kwargs)
        if "set-cookie" in response.headers:
            self._adopt_cookies()
        return response

    def _remaining(self) -> float:
        until: float | None = getattr(self._call, "until", None)
        if until is None:
            return LONGEST_REQUEST_SECONDS
        remaining = until - self._monotonic()
        if remaining <= 0.0:
            raise DeadlinePassed
        return remaining

    def _adopt_cookies(self) -> None:
        """Keep the stand-in's cookies as Yahoo's, or the client would ask for them every time."""
        for cookie in list(self.cookies.jar):
            if not cookie.domain.endswith(YAHOO):
                adopted = copy.copy(cookie)
                adopted.domain = f".{YAHOO}"
                self.cookies.jar.set_cookie(adopted)


def _check_host(host: str) -> None:
    if host != YAHOO and not host.endswith(f".{YAHOO}"):
        raise ForeignHost(f"The price feed must not ask {host!r}.")


def _refuse_errors(response: requests.Response) -> None:
    if response.status_code == TOO_MANY_REQUESTS:
        raise YFRateLimitError
    if response.status_code >= FIRST_ERROR:
        raise RefusedAnswer(response.status_code, _explain(response.text))


def _explain(body: str) -> str:
    """Return the sentence of Yahoo's JSON error, or nothing when the body is none."""
    try:
        (envelope,) = json.loads(body).values()
        return str(envelope["error"]["description"])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
