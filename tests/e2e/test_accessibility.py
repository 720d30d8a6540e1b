"""Everybody can use every page: WCAG 2.2 AA, the keyboard alone, enlarged, without motion."""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import pytest
from playwright.sync_api import expect

from scripts.take_screenshots import PAGES, show_chart
from tests.e2e.axe import find_violations

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.servers.application import Application

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
FOCUSED = """() => {
    const node = document.activeElement;
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    return {
        name: node.outerHTML.slice(0, 90),
        isBody: node === document.body,
        outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        seen: box.bottom > 0 && box.top < innerHeight && box.width > 0,
    };
}"""


@contextmanager
def opened(browser: Browser, **options: Any) -> Iterator[Page]:
    """Yield a page of a context with these options."""
    context = browser.new_context(**options)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing(
    browser: Browser, site: Application, width: int, scheme: Literal["light", "dark"]
) -> None:
    """No page breaks a rule of WCAG 2.2 AA, in either scheme, on a desk or a phone."""
    size = {"width": width, "height": 900}
    with opened(browser, viewport=size, color_scheme=scheme, reduced_motion="reduce") as page:
        for path in PAGES.values():
            page.goto(site.url + path, wait_until="networkidle")
            show_chart(page)
            assert find_violations(page) == [], path


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_what_opens(
    browser: Browser, site: Application, scheme: Literal["light", "dark"]
) -> None:
    """Suggestions, what the ribbon says on request and the stocks' own figures pass as well."""
    with opened(browser, color_scheme=scheme, reduced_motion="reduce") as page:
        page.goto(site.url)
        page.get_by_role("combobox").first.press_sequentially("micro", delay=40)
        expect(page.get_by_role("option").first).to_be_visible()
        page.keyboard.press("ArrowDown")
        assert find_violations(page) == []
        page.keyboard.press("Escape")
        page.locator(".ribbon summary").click()
        assert find_violations(page) == []


def test_the_skip_link_leads_past_the_header(page: Page, site: Application) -> None:
    """The first Tab offers to skip; taking it, the next Tab is in the content."""
    page.goto(f"{site.url}/ranking")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    assert page.evaluate(FOCUSED)["seen"]
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")


@pytest.mark.parametrize("path", ["/", "/stocks/AAPL", "/track-record", "/method", "/status"])
def test_tab_reaches_everything_and_shows_where_it_is(
    page: Page, site: Application, path: str
) -> None:
    """Each link, button and field gets the focus in turn, in sight and with an outline."""
    page.emulate_media(reduced_motion="reduce")
    page.goto(site.url + path, wait_until="networkidle")
    show_chart(page)
    wanted: int = page.evaluate(
        "[...document.querySelectorAll('a[href], button, input, summary, [tabindex=\"0\"]')]"
        ".filter(node => node.checkVisibility()).length"
    )
    seen: list[str] = []
    for _ in range(wanted):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        assert not focused["isBody"], f"{len(seen)} of {wanted}"
        assert focused["outlined"], focused["name"]
        assert focused["seen"], focused["name"]
        seen.append(focused["name"])
    assert len(seen) == wanted > 10


def test_a_stock_is_found_read_and_left_by_keyboard(page: Page, site: Application) -> None:
    """From the search to a stock, on to its record's page, and back, without a pointer."""
    page.goto(site.url)
    page.keyboard.press("/")
    page.keyboard.type("coca", delay=40)
    expect(page.get_by_role("option", name=re.compile("Coca-Cola"))).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/stocks/KO")
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Record").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{site.url}/track-record")
    page.go_back()
    expect(page).to_have_url(f"{site.url}/stocks/KO")


@pytest.mark.parametrize(("width", "zoom"), [(1280, 2), (1280, 4), (640, 2)])
def test_enlarged_pages_do_not_scroll_sideways(
    browser: Browser, site: Application, width: int, zoom: int
) -> None:
    """At 200 and 400 per cent every page still fits the window."""
    size = {"width": width // zoom, "height": 900 // zoom}
    with opened(browser, viewport=size, device_scale_factor=zoom) as page:
        for path in PAGES.values():
            page.goto(site.url + path)
            assert page.evaluate(OVERFLOW) <= 0, path


def test_text_twice_as_large_still_fits(browser: Browser, site: Application) -> None:
    """With the letters alone at 200 per cent nothing is pushed out of the window."""
    with opened(browser, viewport={"width": 1280, "height": 900}) as page:
        for path in PAGES.values():
            page.goto(site.url + path)
            page.evaluate("document.documentElement.style.fontSize = '200%'")
            assert page.evaluate(OVERFLOW) <= 0, path


def test_who_wants_no_motion_gets_none(browser: Browser, site: Application) -> None:
    """With reduced motion nothing on any page is animated, and nothing glides."""
    with opened(browser, reduced_motion="reduce") as page:
        for path in PAGES.values():
            page.goto(site.url + path)
            assert page.evaluate("document.getAnimations().length") == 0, path
            assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == (
                "auto"
            )
