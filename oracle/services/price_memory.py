"""What a process remembers of prices, and of the feed's refusals."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

from oracle.domain.errors import SymbolNotInFeed, UnsupportedInstrument
from oracle.observability.logs import get_logger

if TYPE_CHECKING:
    from oracle.domain.errors import FeedError
    from oracle.domain.instruments import Instrument
    from oracle.domain.prices import Quote
    from oracle.ports import StoredHistory

Value = TypeVar("Value")

CACHED_SYMBOLS = 400
_log = get_logger(__name__)


class BySymbol(Generic[Value]):
    """Values by symbol; beyond its size the one kept longest ago is forgotten."""

    def __init__(self, size: int = CACHED_SYMBOLS) -> None:
        self._size = size
        self._values: OrderedDict[str, Value] = OrderedDict()

    def find(self, symbol: str) -> Value | None:
        """Return the symbol's value, or None."""
        return self._values.get(symbol)

    def keep(self, symbol: str, value: Value) -> None:
        """Remember the value in place of an earlier one."""
        self._values[symbol] = value
        self._values.move_to_end(symbol)
        if len(self._values) > self._size:
            self._values.popitem(last=False)


@dataclass(frozen=True, slots=True)
class _Failure:
    """A refusal of the feed, remembered until the loop's time `until`."""

    error: FeedError
    until: float


class Failures:
    """Recent refusals of the feed, so that pages do not wait for the same one again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._failures: dict[str, _Failure] = {}

    def find(self, symbol: str) -> FeedError | None:
        """Return the refusal while it is recent, or None."""
        failure = self._failures.get(symbol)
        if failure is None or failure.until <= asyncio.get_running_loop().time():
            return None
        return failure.error

    def keep(self, symbol: str, error: FeedError) -> None:
        """Remember the refusal from now on, and drop those that are no longer recent."""
        now = asyncio.get_running_loop().time()
        self._failures = {key: old for key, old in self._failures.items() if old.until > now}
        self._failures[symbol] = _Failure(error, now + self._seconds)

    def note(self, symbol: str, error: FeedError) -> None:
        """Log the refusal, which is a failure unless the symbol itself is refused; remember it."""
        if isinstance(error, SymbolNotInFeed | UnsupportedInstrument):
            _log.info("symbol_refused", symbol=symbol, why=str(error))
        else:
            _log.warning("feed_failed", symbol=symbol, error=type(error).__name__, why=str(error))
        self.keep(symbol, error)

    def forget(self, symbol: str) -> None:
        """Take the symbol's refusal back."""
        self._failures.pop(symbol, None)


class PriceMemory:
    """Histories, quotes, instruments and failures of one process."""

    def __init__(self, retry_seconds: float) -> None:
        self.histories: BySymbol[StoredHistory] = BySymbol()
        self.quotes: BySymbol[Quote] = BySymbol()
        self.instruments: BySymbol[Instrument] = BySymbol()
        self.failures = Failures(retry_seconds)
