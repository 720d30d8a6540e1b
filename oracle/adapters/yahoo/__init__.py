"""Yahoo Finance as a price feed, asked through the real yfinance client."""

from oracle.adapters.yahoo.circuit import CircuitState
from oracle.adapters.yahoo.feed import FeedObserver, YahooFeed

__all__ = ["CircuitState", "FeedObserver", "YahooFeed"]
