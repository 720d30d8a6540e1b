"""The pages: what each shows in each of its states."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from oracle.domain.errors import DatabaseUnavailable, FeedError, FeedUnavailable
from oracle.domain.instruments import Instrument
from oracle.domain.prices import MarketState
from tests.web import scenes

if TYPE_CHECKING:
    from quart.typing import TestClientProtocol

    from tests.web.scenes import Scene

APOSTROPHE = "\N{RIGHT SINGLE QUOTATION MARK}"
FRAGMENT = {"HX-Request": "true", "HX-Request-Type": "partial"}


async def read(client: TestClientProtocol, path: str, **options: object) -> str:
    """Return the page's text; it must have been found."""
    response = await client.get(path, **options)
    assert response.status_code == 200
    return str(await response.get_data(as_text=True))


async def test_the_home_page_shows_search_ranking_and_sessions(client: TestClientProtocol) -> None:
    """One sees the search, the ten, the best with its reason, and the two sessions by name."""
    page = await read(client, "/")
    assert 'action="/search"' in page
    assert "Best buy for Thu 29 Dec" in page
    assert "The ten, ranked" in page
    assert f"Thursday{APOSTROPHE}s closing price" in page
    assert "The most for its risk." in page
    assert "Wed 28 Dec 2022" in page
    assert "Thu 29 Dec 2022" in page
    assert "Market closed" in page
    assert "Opens Thu 29 Dec 2022, 09:30 ET" in re.sub(r"<[^>]*>", "", page)
    assert "not investment advice" in page


async def test_unavailable_stocks_are_listed_with_reasons(client: TestClientProtocol) -> None:
    """A stock that could not be ranked says why, below the others."""
    page = await read(client, "/ranking")
    assert "Not ranked" in page
    assert "The feed gave no prices." in page


async def test_the_home_page_survives_a_failing_ranking(
    client: TestClientProtocol, scene: Scene
) -> None:
    """The search still works while the ranking does not, and the page says so."""
    scene.ranked = DatabaseUnavailable("The database does not answer.")
    page = await read(client, "/")
    assert "The ranking is not available" in page
    assert 'action="/search"' in page


async def test_slow_rankings_leave_a_placeholder_that_loads_itself(
    client: TestClientProtocol, scene: Scene
) -> None:
    """A page does not wait for a slow ranking; its placeholder gets it. The work is done once."""
    scene.hurdle = asyncio.Event()
    page = await read(client, "/")
    assert 'aria-busy="true"' in page
    assert '<a class="button" href="/ranking">' in page
    assert 'aria-busy="true"' in await read(client, "/ranking")
    assert scene.asked.count(None) == 1
    scene.hurdle.set()
    fragment = await read(client, "/ranking", headers=FRAGMENT)
    assert "Best buy for Thu 29 Dec" in fragment


async def test_slow_stocks_leave_a_placeholder(client: TestClientProtocol, scene: Scene) -> None:
    """A stock's page comes with its name at once, and without JavaScript asks again by itself."""
    scene.hurdle = asyncio.Event()
    page = await read(client, "/stocks/AAPL")
    assert "Apple Inc." in page
    assert '<noscript><meta http-equiv="refresh"' in page
    scene.hurdle.set()
    assert "Predicted close" in await read(client, "/stocks/AAPL", headers=FRAGMENT)


async def test_a_slow_past_holds_up_no_stock(client: TestClientProtocol, scene: Scene) -> None:
    """What is known now is shown, rather than a placeholder, and the reading goes on meanwhile."""
    scene.past_hurdle = asyncio.Event()
    for _ in range(2):
        page = await read(client, "/stocks/AAPL")
        assert "Predicted close" in page
        assert "Past predictions" not in page
    assert scene.asked.count(("past", "AAPL")) == 1
    scene.past_hurdle.set()
    assert "Past predictions" in await read(client, "/stocks/AAPL")


