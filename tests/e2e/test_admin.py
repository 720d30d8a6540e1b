"""The admin adds a picture in a real browser, without a script, and the site shows it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from oracle.domain.images import fingerprint_of
from oracle.services.admin_access import hash_password
from tests.e2e.axe import find_violations
from tests.servers.application import running_application
from tests.standins.pictures import draw_picture

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.servers.application import Application

PASSWORD = "correct horse battery"
PICTURE = draw_picture("webp", (96, 96))
KEY = f"companies/aapl.{fingerprint_of(PICTURE)}.webp"
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site's pictures, empty at first."""
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture(scope="module")
def site(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """The application with an admin and a folder of its own."""
    with running_application(
        tmp_path_factory.mktemp("admin"),
        admin_password_hash=hash_password(PASSWORD),
        image_folder=str(folder),
        image_max_bytes="20000",
    ) as application:
        yield application


@pytest.fixture(scope="module")
def session(browser: Browser, site: Application) -> str:
    """The cookie of one session for all tests: how often one may sign in is limited."""
    context = browser.new_context()
    sign_in(context.new_page(), site)
    (cookie,) = context.cookies()
    assert cookie.get("httpOnly")
    assert cookie.get("sameSite") == "Strict"
    context.close()
    return cookie.get("value", "")


def sign_in(page: Page, site: Application) -> None:
    """Begin a session."""
    page.goto(f"{site.url}/admin/images")
    page.locator("input[type=password]").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Pictures", exact=True)).to_be_visible()


def add(page: Page, content: bytes, name: str = "") -> None:
    """Send the form."""
    file = {"name": "My picture.webp", "mimeType": "image/webp", "buffer": content}
    page.get_by_label("Picture", exact=True).set_input_files(file)  # type: ignore[arg-type]
    page.get_by_label("Name, if the site is to show it").fill(name)
    page.get_by_role("button", name="Add").click()


def test_a_picture_is_added_without_a_script(browser: Browser, site: Application) -> None:
    """From the wrong password to the company's page, and out again; each state passes axe."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site.url}/admin/images")
    page.locator("input[type=password]").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("That is not the password.")
    sign_in(page, site)
    expect(page.get_by_text("There is no picture yet.")).to_be_visible()
    add(page, b"no picture at all")
    expect(page.get_by_role("alert")).to_contain_text("no picture that can be read")
    add(page, b"x" * 60_000)
    expect(page.get_by_role("alert")).to_contain_text("A picture may have at most 0.02 MB.")
    add(page, PICTURE, "companies/aapl")
    expect(page.get_by_role("status")).to_contain_text(f"Added: {KEY}")
    add(page, PICTURE, "companies/aapl")
    expect(page.get_by_role("status")).to_contain_text("This picture was there already")
    page.goto(f"{site.url}/stocks/AAPL")
    expect(page.locator("img.company")).to_have_attribute("src", f"/images/{KEY}")
    page.goto(f"{site.url}/admin/images")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390, 320])
def test_the_pictures_pass_axe(
    browser: Browser, site: Application, session: str, folder: Path, width: int, scheme: str
) -> None:
    """The list, an error and the form break no rule, and fit every window."""
    (folder / "uploads").mkdir(exist_ok=True)
    for number in range(26):
        name = "a-rather-long-name-of-a-picture" if number == 0 else "picture"
        (folder / "uploads" / f"{name}-{number:02}.webp").write_bytes(PICTURE)
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        color_scheme="dark" if scheme == "dark" else "light",
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": "oracle-admin", "value": session, "url": site.url}])
    page = context.new_page()
    page.goto(f"{site.url}/admin/images", wait_until="networkidle")
    assert find_violations(page) == []
    assert page.evaluate(OVERFLOW) <= 0
    page.get_by_role("link", name="Next pictures").click()
    expect(page).to_have_url(re.compile("after="))
    add(page, b"no picture")
    expect(page.get_by_role("alert")).to_be_visible()
    assert find_violations(page) == []
    assert page.evaluate(OVERFLOW) <= 0
    context.close()
