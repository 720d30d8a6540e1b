"""What search engines and other sites are told of the pages."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from oracle.settings import load_settings
from tests.web.conftest import BASE_URL

if TYPE_CHECKING:
    from quart import Quart
    from quart.typing import TestClientProtocol


async def test_the_sitemap_lists_pages_that_exist(client: TestClientProtocol) -> None:
    """Pages and stocks have their public addresses; what is for programs or developers has none."""
    response = await client.get("/sitemap.xml")
    assert response.content_type == "application/xml; charset=utf-8"
    text = await response.get_data(as_text=True)
    paths = [each.removeprefix(BASE_URL) for each in re.findall(r"<loc>([^<]+)</loc>", text)]
    assert {"/", "/ranking", "/track-record", "/method", "/stocks/AAPL"} <= set(paths)
    assert len(paths) == len(set(paths))
    stocks = [path for path in paths if path.startswith("/stocks/")]
    assert len(stocks) == len(load_settings().pool)
    for path in paths:
        assert not path.startswith(("/design", "/api", "/search", "/images", "/static"))
        if path not in stocks:
            assert (await client.get(path)).status_code == 200


async def test_robots_are_told_where_not_to_go(client: TestClientProtocol) -> None:
    """Searches, streams, the JSON interface and the design page are left alone."""
    text = await (await client.get("/robots.txt")).get_data(as_text=True)
    for path in ("/api/", "/search", "/design", "/*/events"):
        assert f"Disallow: {path}\n" in text
    assert f"Sitemap: {BASE_URL}/sitemap.xml\n" in text


async def test_a_link_to_a_page_has_a_preview(client: TestClientProtocol) -> None:
    """Title, description, address and an absolute picture that is a real PNG stand in the page."""
    page = await (await client.get("/stocks/AAPL")).get_data(as_text=True)
    said = dict(re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)"', page))
    assert "Apple Inc. (AAPL)" in said["og:title"]
    assert said["og:description"] == said["description"]
    assert said["og:url"] == f"{BASE_URL}/stocks/AAPL"
    assert f'<link rel="canonical" href="{BASE_URL}/stocks/AAPL">' in page
    spaced = said["description"].replace("\N{NARROW NO-BREAK SPACE}", " ")
    assert re.fullmatch(
        r"AAPL: \$[\d.]+ predicted for Thu 29 Dec, 80 % range \$[\d.]+ to \$[\d.]+\.", spaced
    )
    assert said["twitter:card"] == "summary_large_image"
    assert said["og:image"].startswith(f"{BASE_URL}/static/social.png?v=")
    picture = await client.get(said["og:image"].removeprefix(BASE_URL))
    content = await picture.get_data(as_text=False)
    assert content.startswith(b"\x89PNG")
    assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (1200, 630)
    assert "immutable" in picture.headers["Cache-Control"]


async def test_the_manifest_names_icons_that_exist(client: TestClientProtocol) -> None:
    """A phone that keeps the site on its screen finds name and icons."""
    page = await (await client.get("/")).get_data(as_text=True)
    address = page.partition('<link rel="manifest" href="')[2].partition('"')[0]
    response = await client.get(address)
    assert response.content_type == "application/manifest+json"
    manifest = json.loads(await response.get_data())
    assert manifest["name"] == "Oracle"
    for icon in manifest["icons"]:
        answer = await client.get(icon["src"])
        assert answer.status_code == 200
        assert answer.content_type == icon["type"]


async def test_the_icon_that_is_guessed_is_there(app: Quart) -> None:
    """Browsers that ask without being told get the icon as well."""
    response = await app.test_client().get("/favicon.ico")
    assert response.content_type == "image/svg+xml"
