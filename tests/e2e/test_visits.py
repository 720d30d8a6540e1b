"""Whole visits in a real browser: by every spelling, on every device, when the feed fails."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.servers.application import running_application
from tests.standins.yahoo import YahooStandin
from tests.standins.yahoo_faults import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.servers.application import Application

EVENING = datetime(2022, 3, 16, 21, 0, tzinfo=UTC)
PATHS = (
    *("/", "/stocks/AAPL", "/ranking", "/ranking?symbols=AAPL,KO", "/track-record"),
    *("/search?q=bank", "/digests", "/method", "/status", "/api/docs"),
)


@pytest.mark.parametrize(
    ("typed", "named", "symbol"),
    [
        ("JPM", "JPMorgan", "JPM"),
        ("coca-cola", "Coca-Cola", "KO"),
        ("microsfot", "Microsoft", "MSFT"),
    ],
)
def test_a_stock_is_found_by_symbol_name_or_wrong_spelling(
    page: Page, site: Application, typed: str, named: str, symbol: str
) -> None:
    """Typing any of them offers the company, and choosing it shows its page."""
    page.goto(site.url)
    page.get_by_role("combobox").first.press_sequentially(typed, delay=30)
    page.get_by_role("option", name=re.compile(named)).first.click()
    expect(page).to_have_url(f"{site.url}/stocks/{symbol}")
    expect(page.get_by_role("main").get_by_role("heading", level=1)).to_contain_text(named)


def test_a_symbol_and_enter_are_enough(page: Page, site: Application) -> None:
    """Who knows the symbol types it and presses Enter, without waiting for suggestions."""
    page.goto(site.url)
    field = page.get_by_label("Company name or symbol")
    field.fill("KO")
    field.press("Enter")
    expect(page).to_have_url(f"{site.url}/stocks/KO")


def test_a_visit_on_a_phone_in_the_dark(browser: Browser, site: Application) -> None:
    """On a dark phone a stock is searched, read and left, and everything fits the screen."""
    context = browser.new_context(
        viewport={"width": 390, "height": 844}, color_scheme="dark", has_touch=True, is_mobile=True
    )
    page = context.new_page()
    page.goto(site.url)
    page.get_by_role("combobox").first.tap()
    page.get_by_role("combobox").first.press_sequentially("appel", delay=30)
    page.get_by_role("option", name=re.compile("Apple")).tap()
    expect(page.locator("#price .figure__value")).to_contain_text("$")
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert all(int(part) < 60 for part in re.findall(r"\d+", paper)[:3])
    wider = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert page.evaluate(wider) <= 0
    context.close()


@pytest.mark.parametrize("path", PATHS)
def test_an_address_is_its_page(page: Page, site: Application, path: str) -> None:
    """A reload shows the same page, and after a link the back button leads to it again."""
    page.goto(site.url + path)
    heading = page.get_by_role("heading", level=1)
    title = heading.inner_text()
    page.reload()
    expect(heading).to_have_text(title)
    page.get_by_role("contentinfo").get_by_role("link", name="Search").click()
    expect(page).to_have_url(f"{site.url}/search")
    page.go_back()
    expect(page).to_have_url(site.url + path)
    expect(heading).to_have_text(title)


def test_two_tabs_do_not_disturb_each_other(page: Page, site: Application) -> None:
    """Each tab keeps its stock when the other goes elsewhere, also after a reload."""
    other = page.context.new_page()
    page.goto(f"{site.url}/stocks/AAPL")
    other.goto(f"{site.url}/stocks/KO")
    page.reload()
    other.reload()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Apple")
    expect(other.get_by_role("heading", level=1)).to_contain_text("Coca-Cola")
    other.close()


@pytest.fixture(scope="module")
def yahoo() -> Iterator[YahooStandin]:
    """Return the stand-in for Yahoo in the evening."""
    with YahooStandin(EVENING) as standin:
        yield standin


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory, yahoo: YahooStandin) -> Iterator[Application]:
    """Return the application on that feed, with the ten ranked."""
    with running_application(
        tmp_path_factory.mktemp("live"),
        market="yahoo",
        yahoo_url=yahoo.url,
        now=EVENING.isoformat(),
    ) as application:
        application.wait_for_event("fit_frozen")
        assert application.status("/stocks/AAPL") == 200
        yield application


def test_a_slow_feed_shows_a_placeholder_then_the_stock(
    page: Page, live: Application, yahoo: YahooStandin
) -> None:
    """While the feed takes its time a placeholder stands there, which the stock replaces."""
    yahoo.fail("NEWCO", Kind.SLOW, times=1, seconds=4.0)
    page.goto(f"{live.url}/stocks/NEWCO")
    expect(page.locator("#report[aria-busy=true] .skeleton").first).to_be_visible()
    expect(page.locator("#price .figure__value")).to_contain_text("$", timeout=20_000)
    expect(page.locator(".skeleton")).to_have_count(0)


def test_a_feed_that_is_down_leaves_what_is_known(
    page: Page, live: Application, yahoo: YahooStandin
) -> None:
    """Without the feed known stocks and the ranking are shown; an unknown one says what failed."""
    page.goto(f"{live.url}/stocks/AAPL")
    known = page.locator("#price .figure__value").inner_text()
    yahoo.fail("*", Kind.DROP)
    try:
        page.reload()
        expect(page.locator("#price .figure__value")).to_have_text(known)
        page.goto(live.url)
        expect(page.get_by_role("table").first.locator("tbody tr")).to_have_count(10)
        page.goto(f"{live.url}/stocks/ADBE")
        expect(page.locator(".notice").first).to_be_visible(timeout=20_000)
        expect(page.locator(".figure__value--none").first).to_have_text("No data")
    finally:
        yahoo.heal()


def test_an_open_page_begins_when_the_market_does(page: Page, live: Application) -> None:
    """A page that was opened before the bell says when it rings, and asks anew after it."""
    bell = datetime(2022, 3, 17, 13, 30, tzinfo=UTC)
    page.clock.install(time=bell - timedelta(minutes=5))
    page.goto(f"{live.url}/stocks/AAPL")
    expect(page.locator(".market")).to_contain_text("Opens Thu 17 Mar 2022, 09:30 ET")
    expect(page.locator("#live[data-opens][data-waits]")).to_have_count(1)
    with page.expect_request(lambda request: request.headers.get("hx-request") == "true") as asked:
        page.clock.fast_forward("06:00")
    assert asked.value.url == f"{live.url}/stocks/AAPL"
    expect(page.locator("#price .figure__value")).to_contain_text("$")
