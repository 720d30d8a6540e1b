"""Take a picture of every page, wide and narrow, light and dark, into var/screenshots.

A server of its own shows the sample market, with a year of replayed predictions in its record and
one digest that was sent.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from playwright.sync_api import sync_playwright

from scripts.sample_site import running_site

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parent.parent
PICTURES = ROOT / "var" / "screenshots"
WIDTHS = (1440, 390)
SCHEMES: Final = ("light", "dark")
FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking")

PAGES: Final = {
    "home": "/",
    "stock": "/stocks/AAPL",
    "ranking": "/ranking",
    "record": "/track-record",
    "record-of-a-stock": "/track-record?symbol=AAPL",
    "digests": "/digests",
    "subscribe": "/subscribers",
    "invalid-link": "/subscribers/damaged/confirm",
    "method": "/method",
    "status": "/status",
    "search": "/search",
    "search-matches": "/search?q=bank",
    "search-no-match": "/search?q=qqqqzz",
    "api": "/api/docs",
    "admin": "/admin/images",
    "design": "/design",
    "not-found": "/nowhere",
    "invalid": "/ranking?symbols=AAPL",
}
"""Every page by the name of its pictures; the tests of accessibility visit the same."""
SENT: Final = {"digest": "/digests/2022-12-28"}
"""What is there only once a digest was sent, which the pictures' own server does first."""


def main() -> None:
    """Start the server, photograph it, stop it."""
    chromium = shutil.which("chromium")
    if chromium is None:
        sys.exit("There is no Chromium here; `make test` installs it.")
    with TemporaryDirectory() as folder, running_site(Path(folder)) as url:
        PICTURES.mkdir(parents=True, exist_ok=True)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
            for width in WIDTHS:
                for scheme in SCHEMES:
                    _photograph(browser, url, width, scheme)
            browser.close()


def show_chart(page: Page) -> None:
    """Go to the page's chart, if it has one, which is when it becomes interactive, and back."""
    chart = page.locator("price-chart")
    if chart.count():
        chart.scroll_into_view_if_needed()
        page.locator(".history--ready").wait_for()
        page.evaluate("scrollTo(0, 0)")


def _photograph(browser: Browser, url: str, width: int, scheme: str) -> None:
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    page = context.new_page()
    for name, path in (PAGES | SENT).items():
        page.goto(url + path, wait_until="networkidle")
        show_chart(page)
        picture = PICTURES / f"{name}-{width}-{scheme}.png"
        page.screenshot(path=picture, full_page=True)
        print(picture.relative_to(ROOT))
    context.close()


if __name__ == "__main__":
    main()
