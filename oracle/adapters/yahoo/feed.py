"""`YahooFeed`: the port, with its own threads, deadline and circuit breaker around the client."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Protocol, TypeVar

from oracle.adapters.yahoo.bulkhead import Bulkhead
from oracle.adapters.yahoo.charts import read_history, read_quote, read_splits
from oracle.adapters.yahoo.circuit import Circuit, CircuitState
from oracle.adapters.yahoo.client import EmptyAnswer, YahooClient
from oracle.adapters.yahoo.failures import Outcome, classify_failure, explain_failure
from oracle.adapters.yahoo.listings import read_hits, read_instrument
from oracle.domain.errors import FeedRejected, SymbolNotInFeed, UnsupportedInstrument
from oracle.domain.instruments import Source
from oracle.ports import FetchedHistory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from oracle.adapters.yahoo.circuit import Permit
    from oracle.domain.instruments import Instrument
    from oracle.domain.prices import Quote
    from oracle.ports import Clock

T = TypeVar("T")

HISTORY_PERIOD = "5y"
QUOTE_PERIOD = "5d"
PROBE_PERIOD = "1d"
PROBE_SYMBOL = "AAPL"


class FeedObserver(Protocol):
    """Whoever counts and times the calls of a feed."""

    def observe(self, operation: str, outcome: str, seconds: float) -> None:
        """Note that an operation (`history`, `quote`, `search`, `probe`) ended that way."""
        ...


class YahooFeed:
    """Prices from Yahoo Finance, or from the server in its place at `base_url`.

    At most `threads` calls are made at a time, each answered within `deadline` seconds. There is
    one instance per process, because the client keeps its state per process. A rehearsal's prices
    have a `source` of their own, so that they are never taken for Yahoo's.
    """

    def __init__(  # noqa: PLR0913 - each is a setting or a port, named where it is built.
        self,
        *,
        clock: Clock,
        deadline: float,
        threads: int,
        cache_folder: str,
        base_url: str | None = None,
        source: Source = Source.YAHOO,
        observer: FeedObserver | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._clock = clock
        self._source = source
        self._deadline = deadline
        self._observer = observer
        self._monotonic = monotonic
        self._circuit = Circuit(monotonic)
        self._bulkhead = Bulkhead(threads, "yahoo")
        self._client = YahooClient(cache_folder, base_url)

    @property
    def source(self) -> Source:
        """Where the prices come from."""
        return self._source

    @property
    def circuit_state(self) -> CircuitState:
        """Whether calls are let through; for the metrics."""
        return self._circuit.state

    @property
    def is_paused(self) -> bool:
        """Whether the circuit lets no call through now."""
        return self._circuit.state is CircuitState.OPEN

    async def probe(self) -> None:
        """Return once Yahoo has answered anything; raise FeedUnavailable otherwise."""
        try:
            await self._call(
                "probe",
                PROBE_SYMBOL,
                lambda until: self._client.fetch_chart(PROBE_SYMBOL, PROBE_PERIOD, until),
            )
        except (SymbolNotInFeed, UnsupportedInstrument, FeedRejected):
            return  # That, too, was an answer.

    async def fetch_history(self, symbol: str) -> FetchedHistory:
        """Return five years of daily bars, the latest price and the instrument, in one request."""
        return await self._call("history", symbol, lambda until: self._history(symbol, until))

    async def fetch_quote(self, symbol: str) -> Quote:
        """Return the latest price, in one small request."""
        return await self._call("quote", symbol, lambda until: self._quote(symbol, until))

    async def search(self, query: str, limit: int) -> Sequence[Instrument]:
        """Return US-listed shares and funds whose name or symbol matches, best first."""
        hits = await self._call(
            "search", repr(query), lambda until: self._client.search(query, limit, until)
        )
        return read_hits(hits)[:limit]

    async def aclose(self) -> None:
        """Let the threads end; one that hangs in the client holds up nothing."""
        self._bulkhead.close()
        self._client.close()

    def _history(self, symbol: str, until: float) -> FetchedHistory:
        chart = self._client.fetch_chart(symbol, HISTORY_PERIOD, until)
        instrument = read_instrument(symbol, chart.meta)
        history = read_history(symbol, instrument.currency, chart.frame)
        if not len(history):
            raise EmptyAnswer
        try:
            quote = read_quote(symbol, chart.meta, self._clock.now(), self._source)
        except FeedRejected:
            quote = None  # Bars without a latest price are worth having.
        return FetchedHistory(history, quote, instrument, read_splits(chart.frame))

    def _quote(self, symbol: str, until: float) -> Quote:
        chart = self._client.fetch_chart(symbol, QUOTE_PERIOD, until)
        read_instrument(symbol, chart.meta)
        return read_quote(symbol, chart.meta, self._clock.now(), self._source)

    async def _call(self, operation: str, subject: str, work: Callable[[float], T]) -> T:
        """Return what `work` returns, or raise the application's error; time it either way."""
        started = self._monotonic()
        outcome = Outcome.CANCELLED
        try:
            result = await self._guard(work)
            outcome = Outcome.OK
        except Exception as error:
            outcome = classify_failure(error)
            raise explain_failure(error, subject) from error
        finally:
            if self._observer is not None:
                self._observer.observe(operation, outcome, self._monotonic() - started)
        return result

    async def _guard(self, work: Callable[[float], T]) -> T:
        """Run `work` in a thread if the circuit lets it, and tell the circuit how it ended."""
        permit = self._circuit.admit()
        try:
            result = await self._bulkhead.run(work, self._deadline)
        except Exception as error:
            self._report(permit, classify_failure(error))
            raise
        except BaseException:
            self._circuit.abandon(permit)
            raise
        self._circuit.succeed(permit)
        return result

    def _report(self, permit: Permit, outcome: Outcome) -> None:
        if outcome is Outcome.RATE_LIMITED:
            self._circuit.limit(permit)
        elif outcome in {Outcome.TIMEOUT, Outcome.UNAVAILABLE}:
            self._circuit.fail(permit)
        elif outcome is Outcome.FULL:
            self._circuit.abandon(permit)
        else:
            self._circuit.succeed(permit)
