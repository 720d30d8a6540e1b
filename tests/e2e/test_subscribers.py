"""From the sign-up to leaving, in a real browser, with the mail that the folder mailer keeps."""

from __future__ import annotations

import email
import email.policy
import re
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

import pytest
from playwright.sync_api import expect

from tests.e2e.axe import find_violations
from tests.servers.application import running_application

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.servers.application import Application

MAIL_SECONDS = 20.0
OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


@pytest.fixture(scope="module")
def mail_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the mails go."""
    return tmp_path_factory.mktemp("mail")


@pytest.fixture(scope="module")
def mailing_site(
    tmp_path_factory: pytest.TempPathFactory, mail_folder: Path
) -> Iterator[Application]:
    """Return an application of its own whose mails can be read."""
    folder = tmp_path_factory.mktemp("subscribers")
    with running_application(folder, mail_folder=str(mail_folder)) as application:
        yield application


def wait_for_mail(folder: Path, recipient: str) -> EmailMessage:
    """Return the newest mail to that address, once there is one."""
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        for path in sorted(folder.rglob("*.eml"), reverse=True):
            mail = email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
            if mail["To"] == recipient:
                return mail
        time.sleep(0.05)
    raise AssertionError(f"no mail to {recipient} in {folder}")


def link_in(mail: EmailMessage, purpose: str) -> str:
    """Return the mail's link for that purpose, as the text part has it."""
    part = mail.get_body(("plain",))
    assert part is not None
    found = re.search(rf"http\S+/subscribers/\S+/{purpose}", part.get_content())
    assert found is not None
    return found.group()


def ask(page: Page, site: Application, address: str, where: str = "/") -> None:
    """Sign up with the box on that page."""
    page.goto(site.url + where)
    page.get_by_label("Your e-mail address").fill(address)
    page.get_by_role("button", name="Sign up").click()
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_visible()


@contextmanager
def opened(browser: Browser, **options: Any) -> Iterator[Page]:
    """Yield a page of a context with these options."""
    context = browser.new_context(**options)
    yield context.new_page()
    context.close()


def test_from_sign_up_to_leaving(page: Page, mailing_site: Application, mail_folder: Path) -> None:
    """A visitor signs up beside a stock, confirms by the mail, chooses stocks, and leaves."""
    ask(page, mailing_site, "whole@example.org", "/stocks/KO")
    expect(page).to_have_url(f"{mailing_site.url}/stocks/KO")
    expect(page.get_by_role("heading", name="Look into your mail")).to_be_focused()
    page.goto(link_in(wait_for_mail(mail_folder, "whole@example.org"), "confirm"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Confirm your subscription")
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are subscribed")
    page.get_by_role("link", name="Choose your stocks").click()
    page.get_by_label("Your own stocks").fill("XOM, coca-cola")
    page.get_by_role("button", name="Save").click()
    listed = page.get_by_role("listitem").filter(has_text="yours")
    expect(listed).to_have_count(2)
    expect(listed.first).to_contain_text("XOM")
    page.get_by_role("link", name="Leave the digest").click()
    page.get_by_role("button", name="Unsubscribe").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    page.reload()
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")
    log = mailing_site.log.read_text()
    assert "whole@example.org" not in log


def test_keyboard_alone_is_enough(page: Page, mailing_site: Application, mail_folder: Path) -> None:
    """Signing up, confirming, pausing and leaving need no pointer."""
    page.goto(f"{mailing_site.url}/subscribers")
    page.get_by_label("Your e-mail address").focus()
    page.keyboard.type("keys@example.org")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Look into your mail").last).to_be_focused()
    page.goto(link_in(wait_for_mail(mail_folder, "keys@example.org"), "confirm"))

    def press_until(name: str) -> None:
        for _ in range(40):
            page.keyboard.press("Tab")
            focused = page.evaluate("document.activeElement.textContent.trim()")
            if focused == name:
                return
        raise AssertionError(f"Tab never reached {name}")

    press_until("Confirm")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are subscribed")
    press_until("Choose your stocks")
    page.keyboard.press("Enter")
    page.get_by_label("Pause the digest").focus()
    page.keyboard.press("Space")
    press_until("Save")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("pauses until you resume")
    expect(page.get_by_label("Pause the digest")).to_be_checked()
    press_until("Leave the digest")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Leave the digest?")
    press_until("Unsubscribe")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("You are unsubscribed")


def test_signing_up_works_without_javascript(
    browser: Browser, mailing_site: Application, mail_folder: Path
) -> None:
    """The form leads to a page with the same words, and a mistyped address comes back."""
    with opened(browser, java_script_enabled=False) as page:
        page.goto(mailing_site.url)
        page.get_by_label("Your e-mail address").fill("nobody@x")
        page.get_by_role("button", name="Sign up").click()
        expect(page.get_by_label("Your e-mail address")).to_have_value("nobody@x")
        expect(page.get_by_role("alert")).to_be_visible()
        ask(page, mailing_site, "plain@example.org")
        assert link_in(wait_for_mail(mail_folder, "plain@example.org"), "confirm")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_axe_finds_nothing_and_nothing_is_too_wide(
    browser: Browser,
    mailing_site: Application,
    mail_folder: Path,
    width: int,
    scheme: Literal["light", "dark"],
) -> None:
    """Every page behind a link, and every state of the box, passes WCAG 2.2 AA on any screen."""
    address = f"axe-{width}-{scheme}@example.org"
    size = {"width": width, "height": 900}
    with opened(browser, viewport=size, color_scheme=scheme, reduced_motion="reduce") as page:

        def check() -> None:
            assert find_violations(page) == [], page.title()
            assert page.evaluate(OVERFLOW) <= 0, page.title()

        page.goto(f"{mailing_site.url}/subscribers")
        check()
        page.get_by_label("Your e-mail address").fill("nobody@x")
        page.get_by_role("button", name="Sign up").click()
        expect(page.get_by_role("alert")).to_be_visible()
        check()
        ask(page, mailing_site, address, "/subscribers")
        check()
        page.goto(link_in(wait_for_mail(mail_folder, address), "confirm"))
        check()
        page.get_by_role("button", name="Confirm").click()
        expect(page.get_by_role("heading", name="You are subscribed")).to_be_visible()
        check()
        page.get_by_role("link", name="Choose your stocks").click()
        expect(page.get_by_role("heading", name="Your digest", exact=True)).to_be_visible()
        check()
        page.get_by_label("Your own stocks").fill("KO, exxonmobl")
        page.get_by_label("Pause the digest").check()
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("alert")).to_contain_text("XOM")
        check()
        page.get_by_label("Your own stocks").fill("KO")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("Saved.")
        check()
        page.get_by_role("link", name="Leave the digest").click()
        expect(page.get_by_role("heading", name="Leave the digest?")).to_be_visible()
        check()
        page.get_by_role("button", name="Unsubscribe").click()
        expect(page.get_by_role("heading", name="You are unsubscribed")).to_be_visible()
        check()
        page.goto(f"{mailing_site.url}/subscribers/damaged/confirm")
        check()
