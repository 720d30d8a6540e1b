"""The sample market keeps the promises of every price feed."""

from __future__ import annotations

import pytest

from oracle.adapters.calendar import calendar_around
from oracle.adapters.clock import FixedClock
from oracle.adapters.sample import SampleFeed, last_moment
from tests.contract.price_feed import PriceFeedContract


class TestSampleFeed(PriceFeedContract):
    """The contract, with the clock where the sample market leaves it."""

    @pytest.fixture
    def feed(self) -> SampleFeed:
        """The sample market half an hour after its last close."""
        clock = FixedClock(last_moment())
        return SampleFeed(clock, calendar_around(clock.now()))
