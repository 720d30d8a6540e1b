"""How heavy pages are, as they are really sent."""

from __future__ import annotations

import gzip
import re
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, NamedTuple

import pytest

from scripts.take_screenshots import PAGES
from tests.servers.application import running_application

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.servers.application import Application

KB = 1000
LARGEST_PAGE = 60 * KB
LARGEST_OWN_FILES = 60 * KB
LARGEST_VISIT = 250 * KB
FILES = re.compile(r'(?:src|href)="(/(?:static|images)/[^"]+)"')
MADE_UP = "/design"
"""The page of every state at once, which production has not."""


class Answer(NamedTuple):
    """What came over the wire, and what it is once it is unpacked."""

    sent: int
    text: bytes
    encoding: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Application]:
    """Return the application on the sample market."""
    with running_application(tmp_path_factory.mktemp("weight")) as application:
        application.wait_for_event("fit_frozen")
        assert application.status("/ranking") == 200
        yield application


def fetch(site: Application, path: str) -> Answer:
    """Return the answer to a browser that takes compressed text."""
    request = urllib.request.Request(  # noqa: S310 - own http address
        site.url + path.replace("&amp;", "&"), headers={"Accept-Encoding": "gzip, br"}
    )
    try:
        answer = urllib.request.urlopen(request, timeout=20)  # noqa: S310
    except urllib.error.HTTPError as error:
        answer = error  # Pages of errors are pages.
    with answer:
        body: bytes = answer.read()
        encoding: str = answer.headers.get("Content-Encoding", "")
    text = gzip.decompress(body) if encoding == "gzip" else body
    return Answer(len(body), text, encoding)


@pytest.mark.parametrize("path", [path for path in PAGES.values() if path != MADE_UP])
def test_a_page_and_a_first_visit_are_light(site: Application, path: str) -> None:
    """The page's HTML stays below 60 kB unpacked, and all that a first visit loads below 250 kB."""
    page = fetch(site, path)
    assert page.encoding == "gzip"
    assert len(page.text) < LARGEST_PAGE
    files = {name: fetch(site, name) for name in set(FILES.findall(page.text.decode()))}
    assert files
    for name, answer in files.items():
        is_text = answer.text[:4] != b"\x89PNG"
        assert (answer.encoding == "gzip") is (is_text and len(answer.text) > KB), name
    assert page.sent + sum(answer.sent for answer in files.values()) < LARGEST_VISIT


def test_our_own_style_and_scripts_are_small(site: Application) -> None:
    """All that was written here, on all pages together, stays below 60 kB as browsers read it."""
    names = {
        name
        for path in PAGES.values()
        for name in FILES.findall(fetch(site, path).text.decode())
        if re.search(r"\.(css|js)\?", name) and "/vendor/" not in name
    }
    assert len(names) >= 3
    assert sum(len(fetch(site, name).text) for name in names) < LARGEST_OWN_FILES
