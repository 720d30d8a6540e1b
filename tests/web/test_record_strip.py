"""The record in one strip on the home page and on a stock's."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from oracle.domain.errors import DatabaseUnavailable
from oracle.domain.forecasts import Origin
from oracle.domain.instruments import Source
from oracle.domain.track_record import Estimate
from oracle.web.contexts.record_strip import build_record_strip
from oracle.web.design import examples
from oracle.web.site import SITE, install_site
from tests.web import scenes

if TYPE_CHECKING:
    from quart import Quart
    from quart.typing import TestClientProtocol

    from oracle.domain.track_record import TrackRecord, Window
    from oracle.web.site import Site
    from tests.web.scenes import Scene

SHARE = "80\N{NARROW NO-BREAK SPACE}%"
HELD = f"{SHARE} range held {SHARE} of the last 60 sessions"
STOCK = "Its record"


async def read(client: TestClientProtocol, address: str) -> str:
    """Return the page's text; it must have been found."""
    response = await client.get(address)
    assert response.status_code == 200
    return str(await response.get_data(as_text=True))


async def test_the_live_record_goes_before_the_replayed_one(
    client: TestClientProtocol, scene: Scene
) -> None:
    """With a live record nothing of the replayed one is read or told."""
    for address, words in (("/", HELD), ("/stocks/AAPL", STOCK)):
        page = await read(client, address)
        assert words in page
        assert 'badge--live">live' in page
        assert "never counted as live" not in page
    assert not [each for each in scene.asked if isinstance(each, tuple) and Origin.REPLAY in each]


async def test_a_replayed_record_is_named_so(client: TestClientProtocol, scene: Scene) -> None:
    """Where nothing live is settled the replayed record stands in, under its own name."""
    scene.records[Origin.LIVE] = scenes.empty_record()
    for address in ("/", "/stocks/AAPL"):
        page = await read(client, address)
        assert 'badge--replay">replay' in page
        assert "never counted as live" in page
        assert 'badge--live">' not in page


async def test_an_empty_record_says_when_it_begins(
    client: TestClientProtocol, scene: Scene
) -> None:
    """A new installation tells that nothing is settled yet, when that will be, and where."""
    for origin in Origin:
        scene.records[origin] = scenes.empty_record(origin)
    for address in ("/", "/stocks/AAPL"):
        page = await read(client, address)
        assert "No prediction has been settled yet" in page
        assert "The first will be on Thu 29 Dec, after the close." in page
        assert 'href="/track-record' in page


def test_an_empty_record_waits_for_the_close_that_is_due() -> None:
    """Between the close and its settling the first outcome is a matter of that close."""
    strip = build_record_strip(scenes.empty_record(), examples.CLOSED)
    assert strip is not None
    assert re.fullmatch(r"The first will be once the close of \w+ \d+ \w+ is known.", strip.note)


async def test_without_a_record_nothing_is_claimed(
    client: TestClientProtocol, scene: Scene
) -> None:
    """Pages stand without the strip where the record cannot be read."""
    for origin in Origin:
        scene.records[origin] = DatabaseUnavailable("The database did not answer.")
    assert "range held" not in await read(client, "/")
    assert STOCK not in await read(client, "/stocks/AAPL")


async def test_the_stock_asks_for_its_own_record(client: TestClientProtocol, scene: Scene) -> None:
    """The strip of a stock holds that stock's figures and leads to its page of the record."""
    page = await read(client, "/stocks/AAPL")
    assert [each[2] for each in scene.asked if isinstance(each, tuple) and len(each) == 3] == [
        "AAPL"
    ]
    assert 'href="/track-record?symbol=AAPL"' in page
    assert "Ranges held: 79.6 % of closes fell into the 80 % range." in page


@pytest.mark.parametrize(
    ("ratio", "words"), [(0.98, "2.0 % smaller"), (1.013, "1.3 % larger"), (1.0001, "the same")]
)
def test_the_error_is_told_against_naive(ratio: float, words: str) -> None:
    """The difference from "tomorrow = today" has its side in words."""
    given = scenes.record(source=Source.SAMPLE)
    scores = replace(given.versions[0].scores, mae_ratio=Estimate(ratio))
    version = replace(given.versions[0], scores=scores)
    strip = build_record_strip(replace(given, versions=(version,)), scenes.market())
    assert strip is not None
    assert strip.error.replace("\N{NARROW NO-BREAK SPACE}", " ") == words
    assert strip.source == "Sample data, not live."


async def test_the_ranking_stands_without_pictures(
    client: TestClientProtocol, scene: Scene
) -> None:
    """Small pictures come with words; while the database is down the ranking does without."""
    page = await read(client, "/ranking")
    assert page.count('class="spark"') == 2
    assert 'aria-label="Last 60 closes: ' in page
    scene.closes = DatabaseUnavailable("The database did not answer.")
    page = await read(client, "/ranking")
    assert "Coca-Cola" in page
    assert 'class="spark"' not in page


async def test_a_page_does_not_wait_for_the_record(app: Quart) -> None:
    """A record that takes long is left out of the page, and is there for the next one."""
    hurdle = asyncio.Event()

    async def read_slowly(*, origin: Origin, window: Window, symbol: str | None) -> TrackRecord:
        await hurdle.wait()
        return scenes.record(origin, window=window, symbol=symbol)

    site: Site = app.extensions[SITE]
    slow = replace(site.use_cases, track_record=read_slowly)
    install_site(app, replace(site, use_cases=slow))
    client = app.test_client()
    assert "range held" not in await read(client, "/")
    hurdle.set()
    # However slow the machine is: once it has been read it is there.
    async with asyncio.timeout(20):
        while HELD not in await read(client, "/"):
            pass
