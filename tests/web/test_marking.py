"""What is not live says so: in titles, ribbons, parts of pages, and for companies not there."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from oracle.domain.errors import UnknownSymbol
from oracle.domain.instruments import Source
from tests.web import scenes

if TYPE_CHECKING:
    from quart.typing import TestClientProtocol

    from tests.web.scenes import Scene

FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}
ABOUT = ("/method", "/status", "/digests")
PAGES = ("/", "/stocks/AAPL", "/ranking", "/search", "/search?q=appl", "/api/docs", "/no", *ABOUT)
MARKS = {
    Source.SAMPLE: ("Sample data: ", "Sample data, not live"),
    Source.REHEARSAL: ("Rehearsal: ", "Rehearsal, not live"),
}
NOT_LIVE = tuple(MARKS)


@pytest.fixture(params=NOT_LIVE)
def source(request: pytest.FixtureRequest, scene: Scene) -> Source:
    """Return a source that is not live, of which the whole scene is."""
    chosen: Source = request.param
    show(scene, chosen)
    return chosen


def show(scene: Scene, source: Source) -> None:
    """Give the whole scene prices of that source."""
    scene.status = scenes.market(source)
    scene.reports["AAPL"] = scenes.report(source=source)
    scene.ranked = scenes.ranking(source=source)
    scene.service = scenes.service(source)


async def read(client: TestClientProtocol, path: str, **options: object) -> str:
    """Return the text of the answer, whatever its status."""
    response = await client.get(path, **options)
    return str(await response.get_data(as_text=True))


@pytest.mark.parametrize("path", PAGES)
async def test_titles_and_descriptions_begin_with_the_mark(
    client: TestClientProtocol, source: Source, path: str
) -> None:
    """A tab, a bookmark and a shared link show the mark before anything else."""
    prefix = MARKS[source][0]
    page = await read(client, path)
    assert f"<title>{prefix}" in page
    assert f'<meta name="description" content="{prefix}' in page
    if 'property="og:title"' in page:
        assert f'<meta property="og:title" content="{prefix}' in page
        assert f'<meta property="og:description" content="{prefix}' in page


@pytest.mark.parametrize("path", PAGES)
async def test_every_page_carries_the_ribbon(
    client: TestClientProtocol, source: Source, path: str
) -> None:
    """Each page, errors too, says above everything else that it is not live."""
    page = await read(client, path)
    assert '<aside class="ribbon"' in page
    assert MARKS[source][1] in page


@pytest.mark.parametrize("path", PAGES)
async def test_live_pages_carry_no_mark(client: TestClientProtocol, path: str) -> None:
    """Where prices are live nothing claims otherwise."""
    page = await read(client, path)
    assert "ribbon" not in page
    for prefix, note in MARKS.values():
        assert prefix not in page
        assert note not in page


@pytest.mark.parametrize("path", ["/", "/stocks/AAPL", "/ranking", "/search?q=appl", "/no", *ABOUT])
async def test_fragments_carry_the_mark(
    client: TestClientProtocol, source: Source, path: str
) -> None:
    """A part of a page, which comes without the ribbon, bears the mark itself."""
    fragment = await read(client, path, headers=FRAGMENT)
    assert "<html" not in fragment
    assert MARKS[source][1] in fragment


async def test_a_rehearsal_is_not_called_a_sample(client: TestClientProtocol, scene: Scene) -> None:
    """A rehearsal's ribbon says what stands in for what."""
    show(scene, Source.REHEARSAL)
    page = await read(client, "/stocks/AAPL")
    ribbon = page.partition("<aside")[2].partition("</aside>")[0]
    text = " ".join(re.sub("<[^>]+>", " ", ribbon.partition(">")[2]).split())
    assert text == (
        "Rehearsal: not live. Prices come from a stand-in for Yahoo, or the market clock was moved."
    )
    assert "sample" not in ribbon.lower()
    assert "sample" not in page.lower()


