"""Prices that arrive by themselves in a real browser, from a stand-in for Yahoo in a session."""

from __future__ import annotations

import json
import re
import time
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import find_violations
from tests.servers.application import free_port, running_application
from tests.standins.yahoo import YahooStandin

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page, Route

    from tests.servers.application import Application

MIDDAY = datetime(2022, 3, 16, 16, 0, tzinfo=UTC)
"""A Wednesday in summer time: noon in New York."""

EARLIER = MIDDAY - timedelta(minutes=15)
PRICE = "#price .figure__value"
ON = ".live--on"
PATIENCE = 20_000


class Trading:
    """A market in session: the stand-in, and the application that may be stopped and started."""

    def __init__(self, folder: Path, yahoo: YahooStandin) -> None:
        self.yahoo = yahoo
        self._folder = folder
        self._port = str(free_port())
        self._stack = ExitStack()
        self._minutes = 0
        self.site = self.start()

    def start(self, now: datetime = MIDDAY) -> Application:
        """Start the application on its port, with its database of before."""
        self.site = self._stack.enter_context(
            running_application(
                self._folder,
                port=self._port,
                market="yahoo",
                yahoo_url=self.yahoo.url,
                now=now.isoformat(),
                quote_seconds="1",
            )
        )
        return self.site

    def stop(self) -> None:
        """Stop the application if it runs."""
        self._stack.close()

    def price(self, symbol: str) -> float:
        """Return what the JSON interface says that the stock costs."""
        answer: dict[str, Any] = json.loads(
            self.site.read(f"{self.site.url}/api/v1/stocks/{symbol}")
        )
        price: float = answer["current"]["price"]
        return price

    def move(self, symbol: str, price: float) -> None:
        """Let the stock trade at that price."""
        self._minutes += 1
        self.yahoo.trade(symbol, price, EARLIER + timedelta(seconds=10 * self._minutes))

    def viewers(self) -> float:
        """Return what the metric says of open pages."""
        text = self.site.read(self.site.metrics_url)
        found = re.search(r"^oracle_web_sse_viewers (\S+)$", text, re.MULTILINE)
        assert found
        return float(found[1])


@pytest.fixture(scope="module")
def trading(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trading]:
    """Return a running market in session, for the tests of this module in their order."""
    with YahooStandin(EARLIER) as yahoo:
        market = Trading(tmp_path_factory.mktemp("trading"), yahoo)
        try:
            yield market
        finally:
            market.stop()


def wait_until(is_true: Callable[[], bool], page: Page) -> None:
    """Wait until the condition holds, while the browser goes on."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not is_true():
        assert time.monotonic() < deadline
        page.wait_for_timeout(50)


def open_stock(page: Page, trading: Trading) -> None:
    """Open Apple's page and wait until its prices arrive by themselves."""
    page.goto(f"{trading.site.url}/stocks/AAPL")
    expect(page.locator(PRICE)).to_contain_text("$")
    expect(page.locator(ON)).to_be_visible(timeout=PATIENCE)


def test_the_price_moves_without_a_reload(page: Page, trading: Trading) -> None:
    """When the stock trades at another price the open page shows it, and nothing was loaded."""
    open_stock(page, trading)
    page.evaluate("window.kept = document.querySelector('#price .figure__value')")
    last = trading.price("AAPL")
    for step in (1.01, 1.02):
        moved = round(last * step, 2)
        trading.move("AAPL", moved)
        expect(page.locator(PRICE)).to_contain_text(f"${moved:,.2f}", timeout=PATIENCE)
    # The announced element itself stays, so that its change is told, and told politely.
    assert page.evaluate("window.kept === document.querySelector('#price .figure__value')")
    expect(page.locator(PRICE)).to_have_attribute("aria-live", "polite")
    expect(page.locator("[aria-live]:not(.history__reading)")).to_have_count(1)


