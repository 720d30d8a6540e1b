"""The sample market: real, old prices of 20 US stocks, for trying things out without a network."""

from oracle.adapters.sample.closes import last_moment, last_session
from oracle.adapters.sample.feed import SampleFeed

__all__ = ["SampleFeed", "last_moment", "last_session"]
