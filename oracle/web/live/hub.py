"""Who watches which prices, and the one task that asks for all of them.

The task runs only while somebody watches and the market trades. It renders each topic once for
all of its viewers and puts the text into their boxes, which are small: a viewer who does not empty
its box in time is dropped, and nobody is waited for.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from oracle.domain.errors import OracleError
from oracle.observability import metrics
from oracle.observability.logs import get_logger
from oracle.ports.waiting import waited_for
from oracle.web.live.events import HEARTBEAT, encode_message, encode_signal, identify
from oracle.web.refusals import NothingToWatch, TooManyStreams, TooManyViewers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Sequence

PER_CLIENT = 20
"""How many pages one address may watch: offices share one, browsers hide all tabs but one."""

BOX_SIZE = 8
HEARTBEAT_SECONDS = 15.0
LOOK_SECONDS = 5.0
"""How often what is known is looked at; asking the feed has a slower pace of its own."""

CLOSED = "closed"
"""The signal that the session is over, and nothing more will come."""

_log = get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Topic:
    """Something to watch: its name, the symbols whose prices it shows, and what renders it.

    `signal` returns the name of an event to send as well, such as that the page is outdated.
    """

    name: str
    symbols: tuple[str, ...]
    render: Callable[[], Awaitable[str]]
    signal: Callable[[], Awaitable[str | None]] | None = None


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where prices come from: whether they move at all, and what asks for the oldest of some.

    `seconds` is the least time between two questions.
    """

    is_open: Callable[[], bool]
    refresh: Callable[[Sequence[str]], Coroutine[None, None, None]]
    seconds: float


@dataclass(slots=True, eq=False)
class Viewer:
    """One open page: whose it is, what it shows already (an event's id), and its box."""

    client: str
    topic: Topic
    seen: str
    box: asyncio.Queue[bytes | None] = field(default_factory=lambda: asyncio.Queue(BOX_SIZE))
    sender: asyncio.Task[object] | None = None


class Hub:
    """The viewers of one process."""

    def __init__(
        self,
        upstream: Upstream,
        *,
        limit: int,
        per_client: int = PER_CLIENT,
        look_seconds: float = LOOK_SECONDS,
        heartbeat_seconds: float = HEARTBEAT_SECONDS,
    ) -> None:
        self._upstream = upstream
        self._limit = limit
        self._per_client = per_client
        self._look = min(look_seconds, upstream.seconds, heartbeat_seconds)
        self._heartbeat = heartbeat_seconds
        self._viewers: set[Viewer] = set()
        self._clients: Counter[str] = Counter()
        self._wake = asyncio.Event()
        self._closed = False
        self._task: asyncio.Task[None] | None = None
        self._question: asyncio.Task[None] | None = None
        self._asked_at = float("-inf")
        self._beat_at = float("-inf")

    def __len__(self) -> int:
        return len(self._viewers)

    def join(self, client: str, topic: Topic, seen: str = "") -> Viewer:
        """Return a new viewer of the topic, who knows the event `seen` already.

        Raises NothingToWatch, TooManyViewers and TooManyStreams.
        """
        if self._closed or self._limit == 0:
            raise NothingToWatch
        if len(self._viewers) >= self._limit:
            raise TooManyViewers
        if self._clients[client] >= self._per_client:
            raise TooManyStreams
        viewer = Viewer(client, topic, seen)
        self._viewers.add(viewer)
        self._clients[client] += 1
        metrics.sse_viewers.inc()
        self._wake.set()
        if self._task is None or self._task.done():
            # It outlives the request that begins it, and with the database takes its time.
            with waited_for(by_visitor=False):
                self._task = asyncio.create_task(self._run(), name="live_prices")
        return viewer

    def leave(self, viewer: Viewer) -> None:
        """Forget the viewer; one who is gone already may leave again."""
        if viewer not in self._viewers:
            return
        self._viewers.remove(viewer)
        self._clients[viewer.client] -= 1
        if not self._clients[viewer.client]:
            del self._clients[viewer.client]
        metrics.sse_viewers.dec()
        self._wake.set()

    def close(self) -> None:
        """End every stream now and begin none any more: browsers come back to another instance."""
        self._closed = True
        self._end_all()
        self._wake.set()

    async def aclose(self) -> None:
        """Close, and wait until nothing runs any more."""
        self.close()
        tasks = [task for task in (self._task, self._question) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._viewers:
            self._wake.clear()
            is_open = self._upstream.is_open()
            if is_open and loop.time() - self._asked_at >= self._upstream.seconds:
                self._ask(loop.time())
            await self._publish()
            if not is_open:
                self._end_all(encode_signal(CLOSED))
                return
            if loop.time() - self._beat_at >= self._heartbeat:
                self._beat_at = loop.time()
                for viewer in tuple(self._viewers):
                    self._offer(viewer, HEARTBEAT)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look):
                    await self._wake.wait()

    def _ask(self, now: float) -> None:
        """Start one question for the oldest price that anybody watches, unless one is under way."""
        if self._question is not None and not self._question.done():
            return
        self._asked_at = now
        symbols = sorted({symbol for viewer in self._viewers for symbol in viewer.topic.symbols})
        self._question = asyncio.create_task(self._refresh(symbols), name="live_question")

    async def _refresh(self, symbols: Sequence[str]) -> None:
        try:
            await self._upstream.refresh(symbols)
        except OracleError as error:
            # The page keeps the last good price, and the feed's own pauses keep this rare.
            _log.info("live_price_unavailable", why=str(error))
        except Exception:  # noqa: BLE001 - one bad answer must not end the viewing
            _log.exception("live_question_failed")
        else:
            self._wake.set()

    async def _publish(self) -> None:
        """Render each topic once, and give the text to those of its viewers who have another."""
        for name in {viewer.topic.name for viewer in self._viewers}:
            viewers = [viewer for viewer in self._viewers if viewer.topic.name == name]
            topic = viewers[0].topic
            try:
                text = await topic.render()
                signal = None if topic.signal is None else await topic.signal()
            except OracleError as error:
                _log.info("live_topic_unavailable", topic=name, why=str(error))
                continue
            except Exception:  # noqa: BLE001 - one topic's bug must not end the others
                _log.exception("live_topic_failed", topic=name)
                continue
            for viewer in viewers:
                self._send(viewer, text, signal)

    def _send(self, viewer: Viewer, text: str, signal: str | None) -> None:
        event = identify(text if signal is None else f"{text}{signal}")
        if viewer not in self._viewers or viewer.seen == event:
            return
        viewer.seen = event
        if text:
            self._offer(viewer, encode_message(event, text))
        if signal is not None:
            self._offer(viewer, encode_signal(signal))

    def _offer(self, viewer: Viewer, chunk: bytes) -> None:
        try:
            viewer.box.put_nowait(chunk)
        except asyncio.QueueFull:
            self._drop(viewer)

    def _drop(self, viewer: Viewer) -> None:
        """Forget a viewer who does not take what is sent, and stop waiting for its connection."""
        if viewer in self._viewers:
            _log.info("slow_viewer_dropped", topic=viewer.topic.name)
        self.leave(viewer)
        if viewer.sender is not None:
            viewer.sender.cancel()

    def _end_all(self, last: bytes | None = None) -> None:
        for viewer in tuple(self._viewers):
            if last is not None:
                self._offer(viewer, last)
            if viewer.box.full():
                self._drop(viewer)
            else:
                viewer.box.put_nowait(None)
                self.leave(viewer)