async def test_sample_closes_are_called_adjusted(client: TestClientProtocol, scene: Scene) -> None:
    """The ribbon and the chart say that sample closes are not those of the day."""
    live = await read(client, "/stocks/AAPL")
    assert "<p>Daily closes</p>" in live
    show(scene, Source.SAMPLE)
    page = await read(client, "/stocks/AAPL")
    assert "<p>Daily closes, adjusted for dividends</p>" in page
    assert "adjusted for dividends" in page.partition("<aside")[2].partition("</aside>")[0]


async def test_nothing_not_live_was_stored_at_a_time(
    client: TestClientProtocol, scene: Scene
) -> None:
    """Only a live prediction says that it is live and when it was stored."""
    live = await read(client, "/stocks/AAPL")
    assert "test-1 (live)" in live
    assert "<dt>Stored</dt>" in live
    for source, origin in ((Source.SAMPLE, "sample data"), (Source.REHEARSAL, "rehearsal")):
        show(scene, source)
        page = await read(client, "/stocks/AAPL")
        assert f"test-1 ({origin})" in page
        assert "(live)" not in page
        assert "<dt>Stored</dt>" not in page


async def test_a_company_outside_the_sample_market_is_told_apart(
    client: TestClientProtocol, scene: Scene
) -> None:
    """A search that finds nothing names the limits of the sample market and all it has."""
    show(scene, Source.SAMPLE)
    page = await read(client, "/search?q=tesla")
    count = len(scenes.INSTRUMENTS)
    assert f"“tesla” is not in the sample market, which has only these {count} stocks:" in page
    assert "Nothing here is called" not in page
    for instrument in scenes.INSTRUMENTS:
        assert f'href="/stocks/{instrument.symbol}">{instrument.name}</a>' in page
    assert "not in the sample market" in await read(client, "/search?q=tesla", headers=FRAGMENT)


async def test_an_unknown_symbol_leads_to_what_the_sample_market_has(
    client: TestClientProtocol, scene: Scene
) -> None:
    """The page of a stock that is not there gives the reason and links to those that are."""
    show(scene, Source.SAMPLE)
    scene.reports["TSLA"] = UnknownSymbol("TSLA", reason="TSLA is not in the sample market.")
    page = await read(client, "/stocks/TSLA")
    assert "TSLA is not in the sample market." in page
    for instrument in scenes.INSTRUMENTS:
        assert f'href="/stocks/{instrument.symbol}">{instrument.name}</a>' in page


@pytest.mark.parametrize("path", ["/", "/ranking", "/stocks/AAPL"])
async def test_sample_prices_do_not_claim_to_move(
    client: TestClientProtocol, scene: Scene, path: str
) -> None:
    """While the market is open prices arrive by themselves, but for those of the sample market."""
    words = "Prices arrive by themselves"
    scene.status = scenes.trading()
    assert words in await read(client, path)
    show(scene, Source.SAMPLE)
    scene.status = replace(scenes.trading(), source=Source.SAMPLE)
    page = await read(client, path)
    assert "Market open" in page
    assert words not in page


async def test_a_malformed_address_leads_to_the_pages_there_are(
    client: TestClientProtocol, scene: Scene
) -> None:
    """Who mistyped a parameter is led to start, ranking and record, not to a list of stocks."""
    show(scene, Source.SAMPLE)
    page = await read(client, "/track-record?window=abc")
    following = page.partition("problem__next")[2]
    for path in ("/", "/ranking", "/track-record"):
        assert f'<a class="chip" href="{path}">' in following
    assert "/stocks/" not in following.partition("</main>")[0]


@pytest.mark.parametrize("path", ["/", "/ranking", "/stocks/AAPL"])
async def test_an_outage_of_the_database_is_marked_while_it_lasts(
    client: TestClientProtocol, scene: Scene, path: str
) -> None:
    """Pages from memory say that nothing new is stored; when the database is back they do not."""
    mark = "The database does not answer."
    scene.status = replace(scenes.market(), database_away=True)
    response = await client.get(path)
    assert response.status_code == 200
    assert mark in await response.get_data(as_text=True)
    scene.status = scenes.market()
    assert mark not in await (await client.get(path)).get_data(as_text=True)
