"""Every known way in which Yahoo and its client fail, played by a server the real client asks."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.clock import FixedClock
from oracle.adapters.yahoo import YahooFeed
from oracle.adapters.yahoo.circuit import FAULT_SECONDS, RATE_LIMIT_SECONDS, CircuitState
from oracle.domain.errors import FeedRateLimited, FeedUnavailable
from tests.standins.yahoo import CHART, CRUMB, EVERYTHING, SEARCH
from tests.standins.yahoo_faults import Kind
from tests.standins.yahoo_market import POOL
from tests.standins.yahoo_shapes import CRUMB as GOOD_CRUMB

from .conftest import EVENING

if TYPE_CHECKING:
    from tests.standins.yahoo import YahooStandin

    from .conftest import Notes, Stopwatch

COOKIE = "/"
ROOT = Path(__file__).resolve().parents[3]


def make_feed(standin: YahooStandin, folder: Path, deadline: float, threads: int = 2) -> YahooFeed:
    """Return a feed with these limits."""
    return YahooFeed(
        clock=FixedClock(EVENING),
        deadline=deadline,
        threads=threads,
        cache_folder=str(folder),
        base_url=standin.url,
    )


def state_of(feed: YahooFeed) -> CircuitState:
    """Return the state of the feed's circuit now."""
    return feed.circuit_state


@pytest.mark.parametrize(
    "kind",
    [Kind.SERVER_ERROR, Kind.OUTAGE, Kind.JUNK, Kind.DROP, Kind.BARE_NOT_FOUND],
)
async def test_faults_are_unavailability_and_heal(
    feed: YahooFeed, standin: YahooStandin, notes: Notes, kind: Kind
) -> None:
    """Error pages, outages and broken connections say nothing of the symbol, and pass."""
    standin.fail("AAPL", kind)
    with pytest.raises(FeedUnavailable):
        await feed.fetch_history("AAPL")
    standin.heal()
    assert len((await feed.fetch_history("AAPL")).history) > 1000
    assert notes.outcomes == [("history", "unavailable"), ("history", "ok")]


async def test_a_failed_search_heals(feed: YahooFeed, standin: YahooStandin) -> None:
    """The same search works again after an outage: the client's endless cache is not used."""
    standin.fail(SEARCH, Kind.SERVER_ERROR)
    with pytest.raises(FeedUnavailable, match="HTTP 500"):
        await feed.search("apple", 5)
    standin.heal()
    assert [found.symbol for found in await feed.search("apple", 5)] == ["AAPL"]
    standin.fail(SEARCH, Kind.JUNK)
    with pytest.raises(FeedUnavailable):
        await feed.search("apple", 5)
    standin.heal()
    assert [found.symbol for found in await feed.search("apple", 5)] == ["AAPL"]


async def test_histories_are_never_answered_from_a_cache(
    feed: YahooFeed, standin: YahooStandin
) -> None:
    """Each history is asked for anew, so that a bad bar can heal."""
    await feed.fetch_history("AAPL")
    await feed.fetch_history("AAPL")
    assert standin.count(CHART) == 2


async def test_a_known_symbol_costs_one_request(feed: YahooFeed, standin: YahooStandin) -> None:
    """Cookie and crumb are fetched once; then every history, of any symbol, is one request."""
    await feed.fetch_history("AAPL")
    assert standin.requests == [COOKIE, CRUMB, CHART + "AAPL"]
    standin.forget_requests()
    for symbol in ("AAPL", "MSFT", "KO"):
        await feed.fetch_history(symbol)
    assert standin.requests == [CHART + "AAPL", CHART + "MSFT", CHART + "KO"]


async def test_an_unknown_symbol_costs_one_request(feed: YahooFeed, standin: YahooStandin) -> None:
    """An unknown symbol is asked for once and not by six to eleven detours."""
    await feed.probe()
    standin.forget_requests()
    with pytest.raises(Exception, match="ZZZZQQ"):
        await feed.fetch_history("ZZZZQQ")
    assert standin.requests == [CHART + "ZZZZQQ"]


async def test_a_429_costs_one_request_and_opens_the_circuit(
    feed: YahooFeed, standin: YahooStandin, notes: Notes, stopwatch: Stopwatch
) -> None:
    """After a 429 nothing is asked for five minutes; then one call probes and closes again."""
    await feed.probe()
    standin.forget_requests()
    standin.fail(EVERYTHING, Kind.RATE_LIMIT)
    with pytest.raises(FeedRateLimited):
        await feed.fetch_history("AAPL")
    assert standin.count() == 1
    assert state_of(feed) is CircuitState.OPEN
    standin.heal()
    for _ in range(3):
        with pytest.raises(FeedRateLimited, match="asked again in about 5 minutes"):
            await feed.fetch_quote("AAPL")
    assert standin.count() == 1
    stopwatch.now += RATE_LIMIT_SECONDS
    assert state_of(feed) is CircuitState.HALF_OPEN
    await feed.fetch_quote("AAPL")
    assert state_of(feed) is CircuitState.CLOSED
    assert [outcome for _, outcome in notes.outcomes] == [
        "ok",
        "rate_limited",
        "circuit_open",
        "circuit_open",
        "circuit_open",
        "ok",
    ]