async def test_the_stock_page_shows_price_prediction_and_range(client: TestClientProtocol) -> None:
    """Every number stands with its time, its session and its ranges."""
    page = await read(client, "/stocks/AAPL")
    assert "<h1>Apple Inc.</h1>" in page
    assert "$125.50" in page
    assert "Wed 28 Dec 2022, 16:00 ET" in page
    assert 'title="Wed 28 Dec 2022, 21:00 UTC"' in page
    assert "Thu 29 Dec" in page
    assert "+0.40\N{NARROW NO-BREAK SPACE}%" in page
    for level in ("50", "80", "95"):
        assert f"{level}\N{NARROW NO-BREAK SPACE}%" in page
    assert "The market as a whole is expected to rise." in page
    assert "test-1" in page


async def test_an_abstention_shows_words_and_no_number(
    client: TestClientProtocol, scene: Scene
) -> None:
    """A declined prediction is `Cannot say` with its reason, and nothing that looks like one."""
    scene.reports["AAPL"] = replace(scenes.report(), prediction=scenes.abstention())
    page = await read(client, "/stocks/AAPL")
    assert "Cannot say" in page
    assert "Only 12 sessions" in page
    assert "change__arrow" not in page.partition('id="chart-title"')[0]
    assert "$0.00" not in page


async def test_missing_data_is_named(client: TestClientProtocol, scene: Scene) -> None:
    """Without price, prediction and history the page says so and shows the notice."""
    scene.reports["AAPL"] = replace(
        scenes.report(),
        quote=None,
        prediction=None,
        history=None,
        notices=("The price feed does not answer.",),
    )
    page = await read(client, "/stocks/AAPL")
    assert page.count("No data") == 2
    assert "The price feed does not answer." in page
    assert "What was known before" not in page
    assert "$0.00" not in page


async def test_a_notice_speaks_of_what_is_shown(client: TestClientProtocol, scene: Scene) -> None:
    """Only where something older stands below does the notice point to it."""
    notices = ("The price feed does not answer.",)
    scene.reports["AAPL"] = replace(scenes.report(), notices=notices, quote_stale=True)
    page = await read(client, "/stocks/AAPL")
    assert "The price feed does not answer. What was known before is shown below." in page
    for sentence in (FeedUnavailable.hint, FeedError.hint):
        assert "known before" not in sentence


async def test_a_stale_price_says_how_old_it_is(client: TestClientProtocol, scene: Scene) -> None:
    """An old price has a badge and its age in words."""
    whole = scenes.report()
    assert whole.quote is not None
    old = replace(whole.quote, as_of=scenes.NOW - timedelta(hours=3))
    scene.reports["AAPL"] = replace(whole, quote=old, quote_stale=True)
    page = await read(client, "/stocks/AAPL")
    assert "Stale" in page
    assert "3 hours old" in page


async def test_an_open_market_names_no_next_opening(
    client: TestClientProtocol, scene: Scene
) -> None:
    """While the market trades there is nothing to wait for."""
    scene.status = scenes.market(state=MarketState.OPEN)
    page = await read(client, "/search")
    assert "Market open" in page
    assert "Opens" not in page


@pytest.mark.parametrize(
    ("spelling", "address"),
    [("aapl", "/stocks/AAPL"), ("brk.b", "/stocks/BRK-B"), ("BRK.B", "/stocks/BRK-B")],
)
async def test_other_spellings_lead_to_the_one_address(
    client: TestClientProtocol, spelling: str, address: str
) -> None:
    """A symbol has one address; other spellings redirect there for good."""
    response = await client.get(f"/stocks/{spelling}")
    assert response.status_code == 308
    assert response.headers["Location"] == address


async def test_a_former_symbol_leads_to_the_present_one(
    client: TestClientProtocol, scene: Scene
) -> None:
    """A company that changed its symbol is found under the old one."""
    scene.reports["FB"] = scenes.report(scenes.META)
    response = await client.get("/stocks/FB")
    assert response.headers["Location"] == "/stocks/META"


