"""The digest as mail programs show it, in wide windows and on phones."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from oracle.adapters.mail.renderer import MAIL_TEMPLATES, TemplateMailRenderer
from oracle.digest.letter import write_letter
from tests.unit.digest.contents import LINKS, SYMBOLS, content, item

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from oracle.digest.content import DigestContent

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


FAINT = content(items=tuple(item(each, rise=0.05) for each in SYMBOLS))


@pytest.mark.parametrize("digest", [content(), FAINT], ids=["pick", "before costs"])
@pytest.mark.parametrize("width", [600, 360, 320])
def test_each_row_shows_its_range_at_every_width(
    browser: Browser, width: int, digest: DigestContent
) -> None:
    """A prediction is nothing without its range: it stands in each row, once."""
    letter = write_letter(digest, LINKS)
    html = TemplateMailRenderer(MAIL_TEMPLATES).render("digest", letter).html
    context = browser.new_context(viewport={"width": width, "height": 900})
    page = context.new_page()
    page.set_content(html)
    rows = page.locator("tr:has(> td > a.stock)").all()
    seen = [re.sub(r"\s+", " ", row.inner_text()) for row in rows]
    figures = [row for row in letter.rows if not row.note]
    assert len(seen) == len(letter.rows)
    assert figures
    for row in figures:
        line = next(each for each in seen if row.symbol in each)
        assert (line.count(row.lower), line.count(row.upper)) == (1, 1)
    assert page.evaluate(OVERFLOW) <= 0
    context.close()
