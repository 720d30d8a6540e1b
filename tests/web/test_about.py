"""The pages about the service: its method, its state, its digests."""

from __future__ import annotations

import html
import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from oracle.domain.forecasts import LEVELS
from oracle.domain.instruments import Source
from oracle.forecasting import MODEL_VERSION
from tests.web import scenes

if TYPE_CHECKING:
    from quart.typing import TestClientProtocol

    from tests.web.scenes import Scene

PATHS = ("/method", "/status", "/digests")


async def read(client: TestClientProtocol, path: str) -> str:
    """Return the page's text without its tags; it must have been found."""
    response = await client.get(path)
    assert response.status_code == 200
    text = html.unescape(re.sub(r"<[^>]+>", " ", await response.get_data(as_text=True)))
    return re.sub(r"[ \n]+", " ", text)


@pytest.mark.parametrize("path", PATHS)
async def test_pages_about_the_service_can_be_found_and_shared(
    client: TestClientProtocol, path: str
) -> None:
    """Each has an address of its own to keep, a title, a description and a preview's words."""
    page = await (await client.get(path)).get_data(as_text=True)
    assert f'<link rel="canonical" href="https://oracle.example{path}">' in page
    assert f'<meta property="og:url" content="https://oracle.example{path}">' in page
    assert '<meta property="og:site_name" content="Oracle">' in page
    assert "noindex" not in page
    footer = page.partition('<footer class="foot">')[2]
    assert all(f'href="{each}"' in footer for each in PATHS)


async def test_the_method_is_told_in_order_with_the_code_s_own_figures(
    client: TestClientProtocol,
) -> None:
    """Scale, mean, distribution and ranking follow each other; no figure is typed by hand."""
    page = await (await client.get("/method")).get_data(as_text=True)
    steps = re.findall(r'<li class="card step" id="(\w+)">', page)
    assert steps == ["scale", "mean", "distribution", "ranking"]
    assert MODEL_VERSION in page
    assert f"{len(LEVELS)} quantiles" in page
    assert "20 stocks together" in page
    assert "10 stocks of the watchlist" in page
    assert "1,260 sessions" in page


@pytest.mark.parametrize("word", ["range", "coverage", "crps", "naive"])
async def test_each_word_of_the_record_is_explained_at_an_address(
    client: TestClientProtocol, word: str
) -> None:
    """A figure's name can link to what it means."""
    page = await (await client.get("/method")).get_data(as_text=True)
    assert f'<div id="{word}"><dt>' in page


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (Source.YAHOO, "From Yahoo Finance"),
        (Source.SAMPLE, "Here: sample data, not live"),
        (Source.REHEARSAL, "Here: a rehearsal, not live"),
    ],
)
async def test_the_method_says_where_these_prices_come_from(
    client: TestClientProtocol, scene: Scene, source: Source, words: str
) -> None:
    """The page speaks of the prices that are shown, not of those that could be."""
    scene.status = scenes.market(source)
    assert words in await read(client, "/method")


async def test_status_says_in_words_that_everything_works(client: TestClientProtocol) -> None:
    """Each part has its state as a word, and its time or session."""
    page = await read(client, "/status")
    assert "Everything works" in page
    assert "Price feed ✓ Works" in page
    assert "Last good fetch: Wed 28 Dec 2022, 16:30 ET" in page
    assert "Database ✓ Works" in page
    assert "The newest close of the watchlist is that of Wed 28 Dec 2022" in page
    assert "fitted on prices up to Wed 28 Dec 2022 and frozen" in page
    assert "ranked from the close of Wed 28 Dec 2022 for that of Thu 29 Dec 2022" in page
    assert "From: Thu 29 Dec 2022, 16:15 ET" in page


async def test_status_tells_a_paused_feed(client: TestClientProtocol, scene: Scene) -> None:
    """A feed that is left alone fails, and the page says what is shown meanwhile."""
    scene.service = replace(scenes.service(), feed_paused=True)
    page = await read(client, "/status")
    assert "Something does not work" in page
    assert "Price feed ✕ Fails" in page
    assert "the last good prices with their age" in page


async def test_status_tells_a_silent_database(client: TestClientProtocol, scene: Scene) -> None:
    """What only the database knows is not known, rather than guessed."""
    scene.service = replace(scenes.service(), stored=None)
    page = await read(client, "/status")
    assert "Database ✕ Fails" in page
    assert page.count("? Not known") == 4
    assert "which knows this, does not answer" in page
    assert "Next forecast ✓ Works" in page


async def test_status_tells_what_is_behind(client: TestClientProtocol, scene: Scene) -> None:
    """Before the first run each part says what is missing, and nothing is called broken."""
    stored = scenes.service().stored
    assert stored is not None
    empty = replace(stored, last_fetch=None, newest_close=None, fit=None, ranking=None)
    scene.service = replace(scenes.service(), stored=empty)
    page = await read(client, "/status")
    assert "It works, but not everything is up to date" in page
    assert "The close of Wed 28 Dec 2022 is not there yet; none is stored." in page
    assert "The watchlist has not been ranked yet." in page
    assert "No price of the watchlist has been fetched" in page
    assert "✕" not in page


async def test_the_archive_of_digests_is_honestly_empty(
    scene: Scene, client: TestClientProtocol
) -> None:
    """As long as nothing was sent, the page says so and offers what there is."""
    scene.digests = {}
    page = await read(client, "/digests")
    assert "No digest has been sent yet" in page
    assert "The ranking for the close of Thu 29 Dec 2022" in page