async def test_an_exact_search_leads_to_the_stock(client: TestClientProtocol) -> None:
    """A form sent with a known symbol needs no list in between."""
    response = await client.get("/search?q=aapl")
    assert response.status_code == 303
    assert response.headers["Location"] == "/stocks/AAPL"


async def test_part_of_a_name_is_no_misspelling(client: TestClientProtocol) -> None:
    """What stands in a company's name is matched, and not asked back."""
    page = await read(client, "/search?q=appl")
    assert "Matches for" in page
    assert "Did you mean" not in page


async def test_a_misspelt_search_asks_what_was_meant(client: TestClientProtocol) -> None:
    """A near miss gives a list under `Did you mean`."""
    page = await read(client, "/search?q=applle")
    assert "Did you mean" in page
    assert 'href="/stocks/AAPL"' in page


async def test_a_search_that_was_sent_off_finds_what_the_feed_knows(
    client: TestClientProtocol, scene: Scene
) -> None:
    """A company of no index is found by the form, and not while it is being typed."""
    scene.elsewhere = (Instrument("SPOT", "Spotify Technology", "NYSE"),)
    assert "Spotify" in await read(client, "/search?q=zzspotify")
    assert "Spotify" not in await read(client, "/search?q=zzspotify", headers=FRAGMENT)


async def test_a_search_without_a_match_offers_examples(client: TestClientProtocol) -> None:
    """Nothing found is said, with companies to try."""
    page = await read(client, "/search?q=zzzzzz")
    assert "No match" in page
    assert "Nothing here is called “zzzzzz”" in page
    assert 'href="/stocks/AAPL">Apple Inc.</a>' in page
    assert 'href="/stocks/XOM">ExxonMobil</a>' in page


async def test_suggestions_are_a_bare_list(client: TestClientProtocol) -> None:
    """While typing the same address gives links alone; an exact match does not redirect."""
    fragment = await read(client, "/search?q=AAPL", headers=FRAGMENT)
    assert "<html" not in fragment
    assert 'href="/stocks/AAPL"' in fragment
    assert not (await read(client, "/search?q=", headers=FRAGMENT)).strip()


@pytest.mark.parametrize("path", ["/", "/stocks/AAPL", "/ranking", "/search?q=appl"])
async def test_one_address_serves_page_and_fragment(client: TestClientProtocol, path: str) -> None:
    """Htmx gets a part, everybody else the whole, and caches are told what decides."""
    page = await client.get(path)
    part = await client.get(path, headers=FRAGMENT)
    whole = await client.get(path, headers={**FRAGMENT, "HX-Request-Type": "full"})
    assert "<html" in await page.get_data(as_text=True)
    assert "<html" in await whole.get_data(as_text=True)
    assert "<html" not in await part.get_data(as_text=True)
    for response in (page, part):
        assert {"HX-Request", "HX-Request-Type"} <= set(response.headers["Vary"].split(", "))


async def test_a_known_page_is_not_sent_again(client: TestClientProtocol) -> None:
    """A browser that has the page gets 304 and no body."""
    first = await client.get("/stocks/AAPL")
    again = await client.get("/stocks/AAPL", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert await again.get_data() == b""
    assert again.headers["ETag"] == first.headers["ETag"]


async def test_text_is_compressed_for_those_who_ask(client: TestClientProtocol) -> None:
    """A page shrinks to less than a third, under the same tag."""
    plain = await client.get("/")
    small = await client.get("/", headers={"Accept-Encoding": "gzip"})
    assert small.headers["Content-Encoding"] == "gzip"
    assert 3 * len(await small.get_data()) < len(await plain.get_data())
    assert small.headers["ETag"] == plain.headers["ETag"]


async def test_names_are_escaped(client: TestClientProtocol, scene: Scene) -> None:
    """What the feed says of a company cannot become markup."""
    hostile = replace(scenes.APPLE, name="<script>alert(1)</script>")
    scene.reports["AAPL"] = scenes.report(hostile)
    page = await read(client, "/stocks/AAPL")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
