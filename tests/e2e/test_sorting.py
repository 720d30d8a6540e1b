"""Sorting the ranking in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.servers.application import Application


def test_columns_are_sorted_by_their_heads(page: Page, site: Application) -> None:
    """A head sorts figures from the highest, names from A, and says which way; again turns it."""
    page.goto(f"{site.url}/ranking")
    table = page.get_by_role("table").first
    head = table.locator("th", has_text="Last close")
    expect(table.locator("th[aria-sort]")).to_have_text("#")
    prices = table.locator(".ranking__price").filter(has_text="$")

    def shown() -> list[float]:
        return [float(text.split("$")[1].replace(",", "")) for text in prices.all_inner_texts()]

    page.get_by_role("button", name="Last close").press("Enter")
    expect(head).to_have_attribute("aria-sort", "descending")
    expect(table.locator("th[aria-sort]")).to_have_count(1)
    assert shown() == sorted(shown(), reverse=True)
    page.get_by_role("button", name="Last close").click()
    expect(head).to_have_attribute("aria-sort", "ascending")
    assert shown() == sorted(shown())
    page.get_by_role("button", name="Company").click()
    names = table.locator(".ranking__name a").all_inner_texts()
    assert names == sorted(names, key=str.casefold)
    expect(table.locator("tbody tr")).to_have_count(10)


def test_a_phone_sorts_by_a_choice(browser: Browser, site: Application) -> None:
    """Where the heads are not seen a choice sorts; without JavaScript it is not offered."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{site.url}/ranking")
    choice = page.get_by_label("Sort by")
    choice.select_option("Change, lowest first")
    shown = [
        float(text.partition("\N{NARROW NO-BREAK SPACE}")[0].split()[-1].replace("\u2212", "-"))
        for text in page.locator(".ranking__change .change").all_inner_texts()
    ]
    assert len(shown) == 10
    assert shown == sorted(shown)
    choice.select_option("Company")
    names = page.locator(".ranking__name a").all_inner_texts()
    assert names == sorted(names, key=str.casefold)
    page.set_viewport_size({"width": 1200, "height": 844})
    expect(choice).to_be_hidden()
    context.close()
    still = browser.new_context(viewport={"width": 390, "height": 844}, java_script_enabled=False)
    page = still.new_page()
    page.goto(f"{site.url}/ranking")
    expect(page.get_by_label("Sort by")).to_be_hidden()
    still.close()


def test_heads_tell_that_they_sort(page: Page, site: Application) -> None:
    """Every head that sorts has a mark: the active one its direction, the others that they can."""
    page.goto(f"{site.url}/ranking")
    mark = (
        "head => getComputedStyle(head, head.matches('.number') ? '::before' : '::after').content"
    )
    heads = page.locator("th[data-sort]").all()
    marks = [head.evaluate(mark)[1] for head in heads]
    assert marks == ["▲", *["⇅"] * (len(heads) - 1)]


def test_nothing_unseen_takes_the_focus_on_a_phone(browser: Browser, site: Application) -> None:
    """Where the heads are not seen there are no buttons in them; wider windows get them."""
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{site.url}/ranking")
    expect(page.get_by_role("table").first.locator("tbody tr")).to_have_count(10)
    expect(page.locator("button.sort")).to_have_count(0)
    page.set_viewport_size({"width": 1200, "height": 844})
    expect(page.locator("button.sort")).to_have_count(6)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("button.sort")).to_have_count(0)
    context.close()
