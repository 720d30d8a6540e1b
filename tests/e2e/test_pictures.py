"""Pictures that do not come, in a real browser."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.servers.application import ROOT, running_application

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

    from tests.servers.application import Application

ELSEWHERE = "https://pictures.example.org"
PICTURES = {"/": ("hero__picture", "hero.svg"), "/stocks/AAPL": ("company", "companies/aapl.svg")}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """Return the application with two pictures, which a host that nobody reaches should give."""
    folder = tmp_path_factory.mktemp("pictures")
    images = folder / "images"
    (images / "companies").mkdir(parents=True)
    drawing = (ROOT / "static" / "images" / "hero.svg").read_bytes()
    for _, name in PICTURES.values():
        (images / name).write_bytes(drawing)
    with running_application(
        folder, image_folder=str(images), image_base_url=ELSEWHERE
    ) as application:
        yield application


@pytest.fixture
def cut_off(browser: Browser) -> Iterator[Page]:
    """Return a page that does not reach the host of pictures."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.route(f"{ELSEWHERE}/**", lambda route: route.abort())
    yield page
    context.close()


@pytest.mark.parametrize("path", PICTURES)
def test_pictures_come_from_the_site_where_their_host_is_silent(
    cut_off: Page, site: Application, path: str
) -> None:
    """A host of pictures that does not answer is made up for by the site itself."""
    part, name = PICTURES[path]
    cut_off.goto(site.url + path)
    picture = cut_off.locator(f"img.{part}")
    stem = name.removesuffix(".svg")
    expect(picture).to_have_attribute("src", re.compile(rf"^/images/{stem}\.\w+\.svg$"))
    expect(picture).to_have_js_property("complete", value=True)
    expect(picture).not_to_have_js_property("naturalWidth", 0)


def test_a_picture_that_nobody_has_leaves_no_gap(cut_off: Page, site: Application) -> None:
    """Without its picture the home page begins with its heading, and a company has its initials."""
    cut_off.route("**/images/**", lambda route: route.fulfill(status=404))
    cut_off.goto(site.url)
    expect(cut_off.get_by_role("heading", level=1)).to_be_visible()
    expect(cut_off.locator(".hero__picture")).to_have_count(0)
    cut_off.goto(f"{site.url}/stocks/AAPL")
    expect(cut_off.locator("img.company")).to_have_count(0)
    expect(cut_off.locator("svg.company")).to_be_visible()
