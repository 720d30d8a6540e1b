"""An HTTP server in Yahoo's place: the endpoints the real client asks, and every fault they have.

Run by itself it lets the whole product be rehearsed without the internet:

    python -m tests.standins.yahoo --port 9001 --now 2022-12-28T21:30:00Z

and then the application with ORACLE_MARKET=yahoo, ORACLE_YAHOO_URL=http://127.0.0.1:9001 and the
same moment in ORACLE_NOW. While it runs, faults are set and counts are read at `/standin/`:
POST /standin/faults {"target": "AAPL", "kind": "hang", "times": 3}, DELETE /standin/faults,
POST /standin/clock {"now": "..."}, GET /standin/requests.
"""

from __future__ import annotations

import argparse
import json
import threading
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar, Self
from urllib.parse import parse_qs, unquote, urlsplit

import numpy as np

from tests.standins import yahoo_shapes as shapes
from tests.standins.yahoo_faults import PLAIN, Kind, spoil
from tests.standins.yahoo_market import DELISTED, Market

if TYPE_CHECKING:
    from types import TracebackType

    from tests.standins.yahoo_market import Listing

CHART = "/v8/finance/chart/"
SEARCH = "/v1/finance/search"
CRUMB = "/v1/test/getcrumb"
EVERYTHING = "*"
HANG_SECONDS = 120.0


@dataclass(slots=True)
class Fault:
    """A fault of one target, a symbol, a path or everything, for so many times or for good."""

    kind: Kind
    times: int | None = None
    seconds: float = HANG_SECONDS


