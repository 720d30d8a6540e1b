"""What every request must be, and what every answer carries."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from quart import Quart, request
from quart_rate_limiter import rate_exempt
from werkzeug.datastructures import Headers

from oracle.domain.instruments import Source
from oracle.web.admission import HostAllowList
from oracle.web.client_address import client_key, forwarded_address
from tests.web import scenes
from tests.web.conftest import BASE_URL, PRODUCTION

if TYPE_CHECKING:
    from collections.abc import Callable

    from quart.typing import TestClientProtocol

    from tests.web.scenes import Scene

HOST = {"Host": "oracle.example"}


@pytest.fixture
def changing(build_app: Callable[..., Quart]) -> TestClientProtocol:
    """Return a client of an application that has a route which changes something."""
    app = build_app()

    @app.post("/change")
    @rate_exempt
    async def change() -> dict[str, Any]:
        return {"got": await request.get_json()}

    return app.test_client()


@pytest.mark.parametrize(
    "path", ["/", "/stocks/AAPL", "/nowhere", "/api/v1/stocks/NO", "/static/app.css"]
)
async def test_every_answer_carries_the_security_headers(
    client: TestClientProtocol, path: str
) -> None:
    """Pages, errors, JSON and files alike forbid inline code, sniffing and framing."""
    response = await client.get(path)
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Referrer-Policy"] == "strict-origin-when-cross-origin"
    assert response.headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Strict-Transport-Security" not in response.headers


async def test_production_insists_on_tls(build_app: Callable[..., Quart]) -> None:
    """Only production tells browsers to come by TLS for good."""
    response = await build_app(**PRODUCTION).test_client().get("/", headers=HOST)
    assert response.headers["Strict-Transport-Security"].startswith("max-age=31536000")


@pytest.mark.parametrize(
    "host",
    ["evil.example", "oracle.example.evil", "", "a b", "[::1", "ora\u00e7le", "x" * 300, "@"],
)
async def test_other_hosts_are_refused(client: TestClientProtocol, host: str) -> None:
    """A host name that is not this site's, or none at all, is refused in the site's own design."""
    scope = {"headers": [(b"host", host.encode("latin-1"))]}
    response = await client.get("/", scope_base=scope)
    assert response.status_code == 421
    page = await response.get_data(as_text=True)
    assert "That is not this site" in page
    assert "evil" not in page


async def test_forwarded_hosts_are_not_believed(client: TestClientProtocol) -> None:
    """A client cannot name the site's host by a header."""
    response = await client.get("/", headers={**HOST, "X-Forwarded-Host": "evil.example"})
    page = await response.get_data(as_text=True)
    assert response.status_code == 200
    assert "evil" not in page
    assert f'href="{BASE_URL}/"' in page


@pytest.mark.parametrize(
    ("header", "allowed"),
    [
        ("oracle.example", True),
        ("ORACLE.example:443", True),
        ("eu.oracle.test", True),
        ("a.eu.oracle.test", False),
        ("oracle.test", False),
        ("[::1]:8000", True),
        ("oracle.example:x", False),
    ],
)
def test_host_names_are_matched_whole(header: str, allowed: bool) -> None:  # noqa: FBT001
    """Names match in any case and with any port; a star stands for one level."""
    hosts = HostAllowList(("oracle.example", "*.oracle.test", "::1"))
    assert hosts.allows(header) is allowed


async def test_loopback_is_refused_in_production(build_app: Callable[..., Quart]) -> None:
    """Names of this machine are for development; health alone answers to any."""
    client = build_app(**PRODUCTION).test_client()
    assert (await client.get("/", headers={"Host": "127.0.0.1:8000"})).status_code == 421
    live = await client.get("/healthz/live", headers={"Host": "10.0.0.7:8000"})
    assert live.status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Origin": BASE_URL}, 403),
        ({"Origin": BASE_URL}, 200),
        ({"Origin": "http://oracle.example"}, 200),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "https://oracle.example:8443"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
async def test_other_sites_cannot_change_anything(
    changing: TestClientProtocol, headers: dict[str, str], status: int
) -> None:
    """An unsafe request is served only if no browser says that another site makes it."""
    response = await changing.post("/change", json={}, headers={**HOST, **headers})
    assert response.status_code == status


