"""What a customer does in a real browser."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, Route

    from tests.servers.application import Application

PAGES = (
    *("/", "/stocks/AAPL", "/ranking", "/track-record", "/search?q=bank"),
    *("/digests", "/method", "/status", "/api/docs"),
)


def money(value: float) -> str:
    """Return a price as the pages write it."""
    return f"${value:,.2f}"


def stock(site: Application, symbol: str) -> dict[str, Any]:
    """Return what the JSON interface says of the stock."""
    answer: dict[str, Any] = json.loads(site.read(f"{site.url}/api/v1/stocks/{symbol}"))
    return answer


def expect_apple(page: Page, site: Application) -> None:
    """Expect Apple's page with the numbers, range and dates that the interface gives."""
    apple = stock(site, "AAPL")
    quantiles = {entry["level"]: entry["price"] for entry in apple["prediction"]["quantiles"]}
    main = page.get_by_role("main")
    expect(main.get_by_role("heading", level=1)).to_contain_text("Apple")
    for shown in (
        money(apple["current"]["price"]),
        money(apple["prediction"]["point"]),
        money(quantiles[0.1]),
        money(quantiles[0.9]),
        "28 Dec 2022",
        "29 Dec 2022",
    ):
        expect(main).to_contain_text(shown)


def test_misspelt_name_leads_to_price_prediction_range_and_dates(
    page: Page, site: Application
) -> None:
    """Typing "appel" and picking Apple shows its price, predicted value, range and sessions."""
    page.goto(site.url)
    page.get_by_role("combobox").first.press_sequentially("appel", delay=40)
    option = page.get_by_role("option", name=re.compile("Apple"))
    expect(option).to_be_visible()
    option.click()
    expect(page).to_have_url(f"{site.url}/stocks/AAPL")
    expect_apple(page, site)


def test_keyboard_alone_is_enough(page: Page, site: Application) -> None:
    """With `/`, arrow and Enter a customer gets from the home page to a stock."""
    page.goto(site.url)
    page.keyboard.press("/")
    page.keyboard.type("micros", delay=40)
    expect(page.get_by_role("option", name=re.compile("Microsoft"))).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/stocks/MSFT")
    expect(page.get_by_role("main").get_by_role("heading", level=1)).to_contain_text("Microsoft")


def test_a_later_answer_keeps_what_was_chosen(page: Page, site: Application) -> None:
    """Whoever chose a suggestion before the next list came still gets there with Enter."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route("**/search?q=micros", hold)
    page.goto(site.url)
    field = page.get_by_role("combobox").first
    field.focus()
    page.keyboard.type("micro")
    microsoft = page.get_by_role("option", name=re.compile("Microsoft"))
    expect(microsoft).to_be_visible()
    with page.expect_request("**/search?q=micros"):
        page.keyboard.type("s")
    page.keyboard.press("ArrowDown")
    expect(microsoft).to_have_attribute("aria-selected", "true")
    microsoft.evaluate("option => { option.dataset.before = '' }")
    held[0].continue_()
    expect(page.locator("#suggestions [data-before]")).to_have_count(0)
    expect(microsoft).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/stocks/MSFT")


def test_site_works_without_javascript(browser: Browser, site: Application) -> None:
    """The form, the ten, the best and the stock's page are there without a script."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(site.url)
    expect(page.get_by_role("table").first).to_contain_text("MSFT")
    page.get_by_role("searchbox").first.fill("appel")
    page.get_by_role("searchbox").first.press("Enter")
    page.get_by_role("main").get_by_role("link", name=re.compile("Apple")).first.click()
    expect(page).to_have_url(f"{site.url}/stocks/AAPL")
    expect_apple(page, site)
    context.close()


def test_home_shows_the_ten_and_the_best(page: Page, site: Application) -> None:
    """The home page shows ten ranked stocks, and a best buy or that there is none."""
    page.goto(site.url)
    rows = page.get_by_role("table").first.locator("tbody tr")
    expect(rows).to_have_count(10)
    expect(page.get_by_role("main")).to_contain_text(re.compile("Best buy|No clear buy"))


def test_every_page_says_that_the_data_is_a_sample(page: Page, site: Application) -> None:
    """On the sample market no page can be mistaken for a live one."""
    for path in (*PAGES, "/nowhere"):
        text = page.request.get(site.url + path).text()
        assert "sample data" in text.lower(), path


@pytest.mark.parametrize("width", [390, 1440])
def test_no_page_scrolls_sideways(browser: Browser, site: Application, width: int) -> None:
    """On a phone and on a desk every page fits the window."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    for path in PAGES:
        page.goto(site.url + path)
        overflow = page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{path} is {overflow} px wider than {width}"
    context.close()


def test_the_ribbon_leaves_a_phone_its_room(browser: Browser, site: Application) -> None:
    """On a phone the permanent mark takes two lines at most, and opens to say more."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(site.url)
    summary = page.locator(".ribbon summary")
    box = summary.bounding_box()
    assert box
    line = float(summary.evaluate("node => parseFloat(getComputedStyle(node).lineHeight)"))
    assert box["height"] < 2.1 * line
    expect(page.get_by_text("adjusted for dividends")).to_be_hidden()
    summary.click()
    expect(page.get_by_text("adjusted for dividends")).to_be_visible()
    context.close()


def test_the_ranking_is_two_lines_a_stock_on_a_phone(browser: Browser, site: Application) -> None:
    """On a phone ten stocks fit on a screen, each with its whole symbol."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{site.url}/ranking")
    rows = page.get_by_role("table").first.locator("tbody tr")
    expect(rows).to_have_count(10)
    for row in rows.all():
        box = row.bounding_box()
        name = row.locator(".ranking__name").bounding_box()
        symbol = row.locator(".symbol").bounding_box()
        assert box
        assert name
        assert symbol
        assert box["height"] < 72
        assert symbol["x"] + symbol["width"] <= name["x"] + name["width"] + 1
    context.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_chart_keeps_clear_of_its_labels(
    browser: Browser, site: Application, width: int
) -> None:
    """The line of closes ends before the room of the prices begins."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{site.url}/stocks/AAPL")
    line = page.locator(".chart__line").bounding_box()
    assert line
    for label in page.locator(".chart__prices text").all():
        box = label.bounding_box()
        assert box
        assert line["x"] + line["width"] < box["x"]
    context.close()