async def test_a_burst_of_429s_counts_once(
    feed: YahooFeed, standin: YahooStandin, stopwatch: Stopwatch
) -> None:
    """Calls that were under way together when the limit was hit do not lengthen the pause."""
    standin.fail(EVERYTHING, Kind.RATE_LIMIT)
    outcomes = await asyncio.gather(
        *(feed.fetch_quote(symbol) for symbol in ("AAPL", "MSFT", "KO", "PG")),
        return_exceptions=True,
    )
    assert all(isinstance(outcome, FeedRateLimited) for outcome in outcomes)
    stopwatch.now += RATE_LIMIT_SECONDS
    assert state_of(feed) is CircuitState.HALF_OPEN


async def test_five_faults_in_a_row_open_the_circuit_briefly(
    feed: YahooFeed, standin: YahooStandin, stopwatch: Stopwatch
) -> None:
    """A feed that only fails is left alone for half a minute."""
    standin.fail("AAPL", Kind.SERVER_ERROR)
    for _ in range(5):
        with pytest.raises(FeedUnavailable):
            await feed.fetch_quote("AAPL")
    standin.heal()
    standin.forget_requests()
    with pytest.raises(FeedUnavailable, match="keeps failing"):
        await feed.fetch_quote("AAPL")
    assert standin.count() == 0
    stopwatch.now += FAULT_SECONDS
    await feed.fetch_quote("AAPL")
    assert state_of(feed) is CircuitState.CLOSED


async def test_a_refused_crumb_is_never_sent(feed: YahooFeed, standin: YahooStandin) -> None:
    """A 429 in place of the crumb neither fails the call nor becomes the crumb of the next."""
    standin.fail(CRUMB, Kind.RATE_LIMIT)
    await feed.fetch_history("AAPL")
    await feed.fetch_history("MSFT")
    assert all("crumb" not in query for query in standin.queries)
    assert standin.count(CRUMB) == 1


@pytest.mark.parametrize("kind", [Kind.JUNK, Kind.SERVER_ERROR])
async def test_an_error_page_does_not_stay_the_crumb(
    feed: YahooFeed, standin: YahooStandin, kind: Kind
) -> None:
    """A page in place of the crumb, even with status 200, is not sent along ever after."""
    standin.fail(CRUMB, kind)
    await feed.fetch_history("AAPL")
    standin.heal()
    standin.forget_requests()
    await feed.fetch_history("AAPL")
    assert standin.queries[-1].get("crumb") in {None, GOOD_CRUMB}


async def test_a_stale_crumb_is_renewed_within_the_call(
    feed: YahooFeed, standin: YahooStandin, notes: Notes
) -> None:
    """A 401 fetches a new crumb and asks once more, so that nobody notices."""
    await feed.probe()
    standin.forget_requests()
    standin.fail("AAPL", Kind.UNAUTHORIZED, times=1)
    await feed.fetch_history("AAPL")
    assert standin.count(CRUMB) == 1
    assert standin.count(CHART) == 2
    assert notes.outcomes[-1] == ("history", "ok")


async def test_a_lasting_401_is_unavailability(feed: YahooFeed, standin: YahooStandin) -> None:
    """A 401 that stays is the feed's fault: the share is not taken for delisted."""
    standin.fail("AAPL", Kind.UNAUTHORIZED)
    with pytest.raises(FeedUnavailable, match="HTTP 401"):
        await feed.fetch_history("AAPL")
    assert standin.count(CHART) == 2


@pytest.mark.parametrize("target", [EVERYTHING, CHART + "AAPL"])
async def test_the_deadline_holds_with_a_cold_cookie(
    standin: YahooStandin, tmp_path: Path, target: str
) -> None:
    """A server that hangs, from the first cookie or at the chart, costs the deadline, no more."""
    standin.fail(target, Kind.HANG)
    feed = make_feed(standin, tmp_path, deadline=1.0)
    started = time.monotonic()
    with pytest.raises(FeedUnavailable, match="did not answer in time"):
        await feed.fetch_history("AAPL")
    assert time.monotonic() - started < 1.2
    await feed.aclose()


async def test_a_hanging_cookie_host_does_not_cost_the_prices(
    standin: YahooStandin, tmp_path: Path
) -> None:
    """Prices need no cookie: when its host hangs the chart is still fetched in time."""
    standin.fail(COOKIE, Kind.HANG)
    feed = make_feed(standin, tmp_path, deadline=4.0)
    await feed.fetch_history("AAPL")
    standin.forget_requests()
    await feed.fetch_history("MSFT")
    assert standin.requests == [CHART + "MSFT"]
    await feed.aclose()