async def test_other_sites_may_link_here(client: TestClientProtocol) -> None:
    """Reading is allowed from everywhere: links must work."""
    response = await client.get("/", headers={"Sec-Fetch-Site": "cross-site"})
    assert response.status_code == 200


async def test_large_bodies_are_refused(changing: TestClientProtocol) -> None:
    """More than 64 KiB is refused when it is announced, and else as soon as it is read."""
    body = b"x" * (64 * 1024 + 1)
    kind = {**HOST, "Content-Type": "application/json"}
    unannounced = await changing.post("/change", data=body, headers=kind)
    assert unannounced.status_code == 413
    announced = await changing.get("/", headers={**HOST, "Content-Length": "65537"})
    assert announced.status_code == 413


async def test_endless_bodies_are_given_up(
    changing: TestClientProtocol, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body that stops arriving costs a client its request, not the server a place for ever."""
    monkeypatch.setitem(changing.app.config, "BODY_TIMEOUT", 0.05)
    headers = Headers({**HOST, "Content-Type": "application/json"})
    async with changing.request("/change", method="POST", headers=headers) as connection:
        await connection.send(b"[1,")
    response = await connection.as_response()
    assert response.status_code == 408


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[1,", b"nul"])
async def test_broken_json_is_the_clients_fault(changing: TestClientProtocol, body: bytes) -> None:
    """What is no JSON gives 400 and is not quoted."""
    headers = {**HOST, "Content-Type": "application/json"}
    response = await changing.post("/change", data=body, headers=headers)
    assert response.status_code == 400


@pytest.mark.parametrize(
    ("entries", "trusted", "address"),
    [
        (["203.0.113.9"], 1, "203.0.113.9"),
        (["6.6.6.6", " 203.0.113.9"], 1, "203.0.113.9"),
        (["6.6.6.6", "203.0.113.9", "10.0.0.1"], 2, "203.0.113.9"),
        (["203.0.113.9"], 2, None),
        (["garbage"], 1, None),
        ([""], 1, None),
        (["203.0.113.9:4711"], 1, "203.0.113.9"),
        (["[2001:db8::1]:4711"], 1, "2001:db8::1"),
    ],
)
def test_only_the_trusted_part_of_a_forwarded_chain_is_believed(
    entries: list[str], trusted: int, address: str | None
) -> None:
    """The entry that the outermost trusted proxy wrote counts; claims left of it do not."""
    assert forwarded_address(entries, trusted) == address


@pytest.mark.parametrize(
    ("client", "key"),
    [
        (("203.0.113.9", 1), "203.0.113.9"),
        (("2001:db8:1:2:3:4:5:6", 1), "2001:db8:1:2::/64"),
        (("::ffff:203.0.113.9", 1), "203.0.113.9"),
        (("<local>", 1), "unknown"),
        (None, "unknown"),
    ],
)
def test_clients_are_counted_by_address_or_network(
    client: tuple[str, int] | None, key: str
) -> None:
    """IPv4 counts by address; IPv6 by the network that one customer has."""
    assert client_key(client) == key


@pytest.mark.parametrize(
    ("offered", "kept"),
    [("test-0001", True), ("short", False), ("x" * 65, False), ("new\tline-001", False)],
)
async def test_request_ids_are_kept_if_harmless(
    client: TestClientProtocol,
    offered: str,
    kept: bool,  # noqa: FBT001
) -> None:
    """A sane id comes back; any other is replaced by a new one."""
    response = await client.get("/healthz/live", headers={"X-Request-ID": offered})
    assert (response.headers["X-Request-ID"] == offered) is kept
    assert len(response.headers["X-Request-ID"]) >= 8


async def test_no_page_carries_inline_code_or_foreign_addresses(
    client: TestClientProtocol, scene: Scene
) -> None:
    """The strict policy finds nothing to forbid: no style, handler or script stands in a page."""
    scene.status = scenes.market(Source.SAMPLE)
    for path in ("/", "/stocks/AAPL", "/ranking", "/search?q=appl", "/api/docs", "/nowhere"):
        page = await (await client.get(path)).get_data(as_text=True)
        assert " style=" not in page
        assert "<style" not in page
        assert " onclick" not in page
        assert "<script>" not in page
        assert "//cdn" not in page
