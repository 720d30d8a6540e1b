"""The hub of viewers: one question for all of them, and nobody is waited for."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from oracle.observability import metrics
from oracle.ports.waiting import is_waited_for, waited_for
from oracle.web.live.events import EventStream, encode_message, encode_signal, identify
from oracle.web.live.hub import BOX_SIZE, Hub, Topic, Upstream, Viewer
from oracle.web.refusals import NothingToWatch, TooManyStreams, TooManyViewers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence

MANY = 50


@dataclass(slots=True)
class Market:
    """A market whose price a test moves, and the questions that it was asked."""

    price: str = "<p>1</p>"
    is_open: bool = True
    fault: Exception | None = None
    questions: list[tuple[str, ...]] = field(default_factory=list)
    renderings: int = 0

    async def refresh(self, symbols: Sequence[str]) -> None:
        """Note the question, or fail."""
        self.questions.append(tuple(symbols))
        if self.fault is not None:
            raise self.fault

    async def render(self) -> str:
        """Return the price."""
        self.renderings += 1
        return self.price

    def topic(self, symbol: str = "AAPL") -> Topic:
        """Return the topic of that symbol."""
        return Topic(symbol, (symbol,), self.render)

    def hub(self, *, limit: int = 100, per_client: int = 100, seconds: float = 3600.0) -> Hub:
        """Return a hub that looks at the market all the time."""
        upstream = Upstream(lambda: self.is_open, self.refresh, seconds)
        return Hub(
            upstream,
            limit=limit,
            per_client=per_client,
            look_seconds=0.001,
            heartbeat_seconds=3600.0,
        )


@pytest.fixture
async def market() -> Market:
    """Return an open market."""
    return Market()


@pytest.fixture
async def hub(market: Market) -> AsyncIterator[Hub]:
    """Return a hub of that market, closed at the end."""
    made = market.hub()
    yield made
    await made.aclose()


async def take(viewer: Viewer) -> bytes | None:
    """Return what the viewer is sent next, heartbeats left out."""
    while True:
        chunk = await viewer.box.get()
        if chunk is None or not chunk.startswith(b":"):
            return chunk


async def until(is_true: Callable[[], bool]) -> None:
    """Let the others go on until the condition holds."""
    async with asyncio.timeout(10):
        while True:
            if is_true():
                return
            await asyncio.sleep(0)


def message(text: str) -> bytes:
    """Return the event with that text."""
    return encode_message(identify(text), text)


async def test_many_viewers_cost_one_question(market: Market, hub: Hub) -> None:
    """However many pages watch two stocks, the feed is asked once, and each page gets the price."""
    viewers = [hub.join(str(each), market.topic("AAPL")) for each in range(MANY)]
    viewers.append(hub.join("another", market.topic("KO")))
    assert {await take(viewer) for viewer in viewers} == {message("<p>1</p>")}
    market.price = "<p>2</p>"
    assert {await take(viewer) for viewer in viewers} == {message("<p>2</p>")}
    assert market.questions == [("AAPL", "KO")]


async def test_no_visitor_waits_for_what_serves_all(market: Market, hub: Hub) -> None:
    """The task outlives the request that began it, whose short patience is not the task's."""
    seen: list[bool] = []

    async def render() -> str:
        seen.append(is_waited_for())
        return market.price

    with waited_for():
        viewer = hub.join("one", Topic("AAPL", ("AAPL",), render))
    await take(viewer)
    assert seen[0] is False


async def test_a_text_is_rendered_once_for_all(market: Market) -> None:
    """The work for a topic does not grow with its viewers."""
    hub = market.hub()
    for each in range(MANY):
        hub.join(str(each), market.topic())
    await until(lambda: market.renderings > 0)
    assert market.renderings == 1
    await hub.aclose()


async def test_what_a_page_shows_already_is_not_sent(market: Market, hub: Hub) -> None:
    """A browser that comes back with the last event's id gets the next price, not the same."""
    viewer = hub.join("a", market.topic(), identify("<p>1</p>"))
    other = hub.join("b", market.topic())
    assert await take(other) == message("<p>1</p>")
    market.price = "<p>2</p>"
    assert await take(viewer) == message("<p>2</p>")


