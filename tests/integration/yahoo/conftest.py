"""The real client against the server in Yahoo's place."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.clock import FixedClock
from oracle.adapters.yahoo import YahooFeed
from tests.standins.yahoo import YahooStandin

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

FOLDER = Path(__file__).parent
EVENING = datetime(2022, 12, 28, 21, 30, tzinfo=UTC)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the client use what pandas announces the end of, as the adapter itself does."""
    for item in items:
        if item.path.is_relative_to(FOLDER):
            item.add_marker(pytest.mark.filterwarnings("ignore::DeprecationWarning:yfinance"))


class Notes:
    """An observer that remembers what it was told."""

    def __init__(self) -> None:
        self.outcomes: list[tuple[str, str]] = []
        self.seconds: list[float] = []

    def observe(self, operation: str, outcome: str, seconds: float) -> None:
        """Remember the call."""
        self.outcomes.append((operation, outcome))
        self.seconds.append(seconds)


class Stopwatch:
    """A monotonic clock that a test moves on by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """Return the seconds so far."""
        return self.now


@pytest.fixture
def standin() -> Iterator[YahooStandin]:
    """A server in Yahoo's place, half an hour after the close."""
    with YahooStandin(EVENING) as server:
        yield server


@pytest.fixture
def notes() -> Notes:
    """What the feed reported of its calls."""
    return Notes()


@pytest.fixture
def stopwatch() -> Stopwatch:
    """The clock of the feed's circuit and timings."""
    return Stopwatch()


@pytest.fixture
async def feed(
    standin: YahooStandin, tmp_path: Path, notes: Notes, stopwatch: Stopwatch
) -> AsyncIterator[YahooFeed]:
    """The feed, with a cold cookie, four threads and a generous deadline."""
    feed = YahooFeed(
        clock=FixedClock(EVENING),
        deadline=10.0,
        threads=4,
        cache_folder=str(tmp_path / "cache"),
        base_url=standin.url,
        observer=notes,
        monotonic=stopwatch,
    )
    yield feed
    await feed.aclose()
