"""What has to look right: placeholders, the phone's header, past predictions, times."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.servers.application import Application

WIDTHS = (1440, 390)
HEIGHT = """([part, last]) => {
    const top = document.querySelector(part).getBoundingClientRect().top;
    return document.querySelector(last).getBoundingClientRect().bottom - top;
}"""
OVERFLOWING = """table => [...table.querySelectorAll("tbody tr > *")]
    .filter(cell => cell.clientWidth > 1 && cell.scrollWidth > cell.clientWidth)
    .map(cell => cell.innerText)"""
PLACEHOLDERS = (
    ("Ranking: loading", "--table", "/ranking", "#ranking", "#ranking .ranking"),
    ("Stock: loading", "--chart", "/stocks/AAPL", "#report", ".card:has(price-chart)"),
)


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(("state", "last", "path", "region", "end"), PLACEHOLDERS)
def test_a_placeholder_is_as_high_as_what_takes_its_place(
    browser: Browser,
    site: Application,
    *,
    width: int,
    state: str,
    last: str,
    path: str,
    region: str,
    end: str,
) -> None:
    """What is below does not jump when the answer arrives, on a desk or a phone."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{site.url}/design")
    waiting = f"[aria-label='{state}'] .region"
    expected = page.evaluate(HEIGHT, [waiting, f"{waiting} .skeleton{last}"])
    page.goto(site.url + path, wait_until="networkidle")
    found = page.evaluate(HEIGHT, [region, end])
    context.close()
    assert expected == pytest.approx(found, rel=0.06)


def test_the_method_reads_from_the_left(page: Page, site: Application) -> None:
    """The four steps are text to read, with the padding of any other card."""
    page.goto(f"{site.url}/method")
    steps = page.locator(".steps > .card").all()
    assert len(steps) == 4
    other = page.locator(".prose > .card").first
    for step in steps:
        expect(step).to_have_css("text-align", "start")
        expect(step).to_have_css(
            "padding", other.evaluate("card => getComputedStyle(card).padding")
        )


@pytest.mark.parametrize("path", ["/", "/ranking", "/stocks/AAPL"])
def test_the_header_takes_two_rows_on_a_phone(
    browser: Browser, site: Application, path: str
) -> None:
    """Name and search are in one row, pages and market in the other, with the next opening."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(site.url + path)
    header = page.locator(".top").bounding_box()
    assert header is not None
    assert header["height"] < 110
    expect(page.locator("#market")).to_contain_text("After hours", use_inner_text=True)
    expect(page.locator("#market")).to_contain_text("Opens Thu 09:30 ET", use_inner_text=True)
    links = page.get_by_role("navigation", name="Main").get_by_role("link").all()
    boxes = [link.bounding_box() for link in links]
    assert len({box["y"] for box in boxes if box}) == 1
    assert all(box and box["height"] >= 40 for box in boxes)
    context.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_each_figure_of_the_archive_keeps_to_its_place(
    browser: Browser, site: Application, width: int
) -> None:
    """The list of digests and each digest, settled or not, stay readable on a desk and a phone."""
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.goto(f"{site.url}/design")
    tables = page.locator("[aria-label^='Digest'] table").all()
    assert len(tables) >= 3
    assert [table.evaluate(OVERFLOWING) for table in tables] == [[]] * len(tables)
    context.close()


def test_a_crowded_chart_shows_past_predictions_below_its_line(
    page: Page, site: Application
) -> None:
    """With half a year in sight marks stand on the line, with a year in a strip below it."""
    page.goto(f"{site.url}/stocks/AAPL")
    expect(page.locator(".history--ready")).to_have_count(1)
    expect(page.locator(".history--roomy")).to_have_count(1)
    page.get_by_role("button", name="1Y, one year").click()
    expect(page.locator(".history--roomy")).to_have_count(0)
    page.get_by_role("button", name="1M, one month").click()
    expect(page.locator(".history--roomy")).to_have_count(1)


@pytest.mark.parametrize(("width", "on_the_line"), [(1440, True), (390, False)])
def test_the_picture_marks_past_predictions_where_they_fit(
    browser: Browser, replayed_site: Application, *, width: int, on_the_line: bool
) -> None:
    """Without JavaScript marks stand on the line on a desk, in a strip on a phone, key included."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=False
    )
    page = context.new_page()
    page.goto(f"{replayed_site.url}/stocks/AAPL")
    parts = {".chart__dots": on_the_line, ".mark--hit": on_the_line}
    parts |= {".chart__hits": not on_the_line, ".mark--short": not on_the_line}
    for part, is_shown in parts.items():
        expect(page.locator(part)).to_have_css("display", "inline" if is_shown else "none")
    context.close()


@pytest.mark.parametrize(
    ("zone", "text"),
    [
        ("Asia/Tokyo", "Wed 28 Dec 2022, 16:00 ET (Thu 29 Dec, 06:00 your time)"),
        ("Europe/Berlin", "Wed 28 Dec 2022, 16:00 ET (22:00 your time)"),
        ("America/Toronto", "Wed 28 Dec 2022, 16:00 ET"),
    ],
)
def test_a_time_tells_the_visitors_own(
    browser: Browser, site: Application, zone: str, text: str
) -> None:
    """Where clocks differ from the exchange's the visitor's own time stands beside it, once."""
    context = browser.new_context(timezone_id=zone)
    page = context.new_page()
    page.goto(f"{site.url}/stocks/AAPL")
    moment = page.locator("#price time[title]")
    expect(moment).to_have_text(text)
    page.evaluate("document.dispatchEvent(new CustomEvent('htmx:after:swap'))")
    expect(moment).to_have_text(text)
    expect(moment).to_have_attribute("title", "Wed 28 Dec 2022, 21:00 UTC")
    context.close()
