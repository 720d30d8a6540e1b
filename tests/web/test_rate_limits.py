"""Rate limits: every route has one or is exempt on purpose, and they count whom they should."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

import pytest
from quart_rate_limiter import (
    QUART_RATE_LIMITER_EXEMPT_ATTRIBUTE,
    QUART_RATE_LIMITER_LIMITS_ATTRIBUTE,
)

from oracle.web.rate_limits import DOCUMENTS, BoundedStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import tzinfo

    from quart import Quart
    from quart.typing import TestClientProtocol

EXEMPT = {
    *("/healthz/live", "/healthz/ready", "/favicon.ico", "/robots.txt"),
    *("/static/<path:name>", "/images/<path:text>"),
}
ALLOWED = DOCUMENTS[0].count


@pytest.fixture(autouse=True)
def one_instant(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the limiter's clock stand, so that a slow machine does not earn new requests."""
    instant = datetime.now(UTC) + timedelta(hours=1)

    class StandingClock(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Self:
            return cls.fromtimestamp(instant.timestamp(), tz)

    monkeypatch.setattr("quart_rate_limiter.datetime", StandingClock)


def test_every_route_has_a_limit_or_is_exempt_on_purpose(app: Quart) -> None:
    """A new route without a limit fails here until somebody has decided."""
    exempt = set()
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        if getattr(view, QUART_RATE_LIMITER_EXEMPT_ATTRIBUTE, False):
            exempt.add(rule.rule)
        else:
            assert getattr(view, QUART_RATE_LIMITER_LIMITS_ATTRIBUTE, []), rule.rule
    assert exempt == EXEMPT


async def ask(client: TestClientProtocol, forwarded: str) -> int:
    """Return the status of one request that came through a balancer from that address."""
    response = await client.get("/openapi.json", headers={"X-Forwarded-For": forwarded})
    return response.status_code


async def test_too_many_requests_are_told_when_to_come_back(client: TestClientProtocol) -> None:
    """Beyond the limit there is 429 with Retry-After, in the site's design, page and JSON."""
    for _ in range(ALLOWED):
        assert (await client.get("/api/docs")).status_code == 200
    refused = await client.get("/api/docs")
    assert refused.status_code == 429
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    page = await refused.get_data(as_text=True)
    assert "Too many requests" in page
    seconds = refused.headers["Retry-After"]
    assert f"Try again in {seconds} second" in page
    assert "Retry-After" not in page
    assert (await client.get("/openapi.json")).status_code == 200


async def test_clients_behind_the_balancer_are_counted_apart(
    build_app: Callable[..., Quart],
) -> None:
    """With one trusted proxy its last entry counts, whatever the client claims before it."""
    client = build_app(trusted_proxies=1).test_client()
    for number in range(ALLOWED):
        assert await ask(client, f"10.0.0.{number}, 203.0.113.1") == 200
    assert await ask(client, "10.9.9.9, 203.0.113.1") == 429
    assert await ask(client, "203.0.113.2") == 200


async def test_a_claimed_address_counts_for_nothing_without_a_proxy(
    client: TestClientProtocol,
) -> None:
    """Without trusted proxies the header cannot buy more requests."""
    for number in range(ALLOWED):
        assert await ask(client, f"203.0.113.{number}") == 200
    assert await ask(client, "198.51.100.1") == 429


async def test_health_is_never_limited(client: TestClientProtocol) -> None:
    """A balancer may ask as often as it likes."""
    statuses = {(await client.get("/healthz/live")).status_code for _ in range(ALLOWED * 3)}
    assert statuses == {200}


async def test_the_store_keeps_only_so_many_clients() -> None:
    """A flood of addresses pushes out the oldest and takes no more memory."""
    store = BoundedStore(limit=3)
    later = datetime.now(UTC) + timedelta(hours=1)
    for number in range(10):
        await store.set(f"client-{number}", later)
    assert len(store) == 3
    assert await store.get("client-9", datetime.min.replace(tzinfo=UTC)) == later


async def test_the_store_forgets_what_is_past() -> None:
    """A client whose time has come costs nothing any more."""
    store = BoundedStore()
    now = datetime.now(UTC)
    await store.set("old", now - timedelta(seconds=1))
    await store.set("new", now + timedelta(hours=1))
    assert len(store) == 1