async def test_a_slow_viewer_is_dropped_and_others_go_on(market: Market, hub: Hub) -> None:
    """Who takes nothing loses its place and its connection once its box is full."""
    stuck = asyncio.create_task(asyncio.Event().wait())
    slow, quick = hub.join("slow", market.topic()), hub.join("quick", market.topic())
    slow.sender = stuck
    for number in range(BOX_SIZE + 2):
        market.price = f"<p>{number}</p>"
        assert await take(quick) == message(market.price)
    assert slow.box.qsize() == BOX_SIZE
    assert len(hub) == 1
    with pytest.raises(asyncio.CancelledError):
        await stuck


async def test_closing_ends_every_stream_at_once(market: Market, hub: Hub) -> None:
    """When the process drains, streams end without waiting for anything, and none begins."""
    viewer = hub.join("a", market.topic())
    stream = EventStream(hub, viewer)
    async with stream as chunks:
        iterator = aiter(chunks)
        assert (await anext(iterator)).startswith(b":")
        hub.close()
        rest = [chunk async for chunk in iterator]
    assert all(chunk is not None for chunk in rest)
    assert len(hub) == 0
    with pytest.raises(NothingToWatch):
        hub.join("a", market.topic())


async def test_the_end_of_the_session_is_said(market: Market, hub: Hub) -> None:
    """When the market closes each page gets the last price, the word, and the end; no question."""
    market.is_open = False
    viewer = hub.join("a", market.topic())
    sent = [await take(viewer) for _ in range(3)]
    assert sent == [message("<p>1</p>"), encode_signal("closed"), None]
    assert market.questions == []
    assert len(hub) == 0


async def test_places_are_bounded(market: Market) -> None:
    """Beyond the process's and the client's number a viewer is refused; who leaves makes room."""
    hub = market.hub(limit=3, per_client=2)
    first = hub.join("a", market.topic())
    hub.join("a", market.topic())
    with pytest.raises(TooManyStreams):
        hub.join("a", market.topic())
    hub.join("b", market.topic())
    with pytest.raises(TooManyViewers):
        hub.join("c", market.topic())
    hub.leave(first)
    hub.leave(first)
    assert len(hub) == 2
    hub.join("a", market.topic())
    await hub.aclose()


async def test_nobody_watching_means_nobody_asking(market: Market) -> None:
    """Once the last viewer is gone the task ends; the next viewer starts it again."""
    hub = market.hub(seconds=0.001)
    viewer = hub.join("a", market.topic())
    await take(viewer)
    hub.leave(viewer)
    await until(lambda: "live_prices" not in {task.get_name() for task in asyncio.all_tasks()})
    asked = len(market.questions)
    again = hub.join("a", market.topic())
    await take(again)
    assert len(market.questions) >= asked
    await hub.aclose()


@pytest.mark.parametrize("fault", [NothingToWatch(), ZeroDivisionError()])
async def test_a_failing_feed_ends_nothing(market: Market, fault: Exception) -> None:
    """Whatever the feed does, pages keep their price and get the next one that is known."""
    market.fault = fault
    hub = market.hub(seconds=0.001)
    viewer = hub.join("a", market.topic())
    assert await take(viewer) == message("<p>1</p>")
    await until(lambda: len(market.questions) >= 3)
    market.price = "<p>2</p>"
    assert await take(viewer) == message("<p>2</p>")
    await hub.aclose()


async def test_silence_is_filled_with_heartbeats(market: Market) -> None:
    """A comment comes again and again while no price moves, so that no proxy hangs up."""
    upstream = Upstream(lambda: True, market.refresh, 3600.0)
    hub = Hub(upstream, limit=1, heartbeat_seconds=0.001)
    viewer = hub.join("a", market.topic())
    beats = 0
    while beats < 3:
        beats += (await viewer.box.get() or b"").startswith(b":")
    await hub.aclose()


async def test_the_metric_counts_open_pages(market: Market, hub: Hub) -> None:
    """The gauge follows who comes and who goes."""
    before = metrics.sse_viewers._value.get()  # noqa: SLF001 - the library shows no other way
    viewer = hub.join("a", market.topic())
    assert metrics.sse_viewers._value.get() == before + 1  # noqa: SLF001
    hub.leave(viewer)
    assert metrics.sse_viewers._value.get() == before  # noqa: SLF001


def test_lines_of_a_text_stay_lines() -> None:
    """A text of several lines is one event, with its id and how soon to come back."""
    assert encode_message("x", "a\nb") == b"id: x\nretry: 2000\ndata: a\ndata: b\n\n"
