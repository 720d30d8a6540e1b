"""The chart of the stock page in a real browser."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, Page

    from tests.servers.application import Application

READY = ".history--ready"


def test_the_chart_becomes_interactive_in_place(page: Page, site: Application) -> None:
    """The interactive chart takes the picture's place and size, and nothing moves."""
    page.add_init_script(
        "window.moved = 0; new PerformanceObserver((list) => { for (const entry of"
        " list.getEntries()) window.moved += entry.value; })"
        ".observe({ type: 'layout-shift', buffered: true });"
    )
    page.goto(f"{site.url}/stocks/AAPL")
    expect(page.locator(READY)).to_be_visible()
    picture = page.locator(".history__picture").bounding_box()
    plot = page.locator(".history__plot").bounding_box()
    assert picture == plot
    assert page.evaluate("window.moved") < 0.01
    expect(page.locator(".history__plot canvas").first).to_be_visible()
    expect(page.locator(".history__reading")).to_contain_text("Wed 28 Dec 2022: $")


def test_a_range_is_chosen_by_button(page: Page, site: Application) -> None:
    """The chosen range is told by its button, and the others are released."""
    page.goto(f"{site.url}/stocks/AAPL")
    expect(page.locator(READY)).to_be_visible()
    chosen = page.get_by_role("button", pressed=True)
    expect(chosen).to_have_text("6M")
    page.get_by_role("button", name="1M, one month").press("Enter")
    expect(chosen).to_have_count(1)
    expect(chosen).to_have_text("1M")


def test_marks_that_would_cover_the_line_are_left_out(browser: Browser, site: Application) -> None:
    """On a phone five years show the line alone, and the key names no mark that is not drawn."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{site.url}/stocks/AAPL")
    page.locator("price-chart").scroll_into_view_if_needed()
    expect(page.locator(READY)).to_be_visible()
    expect(page.locator(".history--dense")).to_have_count(0)
    expect(page.locator(".history--roomy")).to_have_count(1)
    expect(page.get_by_role("button", pressed=True)).to_have_text("1M")
    page.get_by_role("button", name="5Y, five years").click()
    expect(page.locator(".history--dense")).to_have_count(1)
    context.close()


def test_the_chart_is_read_with_the_keyboard(page: Page, site: Application) -> None:
    """Arrow keys go from session to session and tell date and close aloud."""
    page.goto(f"{site.url}/stocks/AAPL")
    expect(page.locator(READY)).to_be_visible()
    page.get_by_role("application").focus()
    page.keyboard.press("ArrowLeft")
    reading = page.locator(".history__reading")
    expect(reading).to_contain_text(re.compile(r"Tue 27 Dec 2022: \$\d+\.\d\d"))
    expect(reading).to_have_attribute("aria-live", "polite")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(reading).to_contain_text("Wed 28 Dec 2022")


def await_corner(page: Page, is_right: Callable[[int], bool]) -> None:
    """Wait until the red of the chart's corner is right.

    It is asked from here, because the page's policy lets no text be run as a script inside it.
    """
    corner = (
        "document.querySelector('.history__plot canvas')"
        ".getContext('2d').getImageData(2, 2, 1, 1).data[0]"
    )
    deadline = time.monotonic() + 10
    while not is_right(page.evaluate(corner)):
        assert time.monotonic() < deadline, "the chart keeps its colours"
        page.wait_for_timeout(50)


def test_the_chart_follows_light_and_dark(page: Page, site: Application) -> None:
    """When the system's colours change, the chart is painted anew in the other ones."""
    page.emulate_media(color_scheme="light")
    page.goto(f"{site.url}/stocks/AAPL")
    expect(page.locator(READY)).to_be_visible()
    await_corner(page, lambda red: red > 200)
    page.emulate_media(color_scheme="dark")
    await_corner(page, lambda red: red < 60)


def test_the_library_waits_until_the_chart_is_near(browser: Browser, site: Application) -> None:
    """On a phone the chart's library comes once the visitor gets there, and not before."""
    context = browser.new_context(viewport={"width": 390, "height": 700})
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{site.url}/stocks/AAPL", wait_until="networkidle")
    assert not [url for url in asked if "lightweight-charts" in url or url.endswith("/history")]
    page.locator("price-chart").scroll_into_view_if_needed()
    expect(page.locator(READY)).to_be_visible()
    context.close()


@pytest.mark.parametrize("width", [390, 1440])
def test_the_picture_stays_when_the_source_fails(
    browser: Browser, site: Application, width: int
) -> None:
    """Without the chart's source the server's picture and the table are still there."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.route("**/history", lambda route: route.fulfill(status=503))
    page.goto(f"{site.url}/stocks/AAPL")
    page.locator("price-chart").scroll_into_view_if_needed()
    expect(page.locator(".history--still")).to_be_visible()
    expect(page.locator(".chart__line")).to_be_visible()
    expect(page.get_by_role("button", name="1M, one month")).to_be_hidden()
    page.get_by_text("The last 30 sessions as a table").click()
    expect(page.get_by_role("row", name=re.compile("Wed 28 Dec 2022"))).to_be_visible()
    context.close()


def test_without_scripts_nothing_offers_what_does_not_work(
    browser: Browser, site: Application
) -> None:
    """Without JavaScript there is the picture, and no button that would do nothing."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/stocks/AAPL")
    expect(page.locator(".chart__line")).to_be_visible()
    expect(page.get_by_role("button", name="1M, one month")).to_be_hidden()
    context.close()
