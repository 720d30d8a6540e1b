"""A real browser, and the application as a user starts it."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from scripts.sample_site import NOBODYS_HASH
from tests.servers.application import run_oracle, running_application

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, ConsoleMessage, Page

    from tests.servers.application import Application

FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """Return the application on the sample market, with a database of its own."""
    with running_application(
        tmp_path_factory.mktemp("site"), admin_password_hash=NOBODYS_HASH
    ) as application:
        yield application


@pytest.fixture(scope="session")
def replayed_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """Return the application on the sample market, with a record of thirty replayed sessions."""
    folder = tmp_path_factory.mktemp("replayed")
    assert run_oracle(folder, "replay", "--sessions", "30").returncode == 0
    with running_application(folder) as application:
        yield application


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Return the machine's Chromium.

    For one module only: while it is open an event loop runs in this thread, which the asynchronous
    tests that the same process runs afterwards could not bear.
    """
    chromium = shutil.which("chromium")
    assert chromium, "There is no Chromium here; `make test` installs it."
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield launched
        launched.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Return a page that fails the test when its scripts fail or are refused."""
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error":
            complaints.append(f"{message.text} {message.location['url']}")

    opened.on("console", hear)
    yield opened
    context.close()
    assert complaints == []