class YahooStandin:
    """The server, its clock, its faults and its counts; a context manager."""

    def __init__(self, now: datetime, market: Market | None = None, port: int = 0) -> None:
        self.now = now
        self.market = market or Market()
        self.requests: list[str] = []
        self.queries: list[dict[str, str]] = []
        self.prices: dict[str, float] = {}
        self._faults: dict[str, Fault] = {}
        self._lock = threading.Lock()
        self._closing = threading.Event()
        handler = type("Handler", (_Handler,), {"standin": self})
        self._server = _Server(("127.0.0.1", port), handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        """The address to give as ORACLE_YAHOO_URL."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self.market.calendar(self.now)
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def trade(self, symbol: str, price: float, at: datetime) -> None:
        """Let the symbol's latest price be this one, made at that moment, to which time goes on."""
        self.prices[symbol] = price
        self.now = at

    def fail(
        self,
        target: str,
        kind: Kind,
        times: int | None = None,
        seconds: float = HANG_SECONDS,
    ) -> None:
        """Let a symbol, a path or everything ("*") fail so many times, or until `heal`."""
        with self._lock:
            self._faults[target] = Fault(kind, times, seconds)

    def heal(self) -> None:
        """End every fault."""
        with self._lock:
            self._faults.clear()

    def count(self, prefix: str = "") -> int:
        """Return how many requests were made to paths that begin so."""
        with self._lock:
            return sum(path.startswith(prefix) for path in self.requests)

    def forget_requests(self) -> None:
        """Start counting anew."""
        with self._lock:
            self.requests.clear()
            self.queries.clear()

    def note(self, path: str, query: dict[str, str]) -> Fault | None:
        """Count the request and return the fault that it meets, if any."""
        with self._lock:
            self.requests.append(path)
            self.queries.append(query)
            for target in (path.removeprefix(CHART), path, EVERYTHING):
                fault = self._faults.get(target)
                if fault is not None:
                    if fault.times is not None:
                        fault.times -= 1
                        if fault.times <= 0:
                            del self._faults[target]
                    return fault
        return None

    def wait(self, seconds: float) -> None:
        """Hold an answer back, but not the end of the server."""
        self._closing.wait(seconds)

    def chart(
        self, symbol: str, query: dict[str, str], kind: Kind | None
    ) -> tuple[int, dict[str, Any]]:
        """Return status and body of a chart request."""
        listing = self.market.listings.get(symbol)
        if listing is None or symbol == DELISTED:
            return 404, shapes.delisted()
        calendar = self.market.calendar(self.now)
        bars = spoil(self.market.bars(listing, self.now), kind)
        if kind is Kind.EMPTY or listing.currency is None:
            return 200, shapes.empty_chart(listing, bars, self.now, calendar)
        wanted = shapes.rows_of_range(bars, query.get("range", "max"))
        if "period1" in query:
            first, last = int(query["period1"]), int(query["period2"])
            wanted = range(
                int(np.searchsorted(bars.opens_at, first)),
                int(np.searchsorted(bars.opens_at, last)),
            )
        body = shapes.chart_answer(listing, bars, wanted, self.now, calendar)
        meta = body["chart"]["result"][0]["meta"]
        meta["regularMarketPrice"] = self.prices.get(symbol, meta["regularMarketPrice"])
        if kind is Kind.NO_PERIODS:
            del meta["currentTradingPeriod"]
        if kind is Kind.NO_PRICE:
            del meta["regularMarketPrice"]
        return 200, body

    def search(self, query: dict[str, str]) -> dict[str, Any]:
        """Return the body of a search."""
        text = query.get("q", "").casefold()
        found: list[Listing] = [
            listing
            for listing in self.market.listings.values()
            if listing.symbol.casefold().startswith(text) or text in listing.name.casefold()
        ]
        return shapes.search_answer(found[: int(query.get("quotesCount", "8"))])

    def counts(self) -> dict[str, int]:
        """Return the number of requests by path."""
        with self._lock:
            return dict(Counter(self.requests))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Stay silent: a client that hangs up on a fault is what the fault is for."""


class _Handler(BaseHTTPRequestHandler):
    """Speaks for one `YahooStandin`, which a subclass names."""

    protocol_version = "HTTP/1.1"
    standin: ClassVar[YahooStandin]

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name.
        """Write no access log."""

    def do_GET(self) -> None:
        """Answer as Yahoo would, with the fault that was asked for."""
        parts = urlsplit(self.path)
        path = unquote(parts.path)
        query = {name: values[-1] for name, values in parse_qs(parts.query).items()}
        if path == "/standin/requests":
            self._send(200, self.standin.counts())
            return
        fault = self.standin.note(path, query)
        kind = fault.kind if fault else None
        if fault is not None and kind in {Kind.HANG, Kind.SLOW}:
            self.standin.wait(fault.seconds)
        if kind in {Kind.HANG, Kind.DROP}:
            self.close_connection = True
            return
        if kind in PLAIN:
            self._send(*PLAIN[kind])
            return
        self._answer(path, query, kind)

    def _answer(self, path: str, query: dict[str, str], kind: Kind | None) -> None:
        if path == CRUMB:
            self._send(200, shapes.CRUMB)
        elif path == SEARCH:
            self._send(200, self.standin.search(query))
        elif path.startswith(CHART):
            self._send(*self.standin.chart(path.removeprefix(CHART), query, kind))
        elif path == "/":
            # The cookie host answers so: an error, with the cookie that is wanted.
            self._send(404, "", {"Set-Cookie": "A3=d=made-up; Max-Age=31557600; Path=/"})
        else:
            self._send(404, shapes.ERROR_PAGE)

    def do_POST(self) -> None:
        """Set a fault or the clock."""
        order = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/standin/clock":
            self.standin.now = datetime.fromisoformat(order["now"]).astimezone(UTC)
        elif self.path == "/standin/faults":
            self.standin.fail(order.pop("target"), Kind(order.pop("kind")), **order)
        else:
            self._send(404, {})
            return
        self._send(200, {})

    def do_DELETE(self) -> None:
        """End every fault."""
        self.standin.heal()
        self._send(200, {})

    def _send(
        self, status: int, body: str | dict[str, Any], headers: dict[str, str] | None = None
    ) -> None:
        is_text = isinstance(body, str)
        content = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/html" if is_text else "application/json")
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    """Serve until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--port", type=int, default=9001)
    parser.add_argument(
        "--now",
        type=datetime.fromisoformat,
        default=datetime.now(UTC),
        help="where its clock stands",
    )
    options = parser.parse_args()
    with YahooStandin(options.now.astimezone(UTC), port=options.port) as standin:
        print(f"In Yahoo's place at {standin.url}, {standin.now:%Y-%m-%d %H:%M} UTC", flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
