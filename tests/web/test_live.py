"""Streams of prices: their headers, who may have one, and what the access log says."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, cast

import pytest
from structlog.testing import capture_logs
from werkzeug.datastructures import Headers

from oracle.domain.prices import MarketState, Quote
from oracle.observability import metrics
from oracle.web.site import SITE
from tests.web import scenes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from quart import Quart
    from quart.testing.connections import TestHTTPConnection
    from quart.typing import TestClientProtocol

    from oracle.web.site import Site
    from tests.web.conftest import BuildApp
    from tests.web.scenes import Scene

STOCK = "/stocks/AAPL/events"
RANKING = "/ranking/events?shown=rrrrrrrrrrrr"


@pytest.fixture(autouse=True)
def _trading(scene: Scene) -> None:
    """Let the market trade, with a price of Apple."""
    scene.status = scenes.trading()
    scene.quotes["AAPL"] = Quote(
        "AAPL",
        126.1,
        "USD",
        scene.status.now,
        MarketState.OPEN,
        scene.status.source,
        scene.status.now,
    )


@asynccontextmanager
async def streaming(
    client: TestClientProtocol, path: str, headers: dict[str, str] | None = None
) -> AsyncIterator[TestHTTPConnection]:
    """Yield a stream that has begun, and hang up at the end."""
    async with client.request(path, headers=Headers(headers or {})) as opened:
        connection = cast("TestHTTPConnection", opened)
        await connection.send_complete()
        await connection.receive()
        yield connection
        await connection.disconnect()


async def read_event(connection: TestHTTPConnection) -> str:
    """Return the next event, comments left out."""
    text = ""
    while not text or text.startswith(":"):
        text = (await connection.receive()).decode()
    return text


@pytest.mark.parametrize("path", [STOCK, RANKING])
async def test_a_stream_is_neither_kept_nor_compressed(app: Quart, path: str) -> None:
    """It has its own type, no length, no tag, and no encoding, whatever the browser takes."""
    async with streaming(app.test_client(), path, {"Accept-Encoding": "gzip"}) as stream:
        assert stream.status_code == 200
        assert stream.headers is not None
        assert stream.headers["Content-Type"] == "text/event-stream; charset=utf-8"
        assert stream.headers["Cache-Control"] == "no-store"
        assert stream.headers["X-Accel-Buffering"] == "no"
        assert "default-src 'none'" in stream.headers["Content-Security-Policy"]
        for name in ("Content-Encoding", "Content-Length", "ETag"):
            assert name not in stream.headers


async def test_a_message_is_the_part_of_the_page(app: Quart, scene: Scene) -> None:
    """The price comes as the page's own card, with an id, a pause, and the market's line."""
    async with streaming(app.test_client(), STOCK) as stream:
        event = await read_event(stream)
    assert event.startswith("id: ")
    assert "\nretry: 2000\n" in event
    lines = [line.removeprefix("data: ") for line in event.splitlines() if "data: " in line]
    page = await (await app.test_client().get("/stocks/AAPL")).get_data(as_text=True)
    shown = "\n".join(lines)
    assert 'id="price"' in shown
    assert "$126.10" in shown
    assert 'hx-swap-oob="true"' in shown
    assert shown.partition("\n")[0].strip() in page
    assert scene.refreshed == [("AAPL",)]


async def test_a_ranking_sends_its_prices_and_word_of_another(app: Quart) -> None:
    """Prices come for the rows; when the page shows another ranking, it is told to load it."""
    async with streaming(app.test_client(), RANKING) as stream:
        event = await read_event(stream)
    assert 'id="now-AAPL" hx-swap-oob="true"' in event
    async with streaming(app.test_client(), "/ranking/events?shown=older") as stream:
        await read_event(stream)
        assert await read_event(stream) == "event: changed\ndata: changed\n\n"


async def test_the_last_event_is_not_sent_again(app: Quart, scene: Scene) -> None:
    """With Last-Event-ID the stream begins with the next price."""
    client = app.test_client()
    async with streaming(client, STOCK) as stream:
        first = await read_event(stream)
    known = first.partition("\n")[0].removeprefix("id: ")
    async with streaming(client, STOCK, {"Last-Event-ID": known}) as stream:
        await asyncio.sleep(0)
        quote = scene.quotes["AAPL"]
        scene.quotes["AAPL"] = Quote(
            "AAPL", 127.2, "USD", quote.as_of, quote.market_state, quote.source, quote.fetched_at
        )
        site: Site = app.extensions[SITE]
        site.live._wake.set()  # noqa: SLF001 - so that the test need not wait for the next look
        event = await read_event(stream)
    assert "$127.20" in event


async def test_a_closed_market_holds_no_stream(app: Quart, scene: Scene) -> None:
    """Whoever asks while the market is closed is told so and is done; the page does not ask."""
    scene.status = scenes.market()
    response = await app.test_client().get(STOCK)
    text = await response.get_data(as_text=True)
    assert text.endswith("event: closed\ndata: closed\n\n")
    site: Site = app.extensions[SITE]
    assert len(site.live) == 0
    assert scene.refreshed == []
    page = await (await app.test_client().get("/stocks/AAPL")).get_data(as_text=True)
    assert "hx-sse:connect" not in page
    assert 'data-opens="2022-12-29T14:30:00Z"' in page
    assert "Opens <time" in page


@pytest.mark.parametrize("path", ["/stocks/AAPL", "/", "/ranking", "/ranking?symbols=AAPL,KO"])
async def test_a_page_in_session_names_its_stream(app: Quart, path: str) -> None:
    """While the market trades the page says where new prices come from, and that stream exists."""
    client = app.test_client()
    page = await (await client.get(path)).get_data(as_text=True)
    address = page.partition('hx-sse:connect="')[2].partition('"')[0].replace("&amp;", "&")
    assert (await client.head(address)).status_code == 200


async def test_streams_can_be_switched_off(build_app: BuildApp) -> None:
    """With no viewers allowed no page opens a stream, and who asks for one is refused."""
    client = build_app(live_viewers=0).test_client()
    page = await (await client.get("/stocks/AAPL")).get_data(as_text=True)
    assert "hx-sse:connect" not in page
    response = await client.get(STOCK)
    assert response.status_code == 503
    assert response.headers["Retry-After"]


async def test_the_process_has_room_for_so_many(build_app: BuildApp) -> None:
    """The next viewer beyond the limit gets 503 and when to come back; who goes makes room."""
    app = build_app(live_viewers=1)
    client = app.test_client()
    async with streaming(client, STOCK):
        response = await client.get(STOCK)
        assert response.status_code == 503
        assert response.headers["Retry-After"] == "60"
    async with streaming(client, STOCK) as stream:
        assert stream.status_code == 200


async def test_one_client_has_room_for_so_many(app: Quart, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next page beyond a client's share gets 429; another client is served."""
    site: Site = app.extensions[SITE]
    monkeypatch.setattr(site.live, "_per_client", 1)
    client = app.test_client()
    async with streaming(client, STOCK):
        response = await client.get(STOCK)
        assert response.status_code == 429
        assert response.headers["Retry-After"] == "60"
        other = await client.head(STOCK, scope_base={"client": ("203.0.113.9", 1)})
        assert other.status_code == 200