async def test_hung_threads_come_back(standin: YahooStandin, tmp_path: Path) -> None:
    """A hang in the client ends with the call's deadline, so the threads serve again after it."""
    standin.fail(EVERYTHING, Kind.HANG)
    feed = make_feed(standin, tmp_path, deadline=1.0)
    outcomes = await asyncio.gather(
        feed.fetch_quote("AAPL"), feed.fetch_quote("MSFT"), return_exceptions=True
    )
    assert all(isinstance(outcome, FeedUnavailable) for outcome in outcomes)
    standin.heal()
    quotes = await asyncio.gather(feed.fetch_quote("AAPL"), feed.fetch_quote("MSFT"))
    assert [quote.symbol for quote in quotes] == ["AAPL", "MSFT"]
    await feed.aclose()


async def test_the_event_loop_runs_on_while_yahoo_hangs(
    standin: YahooStandin, tmp_path: Path
) -> None:
    """A hanging feed never blocks the loop that serves the pages."""
    standin.fail(EVERYTHING, Kind.HANG)
    feed = make_feed(standin, tmp_path, deadline=1.0)
    call = asyncio.create_task(feed.fetch_history("AAPL"))
    longest, last = 0.0, time.monotonic()
    while not call.done():
        await asyncio.sleep(0.01)
        longest, last = max(longest, time.monotonic() - last), time.monotonic()
    assert isinstance(call.exception(), FeedUnavailable)
    assert longest < 0.3
    await feed.aclose()


async def test_a_cancelled_probe_leaves_the_feed_usable(
    feed: YahooFeed, standin: YahooStandin, notes: Notes
) -> None:
    """Whoever waits less long than the deadline may give up; nothing is held against the feed."""
    standin.fail(EVERYTHING, Kind.SLOW, times=1, seconds=1.0)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await feed.probe()
    assert notes.outcomes == [("probe", "cancelled")]
    await feed.probe()
    assert state_of(feed) is CircuitState.CLOSED


@pytest.mark.parametrize("kind", [Kind.RATE_LIMIT, Kind.SERVER_ERROR, Kind.OUTAGE])
async def test_the_probe_fails_when_yahoo_does(
    feed: YahooFeed, standin: YahooStandin, kind: Kind
) -> None:
    """A feed that answers with nothing but errors does not pass its probe."""
    standin.fail(EVERYTHING, kind)
    with pytest.raises(FeedUnavailable):
        await feed.probe()


async def test_the_probe_passes_on_any_real_answer(feed: YahooFeed, standin: YahooStandin) -> None:
    """Even "no such symbol" shows that Yahoo answers."""
    standin.fail("AAPL", Kind.NOT_FOUND)
    await feed.probe()


async def test_an_unusable_cache_folder_is_replaced(standin: YahooStandin, tmp_path: Path) -> None:
    """With its folder barred by a file the feed still asks for its cookie only once."""
    barrier = tmp_path / "cache"
    barrier.write_text("in the way")
    feed = make_feed(standin, barrier, deadline=10.0)
    for symbol in ("AAPL", "MSFT", "KO"):
        await feed.fetch_history(symbol)
    assert standin.count(CRUMB) == 1
    assert standin.requests.count(COOKIE) == 1
    await feed.aclose()


async def test_parallel_calls_get_their_own_answers(feed: YahooFeed, standin: YahooStandin) -> None:
    """Thirty calls over four threads each return the symbol that was asked for."""
    symbols = [listing.symbol for listing in POOL[:15]] * 2
    quotes = await asyncio.gather(*(feed.fetch_quote(symbol) for symbol in symbols))
    assert [quote.symbol for quote in quotes] == symbols
    for quote in quotes:
        bars = standin.market.bars(standin.market.listings[quote.symbol], standin.now)
        assert quote.price == pytest.approx(bars.close[-1], abs=0.001)


HANGING_PROCESS = """
import asyncio, sys
from datetime import UTC, datetime
from oracle.adapters.clock import FixedClock
from oracle.adapters.yahoo import YahooFeed
from oracle.domain.errors import FeedUnavailable

async def main():
    feed = YahooFeed(clock=FixedClock(datetime(2022, 12, 28, tzinfo=UTC)), deadline=30.0,
                     threads=2, cache_folder=sys.argv[2], base_url=sys.argv[1])
    try:
        async with asyncio.timeout(0.5):
            await feed.fetch_history("AAPL")
    except TimeoutError:
        await feed.aclose()
        print("leaving", flush=True)

asyncio.run(main())
"""


async def test_a_hung_request_does_not_hold_up_the_exit(
    standin: YahooStandin, tmp_path: Path
) -> None:
    """A process whose client still hangs, with half a minute to go, exits at once."""
    standin.fail(EVERYTHING, Kind.HANG)
    arguments = [sys.executable, "-c", HANGING_PROCESS, standin.url, str(tmp_path)]
    process = await asyncio.create_subprocess_exec(
        *arguments, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    assert process.stdout is not None
    async with asyncio.timeout(30.0):
        assert await process.stdout.readline() == b"leaving\n"
    async with asyncio.timeout(3.0):
        assert await process.wait() == 0