def test_a_script_that_comes_late_misses_nothing(page: Page, trading: Trading) -> None:
    """The page says that prices arrive by themselves, whichever of its scripts is there last."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/static/app.js*", hold)
    page.goto(f"{trading.site.url}/stocks/AAPL", wait_until="commit")
    wait_until(lambda: bool(held), page)
    # Time for whatever does not wait for it to begin the stream.
    page.wait_for_timeout(1000)
    held[0].continue_()
    expect(page.locator(ON)).to_be_visible(timeout=PATIENCE)


def test_the_ten_show_what_they_cost_now(page: Page, trading: Trading) -> None:
    """On the home page a moved price appears in its row, and the order a visitor chose stays."""
    page.goto(trading.site.url)
    expect(page.locator(ON)).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Company").click()
    before = page.locator(".ranking__name a").all_inner_texts()
    moved = round(trading.price("MSFT") * 1.013, 2)
    trading.move("MSFT", moved)
    expect(page.locator("#now-MSFT")).to_have_text(f"now ${moved:,.2f}", timeout=PATIENCE)
    assert page.locator(".ranking__name a").all_inner_texts() == before


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_while_prices_move(
    browser: Browser, trading: Trading, scheme: Literal["light", "dark"]
) -> None:
    """What is there in a session only, the running marks and prices of now, passes as well."""
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    for path in ("/", "/stocks/AAPL", "/ranking"):
        page.goto(trading.site.url + path)
        expect(page.locator(ON)).to_be_visible(timeout=PATIENCE)
        assert find_violations(page) == [], path
    context.close()


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.parametrize("path", ["/", "/ranking", "/stocks/AAPL"])
def test_nothing_moves_when_prices_begin_to_arrive(
    browser: Browser, trading: Trading, path: str, width: int
) -> None:
    """What a session adds, the running mark and prices of now, has its room from the start."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    # Once before, so that what is measured is the page and not the placeholder of a first visit.
    page.goto(trading.site.url + path)
    expect(page.locator(ON)).to_be_visible(timeout=PATIENCE)
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => { for (const entry of"
        " list.getEntries()) window.moved += entry.value; })"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    page.goto(trading.site.url + path)
    expect(page.locator(ON)).to_be_visible(timeout=PATIENCE)
    symbol = "AAPL" if "AAPL" in path else "MSFT"
    moved = round(trading.price(symbol) * 1.003, 2)
    trading.move(symbol, moved)
    part = PRICE if symbol == "AAPL" else f"#now-{symbol}"
    expect(page.locator(part)).to_contain_text(f"${moved:,.2f}", timeout=PATIENCE)
    assert page.evaluate("window.moved") < 0.01
    context.close()


def test_two_tabs_share_the_questions(page: Page, trading: Trading) -> None:
    """Two open pages both show the new price; the metric counts them, and again when one goes."""
    open_stock(page, trading)
    other = page.context.new_page()
    open_stock(other, trading)
    wait_until(lambda: trading.viewers() == 2, page)
    moved = round(trading.price("AAPL") * 1.004, 2)
    trading.move("AAPL", moved)
    for tab in (page, other):
        expect(tab.locator(PRICE)).to_contain_text(f"${moved:,.2f}", timeout=PATIENCE)
    other.close()
    wait_until(lambda: trading.viewers() == 1, page)


def test_without_scripts_the_page_is_still(browser: Browser, trading: Trading) -> None:
    """Without JavaScript the price is there, and nothing claims that it moves."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    streams: list[str] = []
    page.on(
        "request", lambda request: streams.append(request.url) if "events" in request.url else None
    )
    page.goto(f"{trading.site.url}/stocks/AAPL")
    expect(page.locator(PRICE)).to_contain_text("$")
    expect(page.get_by_text("Prices arrive by themselves")).to_be_hidden()
    assert streams == []
    context.close()


@pytest.mark.parametrize("status", [429, 503])
def test_a_refused_stream_leaves_the_page_as_it_is(
    browser: Browser, trading: Trading, status: int
) -> None:
    """When no stream can be had the page shows its price and no word of the refusal."""
    context = browser.new_context()
    page = context.new_page()
    page.route("**/events", lambda route: route.fulfill(status=status, body="<p>Refused</p>"))
    with page.expect_response("**/events"):
        page.goto(f"{trading.site.url}/stocks/AAPL")
    expect(page.locator(PRICE)).to_contain_text("$")
    expect(page.get_by_text("Refused")).to_have_count(0)
    expect(page.locator(ON)).to_have_count(0)
    context.close()


@pytest.mark.parametrize("status", [429, 503])
def test_a_refused_stream_is_tried_again(browser: Browser, trading: Trading, status: int) -> None:
    """Once the server gives the stream the prices arrive, and the page was not loaded anew."""
    context = browser.new_context()
    page = context.new_page()
    refused: list[Route] = []

    def refuse_twice(route: Route) -> None:
        if len(refused) == 2:
            route.continue_()
        else:
            refused.append(route)
            route.fulfill(status=status, body="<p>Refused</p>")

    page.route("**/events", refuse_twice)
    page.goto(f"{trading.site.url}/stocks/AAPL")
    page.evaluate("window.kept = true")
    expect(page.locator(ON)).to_be_visible(timeout=PATIENCE)
    assert len(refused) == 2
    assert page.evaluate("window.kept")
    context.close()


def test_the_page_comes_back_to_a_restarted_server(browser: Browser, trading: Trading) -> None:
    """A stop is not held up by open pages, and they go on once there is a server again."""
    context = browser.new_context()
    page = context.new_page()
    open_stock(page, trading)
    last = trading.price("AAPL")
    began = time.monotonic()
    trading.stop()
    assert time.monotonic() - began < 4
    expect(page.locator(ON)).to_have_count(0)
    trading.start()
    moved = round(last * 1.006, 2)
    trading.move("AAPL", moved)
    expect(page.locator(PRICE)).to_contain_text(f"${moved:,.2f}", timeout=3 * PATIENCE)
    expect(page.locator(ON)).to_be_visible()
    context.close()