async def test_a_stock_that_no_page_has_shown_is_not_watched(app: Quart) -> None:
    """A stream never makes the feed be asked for a symbol that nobody knows a price of."""
    assert (await app.test_client().get("/stocks/ZZZZ/events")).status_code == 404
    assert (await app.test_client().get("/stocks/$$/events")).status_code == 400


async def test_draining_ends_streams_and_begins_none(app: Quart, scene: Scene) -> None:
    """As soon as the process is asked to stop its streams are complete, and new ones refused."""
    client = app.test_client()
    async with client.request(STOCK) as connection:
        await connection.send_complete()
        await connection.receive()
        for listener in scene.drains:
            listener()
    assert (await connection.as_response()).status_code == 200
    assert (await client.get(STOCK)).status_code == 503


async def test_a_stream_is_logged_when_it_ends_and_timed_when_it_begins(app: Quart) -> None:
    """Its line has its whole length; the latency metric and the number in flight have not."""
    route = "/stocks/<symbol>/events"

    def measured() -> float:
        count: float = metrics.http_requests.labels("GET", route, "200")._value.get()  # noqa: SLF001
        return count

    in_flight = metrics.http_requests_in_flight.labels(route)._value.get  # noqa: SLF001
    before, resting = measured(), in_flight()
    with capture_logs() as events:
        async with streaming(app.test_client(), STOCK):
            assert measured() == before + 1
            assert in_flight() == resting
            assert [each for each in events if each["event"] == "http_request"] == []
        site: Site = app.extensions[SITE]
        async with asyncio.timeout(10):
            while True:
                if events and not len(site.live):
                    break
                await asyncio.sleep(0)
    lines = [each for each in events if each["event"] == "http_request"]
    assert [(line["route"], line["status"]) for line in lines] == [(route, 200)]
    assert measured() == before + 1
